/** From an outcome to what the caller reads: the label, its score, and what it cost. */
import type { EncoderConfig } from '../encoder/index.ts';
import { actualFlops, type NetworkShape } from '../pyramid/flops.ts';
import { problems } from '../pyramid/problem.ts';
import { argmax } from '../pyramid/uncertainty.ts';
import type { Outcome } from './job.ts';
import type { ModelDescription } from './messages.ts';

export interface Answer {
  /** The likeliest label. */
  readonly label: string;
  /** Its probability (softmax, or sigmoid for a multi-label model); a regression's value. */
  readonly score: number;
  /** Of the `topK` likeliest labels, likeliest first; there if topK is above 1. */
  readonly scores?: Readonly<Record<string, number>>;
  /** The layer that answered, from 1. */
  readonly exit: number;
  /** Tokens by layer: entering layer 1, then left after each layer that ran. */
  readonly tokens: readonly number[];
  /** The text was longer than the model's maximum, and cut. */
  readonly truncated: boolean;
  /** Operations spent on it, heads and peeks included. */
  readonly flops: number;
}

export const shapeOf = ({ layers, hiddenSize, heads, intermediateSize, labels }: EncoderConfig): NetworkShape => ({
  layers,
  hiddenSize,
  heads,
  intermediateSize,
  labels: labels.length,
});

/** `tau` as the text was run with. */
export function answerOf(
  { config, headSettings, info }: ModelDescription,
  { exit, tokens, logits, truncated }: Outcome,
  { tau, topK }: { readonly tau: number | null; readonly topK: number },
): Answer {
  const scores = problems[config.problemType].activation(logits[exit - 1]);
  const best = argmax(scores);
  const { layers } = config;
  // layers that the text never reached are not counted; the count wants an entry for each all the same
  const padded = Array.from({ length: layers + 1 }, (_, layer) => tokens[Math.min(layer, tokens.length - 1)]);
  const flops = actualFlops(shapeOf(config), padded, exit, {
    headKind: tau === null ? 'none' : headSettings.kind,
    pairs: headSettings.pairs,
    peeks: 'all',
    asked: info.asked,
    fastbertWidth: headSettings.width,
  });
  const answer = { label: config.labels[best], score: scores[best], exit, tokens, truncated, flops };
  if (topK <= 1) return answer;
  const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a]);
  const most = Object.fromEntries(order.slice(0, topK).map((i) => [config.labels[i], scores[i]]));
  return { ...answer, scores: most };
}
