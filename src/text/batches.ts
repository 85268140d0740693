/**
 * Which texts share a batch, by their lengths: texts of similar length together, so that attention pads little.
 */
import { randomStream } from '../random.ts';

export interface TrainingBatchOptions {
  readonly batchSize: number; // texts
  readonly seed: number;
  /** Labels of the random stream: stage, epoch, … */
  readonly path?: readonly (string | number)[];
  /** Texts are sorted by length within so many batches: more pads less, fewer is more random. */
  readonly bucketBatches?: number; // 20
}

/**
 * One epoch: shuffled, sorted by length within chunks of `bucketBatches` batches, cut, and the batches shuffled.
 * Each index into `lengths` (tokens a text) occurs once; all batches but at most one have `batchSize` texts.
 */
export function trainingBatches(lengths: ArrayLike<number>, options: TrainingBatchOptions): number[][] {
  const { batchSize, seed, path = [], bucketBatches = 20 } = options;
  if (!(Number.isInteger(batchSize) && batchSize > 0)) throw new Error(`internal: a batch size of ${batchSize}`);
  const random = randomStream(seed, ...path, 'batches');
  const order = random.shuffle(Array.from(lengths, (_, i) => i));
  const batches: number[][] = [];
  const chunk = batchSize * bucketBatches;
  for (let start = 0; start < order.length; start += chunk) {
    const sorted = order.slice(start, start + chunk).sort((a, b) => lengths[a] - lengths[b]);
    for (let i = 0; i < sorted.length; i += batchSize) batches.push(sorted.slice(i, i + batchSize));
  }
  return random.shuffle(batches);
}

export interface EvaluationBatchOptions {
  /** Sum of the lengths in a batch. A longer text is a batch by itself. */
  readonly maxTokens: number;
  readonly maxTexts: number;
}

/** All texts, shortest first, cut where the next text would not fit. Each index occurs once. */
export function evaluationBatches(
  lengths: ArrayLike<number>,
  { maxTokens, maxTexts }: EvaluationBatchOptions,
): number[][] {
  const order = Array.from(lengths, (_, i) => i).sort((a, b) => lengths[a] - lengths[b] || a - b);
  const batches: number[][] = [];
  let tokens = 0;
  for (const i of order) {
    const last = batches.at(-1);
    if (last && last.length < maxTexts && tokens + lengths[i] <= maxTokens) {
      last.push(i);
      tokens += lengths[i];
    } else {
      batches.push([i]);
      tokens = lengths[i];
    }
  }
  return batches;
}
