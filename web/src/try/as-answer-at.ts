/** An answer that came without its explanation, in the shape of one at a tau. Knows nothing of how it is shown. */
import type { Answer } from '../../../src/engine/index.ts';
import { denseFlops } from '../../../src/pyramid/flops.ts';
import type { AnswerAt, EngineInfo } from '../../../src/web/page-engine.ts';

export const asAnswerAt = (
  { label, score, scores, labels: several, exit, tokens, flops }: Answer,
  { shape, labels }: Pick<EngineInfo, 'shape' | 'labels'>,
): AnswerAt => ({
  // an unsure model has its ranking instead of a label
  label: labels.includes(label) ? label : labels.find((name) => scores?.[name] === score)!,
  score,
  unsure: !labels.includes(label),
  ...(several && { labels: several }),
  exit,
  tokens,
  flops,
  denseFlops: denseFlops(shape, tokens[0]),
});
