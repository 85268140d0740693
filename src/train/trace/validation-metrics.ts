/**
 * The figures of an epoch on the validation rows: the main classifier's accuracy, each exit head's, the tokens left. Where a text may
 * have any number of labels it is micro F1 at thresholds of 0.5, where it has a number the share of the variance explained.
 */
import { microF1 } from '../../evaluate/label-sets.ts';
import { explained } from '../../evaluate/quality.ts';
import { argmax } from '../../pyramid/logits.ts';
import type { EncodedSet } from '../batch.ts';
import type { TextTrace } from './tracer.ts';

const rightShare = (rows: readonly (readonly number[])[], labels: readonly number[]): number =>
  rows.filter((row, i) => argmax(row) === labels[i]).length / rows.length;

function targetFigure(
  rows: readonly (readonly number[])[],
  targets: readonly (readonly number[])[],
  isNumber: boolean,
): [name: string, value: number] {
  if (!isNumber)
    return [
      'microF1',
      microF1(
        targets,
        rows.map((row) => row.map((z) => (z >= 0 ? 1 : 0))),
      ),
    ];
  const numbers = (some: readonly (readonly number[])[]) => some.map(([value]) => value);
  return ['r2', explained(numbers(targets), numbers(rows))];
}

/** `accuracy` of the main classifier; `accuracy.1` … of the exit heads; `tokens`: the mean share left after each layer. */
export function validationMetrics(
  judged: readonly TextTrace[],
  { labels, targets }: Pick<EncodedSet, 'labels' | 'targets'>,
  isNumber = false,
): Record<string, number> {
  const metrics: Record<string, number> = {};
  const layers = judged[0].logits.length;
  for (let layer = 1; layer <= layers; layer++) {
    if (judged[0].logits[layer - 1].length === 0) continue;
    const rows = judged.map(({ logits }) => logits[layer - 1]);
    const [name, value] = targets ? targetFigure(rows, targets, isNumber) : ['accuracy', rightShare(rows, labels)];
    metrics[layer === layers ? name : `${name}.${layer}`] = value;
  }
  const sum = (pick: (entry: TextTrace) => number) => judged.reduce((total, entry) => total + pick(entry), 0);
  metrics.tokens =
    sum(({ tokens }) => tokens.slice(1).reduce((a, b) => a + b, 0) / (layers * tokens[0])) / judged.length;
  return metrics;
}
