/** What must be the same for a run to be resumed, and for a stage to be shared: the options that count, and the rows. */
import { deviceName } from '../device.ts';
import { methods } from '../methods.ts';
import { runOptions } from '../options/affected.ts';
import type { TrainOptions } from '../options/defaults.ts';
import { defaultThreads } from '../options/threads.ts';
import { fingerprint, type Rows } from '../start/rows.ts';

/**
 * Name to value. Checkpoints settle the word embedding, threads share out sums, and each device adds up in an order
 * of its own: all of them round, so they count too.
 */
export function resumeSettings(
  options: TrainOptions,
  rows: Pick<Rows, 'train' | 'validation'>,
): Record<string, string> {
  return { ...runOptions(options), ...startedFrom(options, rows) };
}

/** What a result hangs on beside the options: the rows that were found, and as many threads as there are. */
export const startedFrom = (
  options: TrainOptions,
  rows: Pick<Rows, 'train' | 'validation'>,
): Record<string, string> => ({
  threads: String(options.threads ?? defaultThreads()),
  ...(methods[options.method].network && { device: deviceName() }),
  'training rows': fingerprint(rows.train),
  'validation rows': fingerprint(rows.validation),
});
