/**
 * `train` as programs call it: options by their names, an AbortSignal, and sentences that speak of options where those of
 * the command line speak of flags. The work is train.ts's.
 */
import { PyramidError } from '../errors.ts';
import { trainingDevice } from './device.ts';
import type { OnTrainEvent } from './events.ts';
import { trainTable } from './options/defaults.ts';
import { type GivenTrainOptions, resolveTrainOptions } from './options/resolve.ts';
import { runTraining, type TrainResult } from './train.ts';

/** Who watches a run, and may stop it. */
export interface TrainWatch {
  /** Told of stages, steps, epochs, downloads and notes, in the order in which they happen. */
  readonly onEvent?: OnTrainEvent;
  /**
   * Stops the run after the step under way, with a checkpoint: `train` rejects with MP_TRAIN_STOPPED, and `resume: true`
   * continues. A signal that is aborted already rejects with its reason, before anything is read or written.
   */
  readonly signal?: AbortSignal;
}

/**
 * Trains by `method` and writes the model folder `out`. What is left out of the options has its default. With `resume` an
 * interrupted run is continued, and ends with the same weights, bit for bit. `watch` may be the function that is told of
 * events, and the signal then stands behind it.
 *
 * Throws MP_OPTION_UNKNOWN, MP_OPTION_VALUE, MP_OUT_EXISTS, MP_OUT_BUSY, MP_TRAIN_STOPPED, MP_USAGE, MP_DATA_*, MP_MODEL_*,
 * MP_TRAIN_LOSS, MP_WRITE, MP_RESUME_MISMATCH, MP_RUNTIME.
 */
export async function train(
  options: GivenTrainOptions,
  watch: TrainWatch | OnTrainEvent = {},
  signal?: AbortSignal,
): Promise<TrainResult> {
  const { onEvent = () => {}, signal: stop = signal } = typeof watch === 'function' ? { onEvent: watch } : watch;
  stop?.throwIfAborted();
  const tell: OnTrainEvent = (event) =>
    onEvent(event.kind === 'note' ? { ...event, text: inOptionWords(event.text) } : event);
  try {
    const result = await runTraining(resolveTrainOptions(options), trainingDevice(), tell, stop);
    return { ...result, warnings: result.warnings.map(inOptionWords) };
  } catch (error) {
    if (error instanceof PyramidError) error.message = inOptionWords(error.message);
    throw error;
  }
}

/** `--learning-rate` as `learningRate`, of every flag that is an option here. */
export const inOptionWords = (sentence: string): string =>
  sentence.replace(/--([a-z][a-z0-9]*(?:-[a-z0-9]+)*)/g, (flag, name: string) => {
    const key = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    return Object.hasOwn(trainTable, key) ? key : flag;
  });
