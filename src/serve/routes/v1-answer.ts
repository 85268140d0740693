/** From what the engine found to an answer of our own routes. */
import type { ClassifiedText, ModelCard, ServeOptions } from '../served-model.ts';
import type { Answer } from './v1-schemas.ts';

export function answerFrom({ labels }: ModelCard, one: ClassifiedText, topK: number): Answer {
  const { scores, best, exit, tokens, truncated, flops, denseFlops } = one;
  const answer = {
    label: labels[best],
    score: scores[best],
    exit,
    tokens: tokens as number[],
    truncated,
    flops,
    denseFlops,
  };
  if (topK <= 1) return answer;
  const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a]);
  return { ...answer, scores: Object.fromEntries(order.slice(0, topK).map((i) => [labels[i], scores[i]])) };
}

/** `truncate` of our routes as the models take it. */
export const cutting = (truncate: 'right' | 'left' | 'never' = 'right'): ServeOptions =>
  truncate === 'never' ? { truncate: false } : { truncationDirection: truncate };
