/** `train` as the library has it: options are checked and filled in, then the run begins (run.ts). */
import { trainingDevice } from './device.ts';
import type { OnTrainEvent } from './events.ts';
import { type GivenTrainOptions, resolveTrainOptions } from './options/resolve.ts';
import { runTraining, type TrainResult } from './run.ts';

/**
 * Trains by `method` and writes the model folder `out`. What is left out of the options has its default. With `resume` an
 * interrupted run is continued, and ends with the same weights, bit for bit. `signal` stops it after the step under way.
 * Throws MP_OPTION_UNKNOWN, MP_OPTION_VALUE, MP_OUT_EXISTS, MP_OUT_BUSY, MP_TRAIN_STOPPED, MP_USAGE, MP_DATA_*, MP_MODEL_*,
 * MP_TRAIN_LOSS, MP_WRITE, MP_RESUME_MISMATCH.
 */
export const train = async (
  options: GivenTrainOptions,
  onEvent: OnTrainEvent = () => {},
  signal?: AbortSignal,
): Promise<TrainResult> => runTraining(resolveTrainOptions(options), trainingDevice(), onEvent, signal);
