/** How surely rows are answered right: −log of the score of the right label. */

/** −log softmax(s · z)[label] of row `i` of `logits` [n, C]. */
export function logLoss(logits: ArrayLike<number>, i: number, label: number, classes: number, s = 1): number {
  const at = i * classes;
  let largest = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < classes; c++) largest = Math.max(largest, s * logits[at + c]);
  let total = 0;
  for (let c = 0; c < classes; c++) total += Math.exp(s * logits[at + c] - largest);
  return Math.log(total) + largest - s * logits[at + label];
}

export function meanLogLoss(logits: ArrayLike<number>, labels: ArrayLike<number>, classes: number, s = 1): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) sum += logLoss(logits, i, labels[i], classes, s);
  return sum / labels.length;
}
