/**
 * From the settings that a caller gives to a complete, checked set: defaults filled in, values in range, and settings
 * that exclude or need one another. Also what of them is stored beside the model.
 */

import { resolve, sep } from 'node:path';
import { PyramidError } from '../../errors.ts';
import { nearest } from '../../nearest.ts';
import { type OptionSpec, readOption } from '../../option.ts';
import { isDelimited } from '../../text/files/format.ts';
import { hasFloor, methods } from '../methods.ts';
import { type TrainOptions, trainTable } from './defaults.ts';
import type { GivenEpochs } from './option-values.ts';

/** Peak learning rate of a network that starts from nothing. */
export const RATE_FROM_SCRATCH = 5e-4;

/** What a call may give. It must give `out`, and `train` or `task`; everything else has a default. */
export interface GivenTrainOptions extends Partial<Omit<TrainOptions, 'epochs'>> {
  /** Passes over the training rows: a number for the regular stage, a list, or by stage. */
  readonly epochs?: GivenEpochs;
}

/**
 * @param nameOf how messages call a setting: its key for the library, its flag for the command line
 * @throws MP_OPTION_UNKNOWN, MP_OPTION_VALUE, MP_USAGE
 */
export function resolveTrainOptions(
  given: GivenTrainOptions,
  nameOf: (key: string) => string = (key) => key,
): TrainOptions {
  const keys = Object.keys(trainTable);
  for (const key of Object.keys(given)) {
    if (!keys.includes(key)) {
      throw new PyramidError('MP_OPTION_UNKNOWN', { path: null, key, nearest: nearest(key, keys) });
    }
  }
  const options: Record<string, unknown> = {};
  for (const [key, spec] of Object.entries(trainTable) as [keyof TrainOptions, OptionSpec<unknown>][]) {
    options[key] = given[key] === undefined ? spec.default : readOption(spec, given[key], nameOf(key));
  }
  // who says how many epochs has said how long to train
  if (given.epochs !== undefined && given.minSteps === undefined) options.minSteps = 0;
  // weights that know nothing have farther to go: at 5e-5 they answer by chance for epochs
  const { network } = methods[options.method as TrainOptions['method']];
  if (network && options.model === 'scratch' && given.learningRate === undefined)
    options.learningRate = RATE_FROM_SCRATCH;
  // who waits for a better epoch wants it
  if (network && options.patience !== null && given.keep === undefined) options.keep = 'best';
  // settings of Hugging Face's trainer say 0 steps where a share is meant
  if (given.warmup !== undefined && options.warmupSteps === 0) options.warmupSteps = null;
  const resolved = options as unknown as TrainOptions;
  if (given.warmup !== undefined && resolved.warmupSteps !== null)
    throw new PyramidError('MP_USAGE', {
      what: `both ${nameOf('warmup')} and ${nameOf('warmupSteps')} were given`,
      todo: 'leave one of them out',
    });
  checkTogether(resolved, nameOf);
  return resolved;
}

function checkTogether(options: TrainOptions, nameOf: (key: string) => string): void {
  const wrong = (what: string, todo: string): never => {
    throw new PyramidError('MP_USAGE', { what, todo });
  };
  const { task, train, out, hiddenSize, heads } = options;
  if (out === '') wrong(`${nameOf('out')} is missing`, 'give the folder to write the model to');
  if (options.log !== null && isWithin(options.log, out))
    wrong(
      `${nameOf('log')} lies in the folder of the model, which is to be empty before training`,
      `give another place, such as ${out}.csv`,
    );
  if (task === null && train === null) {
    wrong('there is no training data', `give ${nameOf('train')} with a file, or ${nameOf('task')} with a name`);
  }
  if (task !== null && train !== null) {
    wrong(`both ${nameOf('task')} and ${nameOf('train')} were given`, 'leave one of them out');
  }
  if (task === null && options.dataDir !== null) {
    wrong(`${nameOf('dataDir')} was given without ${nameOf('task')}`, `add ${nameOf('task')}, or leave it out`);
  }
  for (const key of ['labelSeparator', 'labelColumns', 'problemType'] as const)
    if (task !== null && String(options[key] ?? '') !== '')
      wrong(
        `both ${nameOf('task')} and ${nameOf(key)} were given`,
        'leave one of them out: a known task has one label a row',
      );
  if (options.delimiter !== null && !usesDelimiter(options)) {
    wrong(`${nameOf('delimiter')} was given, and no file of rows is csv or tsv`, 'leave it out');
  }
  if (options.calibration !== null && !methods[options.method].exits) {
    wrong(
      `${nameOf('calibration')} was given, and a model of ${nameOf('method')} ${options.method} has no tau to certify`,
      'leave it out',
    );
  }
  if (options.calibration !== null && options.calibrationShare) {
    wrong(`both ${nameOf('calibration')} and ${nameOf('calibrationShare')} were given`, 'leave one of them out');
  }
  if (options.method === 'linear' && options.floor === 'none') {
    wrong(
      `${nameOf('method')} linear is floor 0 alone, and ${nameOf('floor')} none was given`,
      'leave one of them out',
    );
  }
  if (options.unlabelledRest !== null && options.limit === null) {
    wrong(
      `${nameOf('unlabelledRest')} was given without ${nameOf('limit')}`,
      `add ${nameOf('limit')}, or leave it out`,
    );
  }
  if (options.unlabelled.length > 0 && !(hasFloor(options) && methods[options.method].network)) {
    wrong(
      `${nameOf('unlabelled')} was given, and ${hasFloor(options) ? 'there is no network to answer the texts' : 'there is no floor 0 to learn from them'}`,
      `give ${nameOf('method')} mp, or leave it out`,
    );
  }
  if (options.model === 'scratch' && hiddenSize % heads !== 0) {
    wrong(
      `${nameOf('hiddenSize')} ${hiddenSize} is not a multiple of ${nameOf('heads')} ${heads}`,
      'change one of them',
    );
  }
}

const isWithin = (path: string, folder: string): boolean =>
  `${resolve(path)}${sep}`.startsWith(`${resolve(folder)}${sep}`);

/** Whether there is a file whose fields a delimiter separates. */
export const usesDelimiter = ({ train, validation, test, calibration, unlabelled = [] }: GivenTrainOptions): boolean =>
  [train, validation, test, calibration, ...unlabelled].some((file) => typeof file === 'string' && isDelimited(file));

/** What training.json stores of the settings: all of them but those of one call alone, so that it can be given back as a configuration file. */
export function resolvedConfig(options: TrainOptions): Omit<TrainOptions, 'resume' | 'log' | 'yes'> {
  const { resume: _, log: __, yes: ___, ...stored } = options;
  return structuredClone(stored);
}
