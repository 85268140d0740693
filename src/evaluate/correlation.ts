/** Correlations of numbers and answers, −1 to 1; 0 where one of the two never changes. Knows nothing of models. */
import { standardised } from './quality.ts';

/** Of the numbers themselves. */
export function pearson(truth: readonly number[], predicted: readonly number[]): number {
  if (truth.length !== predicted.length || truth.length === 0)
    throw new Error(`internal: ${truth.length} numbers and ${predicted.length} answers`);
  const x = standardised(truth);
  const y = standardised(predicted);
  return x.reduce((sum, one, i) => sum + one * y[i], 0) / truth.length;
}

/** Of their ranks; equal ones share the mean of theirs. */
export const spearman = (truth: readonly number[], predicted: readonly number[]): number =>
  pearson(ranks(truth), ranks(predicted));

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const found = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]] === values[order[from]]) to++;
    for (let at = from; at <= to; at++) found[order[at]] = (from + to) / 2;
    from = to + 1;
  }
  return found;
}
