/**
 * The paper's figure 3 of a trained, pruning network: for a few of a task's texts, how much attention each token receives
 * in each layer, and where it is removed. The texts are chosen by a rule, so that nobody chooses the prettiest.
 */
import type { AttentionExample } from '../report/index.ts';
import type { Tokenizer } from '../text/index.ts';
import type { EncodedSet } from '../train/batch.ts';
import type { StageSettings } from '../train/stages/stage-steps.ts';
import type { ModelState } from '../train/state.ts';
import { Tracer } from '../train/trace/tracer.ts';

/** Tokens that a figure shows legibly. */
const SHORTEST = 12;
const LONGEST = 32;
const EXAMPLES = 2;

/** Of the first texts of a legible length, one a label; fewer where there are none. */
export async function attentionExamples(
  state: ModelState,
  set: EncodedSet,
  tokenizer: Tokenizer,
  { task, method, compile }: Pick<AttentionExample, 'task' | 'method'> & Pick<StageSettings, 'compile'>,
): Promise<AttentionExample[]> {
  const chosen = chooseTexts(set);
  if (chosen.length === 0 || state.thresholds === null) return [];
  const { thresholds } = state;
  const tracer = await Tracer.create(state, 'hard', compile);
  try {
    const scores = await tracer.importance({
      encodings: chosen.map((index) => set.encodings[index]),
      labels: chosen.map((index) => set.labels[index]),
      lengths: Int32Array.from(chosen, (index) => set.lengths[index]),
      truncated: 0,
    });
    return chosen.map((index, i) => {
      const tokens = Array.from(set.encodings[index].ids, (id) => tokenizer.piece(id) || `#${id}`);
      let entering = tokens.map((_, token) => token);
      const layers = scores[i].map((values, layer) => {
        const all = tokens.map((): number | null => null);
        entering.forEach((token, row) => {
          all[token] = values[row];
        });
        // ties stay, and [CLS] always does
        entering = entering.filter((token, row) => token === 0 || values[row] >= thresholds[layer]);
        const left = new Set(entering);
        return { scores: all, kept: tokens.map((_, token) => left.has(token)) };
      });
      return { task, method, tokens, layers };
    });
  } finally {
    await tracer.close();
  }
}

function chooseTexts({ lengths, labels }: EncodedSet): number[] {
  const chosen = new Map<number, number>();
  for (const [index, length] of lengths.entries()) {
    if (length < SHORTEST || length > LONGEST || chosen.has(labels[index])) continue;
    chosen.set(labels[index], index);
    if (chosen.size === EXAMPLES) break;
  }
  return [...chosen.values()];
}
