/**
 * The network as a teacher: it answers texts without labels, run to the end and without floor 0 (else floor 0 would teach
 * itself). In chunks, so that a run that is stopped has those that are done.
 */
import { createHash } from 'node:crypto';
import { problems } from '../../pyramid/problem.ts';
import type { Compile } from '../../runtime/runtime.ts';
import type { Encoding, Tokenizer } from '../../text/index.ts';
import type { Answers, StoredAnswers } from '../checkpoint/stored-answers.ts';
import type { OnFloorEvent } from '../linear/index.ts';
import type { ModelState } from '../state.ts';
import { Tracer } from '../trace/tracer.ts';
import type { HeadTexts } from './head-texts.ts';
import type { Text } from './unlabelled-texts.ts';

export interface Answering {
  readonly tokenizer: Pick<Tokenizer, 'encode'>;
  readonly maxLength: number;
  readonly prunes: boolean;
  readonly compile: Compile;
  /** Where answers are kept between sittings; null: nowhere. */
  readonly stored: StoredAnswers | null;
  readonly onEvent?: OnFloorEvent;
  readonly signal?: AbortSignal;
  /** Takes what the exit heads read of the texts, in the same pass; left out, nothing does. */
  readonly heads?: HeadTexts;
}

const CHUNK = 2048;

/** The scores of z_L, [n, C]. Rejects with the signal's reason if that is aborted; whole chunks are kept. */
export async function answerTexts(state: ModelState, texts: readonly Text[], how: Answering): Promise<Float32Array> {
  const { tokenizer, maxLength, prunes, stored, onEvent, signal, heads } = how;
  const labels = state.config.labels.length;
  const { activation } = problems[state.config.problemType];
  const scores = new Float32Array(texts.length * labels);
  const network = stored && digestOf(state, { maxLength, prunes });
  const pass = new Pass(state, how);
  try {
    for (let chunk = 0; chunk * CHUNK < texts.length; chunk++) {
      const from = chunk * CHUNK;
      const some = texts.slice(from, from + CHUNK);
      const picked = heads?.shapeOf(from, some.length) ?? null;
      const shapes: Record<string, readonly number[]> = {
        logits: [some.length, labels],
        ...(picked && { [heads!.name]: picked }),
      };
      const key = network && createHash('sha256').update(network).update(JSON.stringify(some)).digest('hex');
      const encodings = some.map(({ text, pair }) => tokenizer.encode(text, pair, maxLength));
      let answers = (await stored?.get(chunk, key!, shapes)) ?? null;
      if (!answers) {
        let done = from;
        answers = await pass.over(encodings, from, (more) => {
          signal?.throwIfAborted();
          done += more;
          onEvent?.({ kind: 'floor', phase: 'answers', done, of: texts.length });
        });
        const tensors = Object.entries(answers).map(([name, data]) => [name, { shape: shapes[name], data }] as const);
        await stored?.set(chunk, key!, new Map(tensors));
      }
      const { logits } = answers;
      for (let i = 0; i < some.length; i++)
        scores.set(activation(Array.from(logits.subarray(i * labels, (i + 1) * labels))), (from + i) * labels);
      heads?.add(from, encodings, logits, picked && answers[heads.name]);
      onEvent?.({ kind: 'floor', phase: 'answers', done: from + some.length, of: texts.length });
    }
    return scores;
  } finally {
    await pass.close();
  }
}

/** The network over a chunk of texts: z_L, and what the exit heads read where that is asked for. Compiled when it is needed. */
class Pass {
  readonly #state: ModelState;
  readonly #how: Answering;
  #tracer: Tracer | null = null;

  constructor(state: ModelState, how: Answering) {
    this.#state = state;
    this.#how = how;
  }

  async over(encodings: readonly Encoding[], from: number, onProgress: (done: number) => void): Promise<Answers> {
    const { prunes, compile, heads, signal } = this.#how;
    signal?.throwIfAborted();
    this.#tracer ??= await Tracer.create(this.#state, prunes ? 'hard' : 'none', compile);
    const lengths = Int32Array.from(encodings, ({ ids }) => ids.length);
    const set = { encodings, lengths, labels: [], truncated: 0 };
    if (heads?.shapeOf(from, encodings.length)) {
      const inputs = await this.#tracer.headInputs(set, onProgress);
      return { logits: inputs.teacher, [heads.name]: heads.pick(from, encodings.length, inputs) };
    }
    const traced = await this.#tracer.trace(set, onProgress);
    return { logits: Float32Array.from(traced.flatMap(({ logits }) => logits.at(-1)!)) };
  }

  async close(): Promise<void> {
    await this.#tracer?.close();
  }
}

/** What the answers hang on beside the texts. */
function digestOf({ parameters, thresholds }: ModelState, settings: object): Uint8Array {
  const digest = createHash('sha256').update(JSON.stringify(settings));
  const add = ({ buffer, byteOffset, byteLength }: Float32Array) =>
    digest.update(new Uint8Array(buffer, byteOffset, byteLength));
  for (const { data } of parameters.values()) add(data);
  if (thresholds) add(thresholds);
  return digest.digest();
}
