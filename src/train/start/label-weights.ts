/** The weight of each label in the loss, from `--class-weights` and the rows. */
import { PyramidError } from '../../errors.ts';
import { type Dataset, problemTypeOfRows } from '../../text/example.ts';
import type { ClassWeights } from '../options/defaults.ts';
import { namesOf } from './label-counts.ts';

/**
 * [C]: the weight of each label in the loss. `auto`: n / (C · n_label), 1 on average over the rows. Where a row may have any number of
 * labels it is the weight of the rows that have the label against those that have it not, `auto`: (n − n_label) / n_label. Throws
 * MP_USAGE.
 */
export function labelWeights(weights: ClassWeights, rows: Dataset): number[] {
  const { labels, examples } = rows;
  const problemType = problemTypeOfRows(rows);
  if (problemType === 'regression' && weights !== 'none')
    throw new PyramidError('MP_USAGE', {
      what: '--class-weights was given, and the rows have numbers',
      todo: 'leave it out',
    });
  if (problemType === 'multi_label_classification' && weights === 'auto')
    return labels.map((_, label) => {
      const has = examples.reduce((sum, { target }) => sum + target![label], 0);
      return has === 0 || has === examples.length ? 1 : (examples.length - has) / has;
    });
  return classWeights(
    weights,
    labels,
    labels.map((_, label) => examples.filter((example) => example.label === label).length),
  );
}

/** Throws MP_USAGE where there are no labels to smooth. */
export function checkSmoothing(labelSmoothing: number, rows: Dataset): void {
  if (labelSmoothing > 0 && problemTypeOfRows(rows) === 'regression')
    throw new PyramidError('MP_USAGE', {
      what: '--label-smoothing was given, and the rows have numbers',
      todo: 'leave it out',
    });
}

/** The same as `labelWeights`, of rows of which it is known how many each label has. */
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
