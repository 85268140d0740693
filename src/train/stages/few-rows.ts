/**
 * How long a network is trained where there are few rows. A few passes over them are a few dozen steps, after which it answers
 * one label or two (Mosbach et al. 2021, https://arxiv.org/abs/2006.04884, section 6: what looks unstable is training too
 * short). So there are at least `minSteps` steps in the regular stage, and epochs of the other stages in proportion.
 */
import type { TrainOptions } from '../options/defaults.ts';

export type Steps = Pick<TrainOptions, 'epochs' | 'batchSize'>;
type Given = Steps & Pick<TrainOptions, 'minSteps'> & Partial<Pick<TrainOptions, 'gradientAccumulation'>>;

/** A batch is at most such a share of the rows, so that an epoch has some steps; but no smaller than LEAST_BATCH. */
const BATCHES_AN_EPOCH = 8;
const LEAST_BATCH = 8;
/** More passes than this over the same rows teach nothing. */
const MOST_EPOCHS = 100;

/** `rows`: those to be trained on. As the options say where they make steps enough, or where `minSteps` is 0. */
export function stepsFor({ epochs, batchSize, minSteps, gradientAccumulation = 1 }: Given, rows: number): Steps {
  const stepsOf = (batch: number) => epochs.regular * Math.ceil(Math.ceil(rows / batch) / gradientAccumulation);
  if (epochs.regular === 0 || stepsOf(batchSize) >= minSteps) return { epochs, batchSize };
  const batch = smallerBatch(batchSize, rows / gradientAccumulation);
  const factor = minSteps / stepsOf(batch);
  const longer = (count: number) => Math.max(count, Math.min(MOST_EPOCHS, Math.round(count * factor)));
  return {
    epochs: {
      regular: Math.max(epochs.regular, Math.min(MOST_EPOCHS, Math.ceil(epochs.regular * factor))),
      soft: longer(epochs.soft),
      hard: longer(epochs.hard),
      heads: longer(epochs.heads),
    },
    batchSize: batch,
  };
}

/** `batchSize` halved until it is an eighth of the rows. */
function smallerBatch(batchSize: number, rows: number): number {
  let batch = batchSize;
  while (batch > LEAST_BATCH && batch * BATCHES_AN_EPOCH > rows) batch = Math.max(LEAST_BATCH, Math.floor(batch / 2));
  return batch;
}

/** What to say of it before training; null: nothing was changed. */
export function stepsNote({ epochs, batchSize }: Steps, given: Steps, rows: number): string | null {
  if (epochs === given.epochs) return null;
  return `${rows} training rows are few: ${epochs.regular} epochs in batches of ${batchSize} instead of ${given.epochs.regular} in batches of ${given.batchSize}, and the other stages in proportion`;
}
