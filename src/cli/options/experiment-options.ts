/** What `reproduce` and `sweep` have in common: limits on rows, the allowed drop, and the settings of training. */

import type { RowLimit } from '../../experiment/reproduce/reproduce.ts';
import {
  choiceOption,
  customOption,
  flagOption,
  numberOption,
  type OptionTable,
  textOption,
  toNumber,
} from '../../option.ts';
import { type TrainOptions, trainTable } from '../../train/options/defaults.ts';
import type { GivenTrainOptions } from '../../train/options/resolve.ts';

/** Settings that are the same for every run of an experiment. What differs from row to row is the experiment's. */
const {
  task: _t,
  train: _f,
  validation: _v,
  test: _e,
  text: _x,
  pair: _p,
  label: _l,
  labelSeparator: _n,
  labelColumns: _k,
  problemType: _q,
  delimiter: _d,
  method: _m,
  calibration: _c,
  ...shared
} = trainTable;
const {
  exitHead: _h,
  exitTraining: _j,
  floor: _g,
  unlabelled: _u,
  out: _o,
  limit: _i,
  resume: _r,
  yes: _y,
  log: _z,
  // what may be lost is the experiment's own, and only `reproduce` certifies
  maxDrop: _a,
  confidence: _b,
  calibrationShare: _s,
  ...training
} = shared;

export type TrainingKey = keyof typeof training;
type Training = Pick<TrainOptions, TrainingKey>;

const experiment = 'Experiment';

const limitOption = (help: string) =>
  customOption<RowLimit>({
    group: experiment,
    default: null,
    placeholder: 'ROWS',
    expected: 'a number of rows, or a number for some tasks, as in ag_news=8000,qqp=4000',
    help,
    read(raw) {
      const whole = (value: unknown) => {
        const rows = toNumber(value);
        return rows !== undefined && Number.isSafeInteger(rows) && rows > 0 ? rows : undefined;
      };
      if (typeof raw === 'number' || (typeof raw === 'string' && !raw.includes('='))) return whole(raw);
      const entries =
        typeof raw === 'string'
          ? raw.split(',').map((part) => part.split('='))
          : typeof raw === 'object' && raw !== null && !Array.isArray(raw)
            ? Object.entries(raw)
            : [];
      const limits = Object.fromEntries(entries.map(([task, rows]) => [String(task).trim(), whole(rows)]));
      if (entries.length === 0 || Object.values(limits).includes(undefined)) return undefined;
      return limits as Record<string, number>;
    },
  });

export interface ExperimentOptions {
  readonly out: string;
  readonly limit: RowLimit;
  readonly testLimit: RowLimit;
  readonly maxDrop: number;
  readonly by: 'actual' | 'paper';
  readonly resume: boolean;
  readonly json: boolean;
}

export const byOption = (group: string) =>
  choiceOption({
    group,
    default: 'actual',
    choices: ['actual', 'paper'] as const,
    help: 'which operations to minimise: actual: as computed; paper: as the paper counts',
  });

export const maxDropOption = <T extends number | null>(group: string, fallback: T) =>
  numberOption<T>({
    group,
    default: fallback,
    min: 0,
    max: 1,
    placeholder: 'SHARE',
    help: 'the drop in accuracy that is allowed on the validation rows; 0.01 is one point',
  });

export const experimentTable: OptionTable<ExperimentOptions & Training> = {
  out: textOption({
    group: experiment,
    default: '',
    placeholder: 'DIR',
    help: 'the folder for the runs, tables and report',
    aliases: ['output_dir'],
  }),
  limit: limitOption('train on this many rows, chosen at random by the seed; ROWS, or TASK=ROWS,…'),
  testLimit: limitOption('evaluate on this many test rows, chosen at random by the seed; ROWS, or TASK=ROWS,…'),
  maxDrop: maxDropOption<number>(experiment, 0.01),
  by: byOption(experiment),
  resume: flagOption({
    group: experiment,
    default: false,
    help: 'continue what is in --out: keep finished runs, and resume the one that was interrupted',
  }),
  json: flagOption({ group: experiment, default: false, help: 'print the result as JSON' }),
  ...training,
};

/** The settings of training that were given. */
export function givenTraining(given: Readonly<Record<string, unknown>>): GivenTrainOptions {
  return Object.fromEntries(Object.entries(given).filter(([key]) => key in training));
}
