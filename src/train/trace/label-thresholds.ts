/**
 * The score from which on a text has a label, for each label by itself: where F1 is highest on the validation rows, run to the end.
 * Knows nothing of how scores were made.
 */
import type { Trace } from '../../evaluate/index.ts';
import { USUAL_THRESHOLD } from '../../pyramid/exits/answer-rule.ts';
import { exitLogits, temperatureAt, tempered } from '../../pyramid/exits/sum.ts';
import { problems } from '../../pyramid/problem.ts';

/** Rows with a label, and without it, that a threshold is chosen from; with fewer it stays the usual one. */
export const FEWEST_ROWS = 5;
/** As it is stored. */
const DIGITS = 4;

/** [C], of a trace whose texts may have any number of labels. */
export function chooseThresholds({ shape, floor: sum, temperatures, entries }: Trace): number[] {
  const scores = entries.map(({ logits, floor = null }) => {
    const exits = exitLogits(logits, floor, sum ?? null);
    const last = exits.layers.at(-1) ?? exits.floor!;
    return problems.multi_label_classification.activation(tempered(last, temperatureAt(temperatures, shape.layers)));
  });
  return Array.from({ length: shape.labels }, (_, c) =>
    bestThreshold(entries.map(({ target }, i) => ({ score: scores[i][c], has: target![c] === 1 }))),
  );
}

/**
 * Between two scores that follow each other, where F1 is highest; of equally good places the one nearest to 0.5, so that noise moves
 * it no further than it must.
 */
export function bestThreshold(rows: readonly { readonly score: number; readonly has: boolean }[]): number {
  const positives = rows.filter(({ has }) => has).length;
  if (positives < FEWEST_ROWS || rows.length - positives < FEWEST_ROWS) return USUAL_THRESHOLD;
  const falling = [...rows].sort((a, b) => b.score - a.score);
  let best = { f1: f1At(rows, positives, USUAL_THRESHOLD), threshold: USUAL_THRESHOLD };
  let right = 0;
  for (const [i, { score, has }] of falling.entries()) {
    if (has) right++;
    const next = falling[i + 1]?.score ?? 0;
    if (next === score) continue;
    const threshold = Number(((score + next) / 2).toFixed(DIGITS));
    // rounded, it must still lie between the two, and above 0 and below 1
    if (!(threshold > next && threshold <= score && threshold < 1)) continue;
    const f1 = (2 * right) / (i + 1 + positives);
    const nearer = Math.abs(threshold - USUAL_THRESHOLD) < Math.abs(best.threshold - USUAL_THRESHOLD);
    if (f1 > best.f1 || (f1 === best.f1 && nearer)) best = { f1, threshold };
  }
  return best.threshold;
}

function f1At(rows: Parameters<typeof bestThreshold>[0], positives: number, threshold: number): number {
  const answered = rows.filter(({ score }) => score >= threshold);
  return (2 * answered.filter(({ has }) => has).length) / (answered.length + positives);
}
