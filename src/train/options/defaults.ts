/**
 * Every setting of a training run: its default, meaning, unit and range, in one table. `--help`, the check of
 * configuration files, the library's own check (options.ts) and the documentation are made from it. Knows nothing of
 * how the settings are used.
 */
import {
  choiceOption,
  customOption,
  flagOption,
  integerOption,
  numberOption,
  type OptionTable,
  textOption,
} from '../../option.ts';
import { defaultExit, EXIT_KINDS, type ExitKind, exits as exitTable } from '../../pyramid/exits/exits.ts';
import { FLOORS } from './choices.ts';
import {
  type ClassWeights,
  DEFAULT_EPOCHS,
  type Epochs,
  readClassWeights,
  readDelimiter,
  readDelta,
  readEpochs,
  readFiles,
} from './option-values.ts';

export type { ClassWeights, Epochs };

export const methodNames = ['bert', 'distilbert', 'ltp', 'fastbert', 'mp', 'linear'] as const;
export type MethodName = (typeof methodNames)[number];

export interface TrainOptions {
  readonly model: string;
  readonly method: MethodName;
  readonly out: string;

  readonly task: string | null;
  readonly dataDir: string | null;
  readonly train: string | null;
  readonly validation: string | null;
  readonly test: string | null;
  readonly text: string | null;
  readonly pair: string | null;
  readonly label: string | null;
  readonly delimiter: string | null;
  readonly limit: number | null;
  readonly maxLength: number;

  readonly epochs: Epochs;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly warmup: number;
  readonly weightDecay: number;
  readonly clip: number;
  readonly classWeights: ClassWeights;

  readonly floor: (typeof FLOORS)[number];
  readonly unlabelled: readonly string[];
  readonly unlabelledRest: number | null;

  readonly delta: number | 'auto';
  readonly temperature: number;
  readonly lambda: number;
  readonly thresholdLearningRate: number;

  readonly exitHead: 'auto' | ExitKind;
  readonly exitTraining: 'frozen' | 'joint';
  readonly jointFrom: 'regular' | 'soft';
  readonly jointTargets: 'labels' | 'classifier';
  readonly jointWeight: number;
  readonly jointHeadLearningRate: number;
  readonly headLearningRate: number;
  readonly headBatchSize: number;
  readonly pooledDropout: number;

  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number | null;

  readonly seed: number;
  readonly threads: number | null;
  readonly checkpointEvery: number;
  readonly resume: boolean;
}

const what = 'What to train';
const data = 'Data';
const optimisation = 'Optimisation';
const pruning = 'Token pruning (ltp, mp)';
const exits = 'Early exit (fastbert, mp)';
const floor0 = 'Floor 0 (mp, linear)';
const scratch = 'Network, with --model scratch';
const running = 'Running';

export const trainTable = {
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

  task: textOption<string | null>({
    group: data,
    affects: ['rows'],
    default: null,
    placeholder: 'NAME',
    help: 'a known data set: ag_news, yelp_polarity, qqp, mrpc or rte; read from --data-dir, else downloaded from the hub',
    aliases: ['task_name', 'dataset_name'],
  }),
  dataDir: textOption<string | null>({
    group: data,
    affects: ['rows'],
    default: null,
    placeholder: 'DIR',
    help: 'a folder with one subfolder per --task (default: download from the Hugging Face hub)',
  }),
  train: textOption<string | null>({
    group: data,
    affects: ['rows'],
    default: null,
    placeholder: 'FILE',
    help: 'file of training rows (csv, tsv, jsonl or parquet), instead of --task',
    aliases: ['train_file'],
  }),
  validation: textOption<string | null>({
    group: data,
    affects: ['rows'],
    default: null,
    placeholder: 'FILE',
    help: 'file of validation rows, evaluated after each epoch (default: a tenth of the training rows)',
    aliases: ['validation_file'],
  }),
  test: textOption<string | null>({
    group: data,
    affects: ['rows'],
    default: null,
    placeholder: 'FILE',
    help: 'file of test rows, evaluated once, at the end',
    aliases: ['test_file'],
  }),
  text: textOption<string | null>({
    group: data,
    affects: ['rows'],
    default: null,
    placeholder: 'COLUMN',
    help: 'the text column (default: look for the usual names)',
    aliases: ['text_column', 'text_column_name', 'text_column_names', 'sentence1_key'],
  }),
  pair: textOption<string | null>({
    group: data,
    affects: ['rows'],
    default: null,
    placeholder: 'COLUMN',
    help: 'the column of the second text, for text pairs',
    aliases: ['pair_column', 'sentence2_key'],
  }),
  label: textOption<string | null>({
    group: data,
    affects: ['rows'],
    default: null,
    placeholder: 'COLUMN',
    help: 'the label column (default: look for the usual names)',
    aliases: ['label_column', 'label_column_name'],
  }),
  delimiter: customOption<string | null>({
    group: data,
    affects: [],
    default: null,
    placeholder: 'CHARACTER',
    expected: 'one character, or comma, semicolon, tab or pipe',
    help: 'the field separator of csv and tsv files: a character, or comma, semicolon, tab or pipe (default: detected from the file)',
    aliases: ['sep'],
    read: readDelimiter,
  }),
  limit: integerOption<number | null>({
    group: data,
    affects: ['rows'],
    default: null,
    min: 1,
    placeholder: 'ROWS',
    help: 'train on this many rows, chosen at random by the seed',
    aliases: ['max_train_samples'],
  }),
  maxLength: integerOption({
    group: data,
    affects: ['run'],
    default: 128,
    min: 8,
    max: 512,
    placeholder: 'TOKENS',
    help: 'maximum tokens per text, including [CLS] and [SEP]; longer texts are truncated',
    aliases: ['max_seq_length', 'max_length'],
  }),

  epochs: customOption<Epochs>({
    group: optimisation,
    affects: ['regular', 'soft', 'hard', 'heads'],
    default: DEFAULT_EPOCHS,
    placeholder: 'N,N,N,N',
    expected: 'one to four numbers from 0 to 1000, as in 3,1,2,10 (the stages regular, soft, hard, heads)',
    help: 'epochs of the stages regular, soft, hard and heads; stages not listed keep their default',
    aliases: ['num_train_epochs'],
    read: readEpochs,
  }),
  batchSize: integerOption({
    group: optimisation,
    affects: ['regular', 'soft', 'hard'],
    default: 32,
    min: 1,
    max: 4096,
    placeholder: 'ROWS',
    help: 'rows per step in all stages except heads',
    aliases: ['per_device_train_batch_size', 'train_batch_size'],
  }),
  learningRate: numberOption({
    group: optimisation,
    affects: ['regular', 'soft', 'hard'],
    default: 5e-5,
    min: 0,
    above: true,
    max: 1,
    help: 'peak learning rate, reached after warm-up; use about 5e-4 for a network from scratch',
    aliases: ['learning_rate'],
  }),
  warmup: numberOption({
    group: optimisation,
    affects: ['run', 'network'],
    default: 0.1,
    min: 0,
    max: 1,
    placeholder: 'SHARE',
    help: 'the share of steps over which the learning rate rises; it falls to zero over the rest',
    aliases: ['warmup_ratio'],
  }),
  weightDecay: numberOption({
    group: optimisation,
    affects: ['run', 'network'],
    default: 0.01,
    min: 0,
    max: 1,
    help: 'decoupled weight decay of AdamW; not applied to biases, normalisation and thresholds',
    aliases: ['weight_decay'],
  }),
  clip: numberOption({
    group: optimisation,
    affects: ['run', 'network'],
    default: 1,
    min: 0,
    help: 'clip gradients to this total norm; 0 turns clipping off',
    aliases: ['max_grad_norm'],
  }),
  classWeights: customOption<ClassWeights>({
    group: optimisation,
    affects: ['regular', 'soft', 'hard', 'floor'],
    default: 'none',
    placeholder: 'none|auto|LABEL=W,…',
    expected: 'none, auto, or a weight above 0 for each label, as in ham=1,spam=2',
    help: 'weights of the labels in the loss; auto: inverse to label frequency, 1 on average',
    read: readClassWeights,
  }),

  delta: customOption<number | 'auto'>({
    group: pruning,
    affects: ['soft'],
    default: 'auto',
    placeholder: 'X|auto',
    expected: 'a number from 0 to 1, or auto',
    help: 'initial threshold of the last layer; earlier layers start proportionally lower, and training learns them all; auto: the mean score of a token (1 / mean tokens per training text)',
    read: readDelta,
  }),
  temperature: numberOption({
    group: pruning,
    affects: ['soft'],
    default: 1e-3,
    min: 0,
    above: true,
    max: 1,
    help: 'temperature T of the soft mask sigmoid((score - threshold) / T)',
  }),
  lambda: numberOption({
    group: pruning,
    affects: ['soft'],
    default: 0.05,
    min: 0,
    max: 100,
    help: 'weight of the mean mask in the loss; a larger value removes more tokens',
  }),
  thresholdLearningRate: numberOption({
    group: pruning,
    affects: ['soft'],
    default: 2e-4,
    min: 0,
    above: true,
    max: 1,
    help: 'peak learning rate of the thresholds',
  }),

  exitHead: choiceOption({
    group: exits,
    affects: ['joint', 'heads'],
    default: 'auto',
    choices: ['auto', ...EXIT_KINDS] as const,
    help: `what an exit head reads: ${EXIT_KINDS.map((kind) => `${kind}: ${exitTable[kind].summary}`).join('; ')}; auto: ${defaultExit(true)} for pairs, else ${defaultExit(false)}`,
  }),
  exitTraining: choiceOption({
    group: exits,
    affects: ['stages'],
    default: 'joint',
    choices: ['frozen', 'joint'] as const,
    help: 'frozen: distil the heads from the finished network (as in the paper); joint: also train them with it first',
  }),
  jointFrom: choiceOption({
    group: exits,
    affects: ['joint'],
    default: 'soft',
    choices: ['regular', 'soft'] as const,
    help: 'with --exit-training joint: the stage at which joint training of the exit heads begins (fastbert has only the regular stage)',
  }),
  jointTargets: choiceOption({
    group: exits,
    affects: ['joint'],
    default: 'classifier',
    choices: ['labels', 'classifier'] as const,
    help: "with --exit-training joint: what exit heads learn from, the rows' labels or the main classifier's scores (as in the heads stage)",
  }),
  jointWeight: numberOption({
    group: exits,
    affects: ['joint'],
    default: 0.3,
    min: 0,
    above: true,
    max: 10,
    help: "with --exit-training joint: weight of each exit head's loss, relative to the main loss",
  }),
  jointHeadLearningRate: numberOption({
    group: exits,
    affects: ['joint'],
    default: 5e-4,
    min: 0,
    above: true,
    max: 1,
    help: 'with --exit-training joint: peak learning rate of the exit heads',
  }),
  headLearningRate: numberOption({
    group: exits,
    affects: ['heads'],
    default: 3e-4,
    min: 0,
    above: true,
    max: 1,
    help: 'peak learning rate in the heads stage',
  }),
  headBatchSize: integerOption({
    group: exits,
    affects: ['heads'],
    default: 64,
    min: 1,
    max: 4096,
    placeholder: 'ROWS',
    help: 'rows per step in the heads stage',
  }),
  pooledDropout: numberOption({
    group: exits,
    affects: ['heads'],
    default: 0.3,
    min: 0,
    max: 0.9,
    placeholder: 'SHARE',
    help: 'dropout on the input of pooled and aligned heads in the heads stage; raise it when rows are few',
  }),

  floor: choiceOption({
    group: floor0,
    affects: ['floor'],
    default: 'auto',
    choices: FLOORS,
    help: 'an exit before the network: a linear model of the words, whose scores are also added to those of all later exits. auto: with mp and linear; apart: as an exit alone, added to none; none: left out',
  }),
  unlabelled: customOption<readonly string[]>({
    group: floor0,
    affects: ['floor'],
    default: [],
    placeholder: 'FILE|GLOB...',
    repeatable: true,
    expected: 'one or more files, or patterns of their names',
    help: 'texts without labels (csv, tsv, jsonl, parquet or txt, any number of files): the finished network answers them, and floor 0 learns from its answers',
    read: readFiles,
  }),
  unlabelledRest: integerOption<number | null>({
    group: floor0,
    affects: ['floor'],
    default: null,
    min: 1,
    placeholder: 'ROWS',
    help: 'with --limit: as --unlabelled, with at most this many of the training rows beyond the limit, without their labels',
  }),

  vocabularySize: integerOption({
    group: scratch,
    affects: ['run'],
    default: 8000,
    min: 100,
    max: 200_000,
    placeholder: 'PIECES',
    help: 'maximum size of the vocabulary built from the training rows',
    aliases: ['vocab_size'],
  }),
  hiddenSize: integerOption({
    group: scratch,
    affects: ['run', 'network'],
    default: 128,
    min: 8,
    max: 4096,
    help: 'width of the network; a multiple of --heads',
    aliases: ['hidden_size'],
  }),
  layers: integerOption({
    group: scratch,
    affects: ['run', 'network'],
    default: 4,
    min: 1,
    max: 96,
    help: 'number of layers; distilbert uses half of them',
    aliases: ['num_hidden_layers'],
  }),
  heads: integerOption({
    group: scratch,
    affects: ['run', 'network'],
    default: 2,
    min: 1,
    max: 128,
    help: 'attention heads per layer',
    aliases: ['num_attention_heads'],
  }),
  intermediateSize: integerOption<number | null>({
    group: scratch,
    affects: ['run', 'network'],
    default: null,
    min: 8,
    max: 16_384,
    help: 'width inside the feed-forward part (default: 4 times --hidden-size)',
    aliases: ['intermediate_size'],
  }),

  seed: integerOption({
    group: running,
    affects: ['run'],
    default: 0,
    min: 0,
    max: 2 ** 31 - 1,
    help: 'random seed; the same seed gives the same weights on the same machine',
  }),
  threads: integerOption<number | null>({
    group: running,
    affects: ['run'],
    default: null,
    min: 1,
    max: 1024,
    help: 'threads to compute with (default: one per core)',
  }),
  checkpointEvery: integerOption({
    group: running,
    affects: ['run'],
    default: 200,
    min: 0,
    placeholder: 'STEPS',
    help: 'steps between checkpoints for --resume; 0: only at the end of each stage',
    aliases: ['save_steps'],
  }),
  resume: flagOption({
    group: running,
    affects: [],
    default: false,
    help: 'continue an interrupted run in --out; the result is the same, bit for bit',
  }),
} as const satisfies OptionTable<TrainOptions>;
