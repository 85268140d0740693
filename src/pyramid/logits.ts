/**
 * From logits to probabilities and to the answer. Plain functions on one row of logits; knows nothing of graphs.
 * Everything is taken from x − max x, so that no size of logit overflows.
 */

/** One row of logits, [C]. */
export type Logits = readonly number[] | Float32Array;

/** log p_i = z_i − log Σ e^{z_j}, with z = x − max x: [C] → [C]. −∞ where a logit is −∞. */
export function logSoftmax(logits: Logits): number[] {
  const largest = maximum(logits);
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += Math.exp(logits[i] - largest);
  if (!Number.isFinite(total)) throw notFinite(logits);
  const logTotal = Math.log(total);
  return Array.from(logits, (x) => x - largest - logTotal);
}

/** Probabilities that sum to 1: [C] → [C]. */
export function softmax(logits: Logits): number[] {
  return logSoftmax(logits).map(Math.exp);
}

/** The index of the largest logit, the first of equal ones. */
export function argmax(logits: Logits): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  return best;
}

/** Indices from the largest value to the smallest; of equal ones the first comes first. */
export const ranking = (values: readonly number[]): number[] =>
  values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b);

export function maximum(logits: Logits): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) if (logits[i] > largest) largest = logits[i];
  return largest;
}

/** A broken invariant: every network checks its logits before anybody reads them. */
export const notFinite = (logits: Logits): Error =>
  new Error(`internal: logits that are not finite: ${Array.from(logits).slice(0, 8).join(', ')}`);
