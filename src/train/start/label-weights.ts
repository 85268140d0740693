/** The weight of each label in the loss, from `--class-weights` and the rows. */
import { PyramidError } from '../../errors.ts';
import type { Dataset } from '../../text/example.ts';
import type { ClassWeights } from '../options/defaults.ts';
import { namesOf } from './label-counts.ts';

/** The weight of each label in the loss. `auto`: n / (C · n_label), 1 on average over the rows. Throws MP_USAGE. */
export function labelWeights(weights: ClassWeights, { labels, examples }: Dataset): number[] {
  if (weights === 'none') return labels.map(() => 1);
  if (weights === 'auto') {
    const counts = labels.map((_, label) => examples.filter((example) => example.label === label).length);
    return counts.map((count) => (count === 0 ? 1 : examples.length / (labels.length * count)));
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
