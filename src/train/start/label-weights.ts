/** The weight of each label in the loss, from `--class-weights` and the rows. */
import { PyramidError } from '../../errors.ts';
import type { Dataset } from '../../text/example.ts';
import type { ClassWeights } from '../options/defaults.ts';
import { namesOf } from './label-counts.ts';

/** [C]: the weight of each label in the loss. `auto`: n / (C · n_label), 1 on average over the rows. Throws MP_USAGE. */
export const labelWeights = (weights: ClassWeights, { labels, examples }: Dataset): number[] =>
  classWeights(
    weights,
    labels,
    labels.map((_, label) => examples.filter((example) => example.label === label).length),
  );

/** The same, of rows of which it is known how many each label has. */
export function classWeights(weights: ClassWeights, labels: readonly string[], counts: readonly number[]): number[] {
  if (weights === 'none') return labels.map(() => 1);
  if (weights === 'auto') {
    const rows = counts.reduce((sum, count) => sum + count, 0);
    return counts.map((count) => (count === 0 ? 1 : rows / (labels.length * count)));
  }
  const unknown = Object.keys(weights).find((label) => !labels.includes(label));
  if (unknown !== undefined) {
    throw new PyramidError('MP_USAGE', {
      what: `--class-weights names the label "${namesOf([unknown])}"`,
      todo: `the labels are ${namesOf(labels)}`,
    });
  }
  return labels.map((label) => (Object.hasOwn(weights, label) ? weights[label] : 1));
}
