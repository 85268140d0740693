/** Maps the labels of rows to a model's label numbers: by name, or 0, 1, … for a model with LABEL_0, LABEL_1, …. */
import { PyramidError } from '../errors.ts';
import type { Dataset } from '../text/example.ts';
import { numberedLabels } from '../text/numbered-labels.ts';

/** For each label of the rows its number in the model. Throws MP_USAGE for one that the model has not. */
export function labelNumbers({ name, labels }: Pick<Dataset, 'name' | 'labels'>, known: readonly string[]): number[] {
  const names = numberedLabels(labels, known);
  return labels.map((label) => {
    const number = known.indexOf(names?.get(label) ?? label);
    if (number < 0) {
      throw new PyramidError('MP_USAGE', {
        what: `${name} has the label "${label}", but the model's labels are ${known.join(', ')}`,
        todo: 'use rows of the task that the model was trained for',
      });
    }
    return number;
  });
}
