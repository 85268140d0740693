/** The options of training that the stages of a network have: optimisation, and token pruning. */
import { customOption, integerOption, numberOption, type OptionTable } from '../../option.ts';
import { SCHEDULES, type ScheduleName, type ScheduleOptions } from '../step/schedule.ts';
import {
  type ClassWeights,
  DEFAULT_EPOCHS,
  type Epochs,
  readClassWeights,
  readDelta,
  readEpochs,
  readKeep,
  readSchedule,
} from './option-values.ts';

export interface StageOptions extends ScheduleOptions {
  readonly epochs: Epochs;
  readonly batchSize: number;
  readonly minSteps: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly clip: number;
  readonly keep: 'best' | 'last';
  readonly patience: number | null;
  readonly classWeights: ClassWeights;
  readonly gradientAccumulation: number;
  readonly labelSmoothing: number;
  readonly dropout: number | null;

  readonly delta: number | 'auto';
  readonly temperature: number;
  readonly lambda: number;
  readonly thresholdLearningRate: number;
}

const optimisation = 'Optimisation';
const pruning = 'Token pruning (ltp, mp)';

export const stageTable = {
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
  minSteps: integerOption({
    group: optimisation,
    affects: ['regular', 'soft', 'hard', 'heads'],
    default: 200,
    min: 0,
    max: 100_000,
    placeholder: 'STEPS',
    help: 'the regular stage takes at least this many: where rows are few it has more epochs, at most 100, the other stages in proportion, and batches are smaller; 0, the default where --epochs is given: epochs and batches as they are',
  }),
  keep: customOption<'best' | 'last'>({
    group: optimisation,
    affects: ['regular', 'hard', 'heads'],
    default: 'last',
    placeholder: 'best|last',
    expected: 'best or last',
    help: 'the epoch that a stage goes on from: best: that with the best figure on the validation rows (of equal ones the later; of few rows the best is chance); last, the default where --patience is not given: the learning rate has come down by then. The soft stage keeps its last',
    aliases: ['load_best_model_at_end'],
    read: readKeep,
  }),
  patience: integerOption<number | null>({
    group: optimisation,
    affects: ['regular', 'hard', 'heads'],
    default: null,
    min: 1,
    max: 1000,
    placeholder: 'EPOCHS',
    help: 'end a stage, but for the soft one, once so many epochs were no better on the validation rows than one before; then --keep is best unless it is given',
    aliases: ['early_stopping_patience'],
  }),
  learningRate: numberOption({
    group: optimisation,
    affects: ['regular', 'soft', 'hard'],
    default: 5e-5,
    min: 0,
    above: true,
    max: 1,
    help: 'peak learning rate, reached after warm-up; for a network from scratch 5e-4 where none is given',
    aliases: ['learning_rate'],
  }),
  learningRateSchedule: customOption<ScheduleName>({
    group: optimisation,
    affects: ['run', 'network'],
    default: 'linear',
    placeholder: SCHEDULES.join('|'),
    expected: `one of ${SCHEDULES.join(', ')}`,
    help: 'how the learning rate goes on after warm-up, in each stage: linear: by equal parts to zero; cosine: along half a cosine to zero; constant: it stays (constant_with_warmup is another name for it)',
    aliases: ['lr_scheduler_type'],
    read: readSchedule,
  }),
  warmup: numberOption({
    group: optimisation,
    affects: ['run', 'network'],
    default: 0.1,
    min: 0,
    max: 1,
    placeholder: 'SHARE',
    help: "the share of a stage's steps over which the learning rate rises",
    aliases: ['warmup_ratio'],
  }),
  warmupSteps: integerOption<number | null>({
    group: optimisation,
    affects: ['run', 'network'],
    default: null,
    min: 0,
    placeholder: 'STEPS',
    help: 'the steps of each stage over which the learning rate rises, instead of --warmup',
    aliases: ['warmup_steps'],
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
  gradientAccumulation: integerOption({
    group: optimisation,
    affects: ['regular', 'soft', 'hard'],
    default: 1,
    min: 1,
    max: 1024,
    placeholder: 'BATCHES',
    help: 'batches whose gradients make one step, in all stages except heads: a step has --batch-size times as many rows, and takes the memory of one batch',
    aliases: ['gradient_accumulation_steps'],
  }),
  labelSmoothing: numberOption({
    group: optimisation,
    affects: ['regular', 'soft', 'hard'],
    default: 0,
    min: 0,
    max: 0.99,
    placeholder: 'SHARE',
    help: 'the share of a row that the loss takes from its own label and gives to all labels alike; floor 0 learns without it',
    aliases: ['label_smoothing_factor'],
  }),
  dropout: numberOption<number | null>({
    group: optimisation,
    affects: ['run', 'network'],
    default: null,
    min: 0,
    max: 0.9,
    placeholder: 'SHARE',
    help: "the share of values that a training step leaves out after the embeddings, of attention's weights, after each part of a block and before the classifier (default: what the model's config.json says; 0.1 with scratch)",
    aliases: ['hidden_dropout_prob'],
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
} as const satisfies OptionTable<StageOptions>;
