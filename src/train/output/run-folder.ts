/** The output folder of a training run: what in it is a run, and whether that can be resumed. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { PyramidError } from '../../errors.ts';
import { CHECKPOINT, checkpointPath } from '../checkpoint/run-checkpoint.ts';
import type { OnTrainEvent } from '../events.ts';
import type { TrainOptions } from '../options/defaults.ts';
import { withOut } from './out-folder.ts';

/** Where one of them lies, there is or was a run. */
const RUN_FILES = ['config.json', 'training.json', CHECKPOINT];

/**
 * Does `work` with the folder held. Throws MP_OUT_EXISTS, MP_OUT_BUSY, MP_WRITE, and MP_USAGE where there is nothing left to
 * be resumed.
 */
export async function withRunFolder<T>(
  options: Pick<TrainOptions, 'out' | 'resume'>,
  onEvent: OnTrainEvent,
  work: (out: string) => Promise<T>,
): Promise<T> {
  const out = resolve(options.out);
  const checkpoint = existsSync(checkpointPath(out));
  // a folder that is there is replaced only by the run whose checkpoint lies with it
  const isRun = (entries: readonly string[]) =>
    checkpoint || (entries.some((name) => RUN_FILES.includes(name)) && ('finished' as const));
  return withOut(out, { resume: options.resume, isRun }, onEvent, async (entries) => {
    if (options.resume && entries.length > 0 && !checkpoint) {
      throw new PyramidError('MP_USAGE', {
        what: `${out} has no checkpoint beside it: either the run is finished, or it is not a run`,
        todo: 'leave it as it is, or give another --out',
      });
    }
    return work(out);
  });
}
