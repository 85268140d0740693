/** The figures of an epoch on the validation rows: the main classifier's accuracy, each exit head's, the tokens left. */
import { argmax } from '../../pyramid/logits.ts';
import type { EncodedSet } from '../batch.ts';
import type { TextTrace } from './tracer.ts';

/** `accuracy` of the main classifier; `accuracy.1` … of the exit heads; `tokens`: the mean share left after each layer. */
export function validationMetrics(
  judged: readonly TextTrace[],
  { labels }: Pick<EncodedSet, 'labels'>,
): Record<string, number> {
  const metrics: Record<string, number> = {};
  const layers = judged[0].logits.length;
  for (let layer = 1; layer <= layers; layer++) {
    if (judged[0].logits[layer - 1].length === 0) continue;
    const right = judged.filter(({ logits }, i) => argmax(logits[layer - 1]) === labels[i]).length;
    metrics[layer === layers ? 'accuracy' : `accuracy.${layer}`] = right / judged.length;
  }
  const sum = (pick: (entry: TextTrace) => number) => judged.reduce((total, entry) => total + pick(entry), 0);
  metrics.tokens =
    sum(({ tokens }) => tokens.slice(1).reduce((a, b) => a + b, 0) / (layers * tokens[0])) / judged.length;
  return metrics;
}
