/** From what the engine found to an answer of our own routes, as an object and as JSON. */
import type { ClassifiedText, ModelCard, ServeOptions } from '../served-model.ts';
import { ranking } from './ranking.ts';

/**
 * The answer as JSON. Written here, not from an object and a schema: an object puts keys such as "1" before all others,
 * and a schema's pattern of keys passes over those with a line break, but any string is a label.
 */
export function answerJson({ labels }: ModelCard, one: ClassifiedText, topK: number): string {
  const { scores, best, exit, tokens, truncated, flops, denseFlops } = one;
  const answer = JSON.stringify({
    label: labels[best],
    score: scores[best],
    exit,
    tokens,
    truncated,
    flops,
    denseFlops,
  });
  if (topK <= 1) return answer;
  const most = ranking(scores)
    .slice(0, topK)
    .map((i) => `${JSON.stringify(labels[i])}:${JSON.stringify(scores[i])}`);
  return `${answer.slice(0, -1)},"scores":{${most.join(',')}}}`;
}

/** `truncate` of our routes as the models take it. */
export const cutting = (truncate: 'right' | 'left' | 'never' = 'right'): ServeOptions =>
  truncate === 'never' ? { truncate: false } : { truncationDirection: truncate };
