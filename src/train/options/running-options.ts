/** The options of training for the size of a network that starts from nothing, and for how a run is run. */
import { flagOption, integerOption, type OptionTable, textOption } from '../../option.ts';

export interface RunningOptions {
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number | null;

  readonly seed: number;
  readonly threads: number | null;
  readonly checkpointEvery: number;
  readonly resume: boolean;
  readonly yes: boolean;
  readonly log: string | null;
}

const scratch = 'Network, with --model scratch';
const running = 'Running';

export const runningTable = {
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
  log: textOption<string | null>({
    group: running,
    affects: [],
    default: null,
    placeholder: 'FILE.csv',
    help: 'also write a line for each step and each epoch to this file: loss, and the figure on the validation rows',
  }),
  yes: flagOption({
    group: running,
    affects: [],
    default: false,
    help: 'train although each row has a label of its own, which a wrong --label column looks like',
  }),
} as const satisfies OptionTable<RunningOptions>;
