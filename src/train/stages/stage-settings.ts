/** What all stages of a run are trained with: the options, and what follows from them here and for these rows. */
import { compileOn, type Device } from '../../runtime/runtime.ts';
import type { Dataset } from '../../text/example.ts';
import type { TrainOptions } from '../options/defaults.ts';
import { defaultThreads } from '../options/threads.ts';
import { checkSmoothing, labelWeights } from '../start/label-weights.ts';
import { stepsFor } from './few-rows.ts';
import type { StageSettings } from './stage-steps.ts';

/** Throws MP_USAGE if `--class-weights` names a label that `rows` do not have, or there are no labels to smooth. */
export function stageSettings(options: TrainOptions, rows: Dataset, device: Device): StageSettings {
  checkSmoothing(options.labelSmoothing, rows);
  return {
    ...options,
    ...stepsFor(options, rows.examples.length),
    labelWeights: labelWeights(options.classWeights, rows),
    compile: compileOn(device, { threads: options.threads ?? defaultThreads() }),
  };
}
