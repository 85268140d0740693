/**
 * How surely rows are answered right: −log of the score of the right label, or where labels do not exclude each other the mean over
 * them of −log of the score that they hold or not.
 */

/** What is right of rows: [n] their labels, or where a row may have any number of them [n, C] from 0 to 1, row by row. */
export type Truth = ArrayLike<number> | Several;

export interface Several {
  readonly shares: ArrayLike<number>;
}

export const isSeveral = (truth: Truth): truth is Several => 'shares' in truth;

/** −log softmax(s · z)[label] of row `i` of `logits` [n, C]. */
export function logLoss(logits: ArrayLike<number>, i: number, label: number, classes: number, s = 1): number {
  const at = i * classes;
  let largest = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < classes; c++) largest = Math.max(largest, s * logits[at + c]);
  let total = 0;
  for (let c = 0; c < classes; c++) total += Math.exp(s * logits[at + c] - largest);
  return Math.log(total) + largest - s * logits[at + label];
}

/** Mean over c of log(1 + e^{s z_c}) − t_c s z_c. */
function severalLoss(logits: ArrayLike<number>, i: number, { shares }: Several, classes: number, s: number): number {
  let sum = 0;
  for (let at = i * classes; at < (i + 1) * classes; at++) {
    const z = s * logits[at];
    sum += Math.log1p(Math.exp(-Math.abs(z))) + Math.max(z, 0) - shares[at] * z;
  }
  return sum / classes;
}

/** Of row `i`. */
export const rowLoss = (logits: ArrayLike<number>, i: number, truth: Truth, classes: number, s = 1): number =>
  isSeveral(truth) ? severalLoss(logits, i, truth, classes, s) : logLoss(logits, i, truth[i], classes, s);

export const rowsOf = (truth: Truth, classes: number): number =>
  isSeveral(truth) ? truth.shares.length / classes : truth.length;

export function meanLogLoss(logits: ArrayLike<number>, truth: Truth, classes: number, s = 1): number {
  const rows = rowsOf(truth, classes);
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += rowLoss(logits, i, truth, classes, s);
  return sum / rows;
}
