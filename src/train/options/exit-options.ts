/** The options of training for where a text may leave early: exit heads, and floor 0 before the network. */
import { choiceOption, customOption, integerOption, numberOption, type OptionTable } from '../../option.ts';
import { defaultExit, EXIT_KINDS, type ExitKind, exits as kinds } from '../../pyramid/exits/exits.ts';
import { FLOORS } from './choices.ts';
import { readFiles } from './option-values.ts';

export interface ExitOptions {
  readonly exitHead: 'auto' | ExitKind;
  readonly exitTraining: 'frozen' | 'joint';
  readonly jointFrom: 'regular' | 'soft';
  readonly jointTargets: 'labels' | 'classifier';
  readonly jointWeight: number;
  readonly jointHeadLearningRate: number;
  readonly headLearningRate: number;
  readonly headBatchSize: number;
  readonly pooledDropout: number;

  readonly floor: (typeof FLOORS)[number];
  readonly unlabelled: readonly string[];
  readonly unlabelledRest: number | null;
}

const exits = 'Early exit (fastbert, mp)';
const floor0 = 'Floor 0 (mp, linear)';

export const exitTable = {
  exitHead: choiceOption({
    group: exits,
    affects: ['joint', 'heads'],
    default: 'auto',
    choices: ['auto', ...EXIT_KINDS] as const,
    help: `what an exit head reads: ${EXIT_KINDS.map((kind) => `${kind}: ${kinds[kind].summary}`).join('; ')}; auto: ${defaultExit(true)} for pairs, else ${defaultExit(false)}`,
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
    help: 'texts without labels (csv, tsv, jsonl, parquet or txt, any number of files): the finished network answers them, and floor 0 and the exit heads learn from its answers',
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
} as const satisfies OptionTable<ExitOptions>;
