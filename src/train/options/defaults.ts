/**
 * Every setting of a training run: its default, meaning, unit and range, in one table. `--help`, the check of
 * configuration files, the library's own check (resolve.ts) and the documentation are made from it. Its groups stand in
 * the `-options.ts` beside it. Knows nothing of how the settings are used.
 */
import { choiceOption, type OptionTable, textOption } from '../../option.ts';
import { type DataOptions, dataTable } from './data-options.ts';
import { type DialOptions, dialTable } from './dial-options.ts';
import { type ExitOptions, exitTable } from './exit-options.ts';
import type { ClassWeights, Epochs } from './option-values.ts';
import { type RunningOptions, runningTable } from './running-options.ts';
import { type StageOptions, stageTable } from './stage-options.ts';

export type { ClassWeights, Epochs };

export const methodNames = ['bert', 'distilbert', 'ltp', 'fastbert', 'mp', 'linear'] as const;
/** How a model saves work, see docs/glossary.md. */
export type MethodName = (typeof methodNames)[number];

interface MethodOptions {
  readonly model: string;
  readonly method: MethodName;
  readonly out: string;
}

/** All options of a run, with their values. docs/options.md has each with its meaning, unit, range and default. */
export interface TrainOptions
  extends MethodOptions,
    DataOptions,
    StageOptions,
    ExitOptions,
    DialOptions,
    RunningOptions {}

const what = 'What to train';

const methodTable = {
  model: textOption({
    group: what,
    affects: ['run'],
    default: 'scratch',
    placeholder: 'DIR|HUB-ID|scratch',
    expected: 'a model folder, a hub id, or scratch',
    help: 'the pretrained model to start from: a folder, or a name on the Hugging Face hub (NAME@REVISION pins a revision); scratch: a new network with its own vocabulary',
    aliases: ['model_name_or_path'],
  }),
  method: choiceOption({
    group: what,
    affects: ['stages'],
    default: 'mp',
    choices: methodNames,
    help: 'bert: no savings; distilbert: half the layers; ltp: token pruning; fastbert: early exit; mp: both; linear: floor 0 alone, a linear model of the words that needs no network',
  }),
  out: textOption({
    group: what,
    affects: [],
    default: '',
    placeholder: 'DIR',
    expected: 'the folder to write the model to',
    help: 'the folder to write the model to',
    aliases: ['output_dir'],
  }),
} as const satisfies OptionTable<MethodOptions>;

/** In the order in which people read them. */
export const trainTable = {
  ...methodTable,
  ...dataTable,
  ...stageTable,
  ...exitTable,
  ...dialTable,
  ...runningTable,
} as const satisfies OptionTable<TrainOptions>;
