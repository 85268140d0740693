/** What a step of each stage does, behind one face for the loop: task steps, steps on cached features, full distillation. */

import type { EncoderConfig } from '../../encoder/index.ts';
import { exitOf, readsFeatures } from '../../pyramid/exits/exits.ts';
import type { Pruning } from '../../pyramid/network.ts';
import { type Compile, float32 } from '../../runtime/runtime.ts';
import { NO_LABEL } from '../../text/example.ts';
import { type EncodedSet, packBatch } from '../batch.ts';
import type { StepMoments } from '../checkpoint/run-checkpoint.ts';
import type { OnTrainEvent } from '../events.ts';
import type { StageName } from '../methods.ts';
import type { TrainOptions } from '../options/defaults.ts';
import type { ModelState } from '../state.ts';
import { HeadsStep } from '../step/heads-step.ts';
import { type StepPart, type StepResult, type StepSettings, type StepTargets, TrainingStep } from '../step/step.ts';
import { Teacher } from '../step/teacher.ts';
import { Tracer } from '../trace/tracer.ts';
import { type MoreTexts, withMore, withMoreInputs } from './more-texts.ts';

/** Options that steps read; jointWeight 0: heads are not trained with the backbone. */
type StageOptionName =
  | (
      | 'epochs'
      | 'batchSize'
      | 'learningRate'
      | 'learningRateSchedule'
      | 'warmup'
      | 'warmupSteps'
      | 'weightDecay'
      | 'clip'
    )
  | ('gradientAccumulation' | 'labelSmoothing')
  | ('temperature' | 'lambda' | 'thresholdLearningRate')
  | ('headLearningRate' | 'headBatchSize' | 'pooledDropout')
  | ('jointHeadLearningRate' | 'jointWeight' | 'jointTargets')
  | ('checkpointEvery' | 'seed' | 'keep' | 'patience');

export interface StageSettings extends Pick<TrainOptions, StageOptionName> {
  /** Weight of each label in the loss. */
  readonly labelWeights: readonly number[];
  /** Of the device that the run is given, for its threads. */
  readonly compile: Compile;
}

export interface StageStep {
  /**
   * One step on the texts of `batches` at `factor` of the highest learning rate; `step` counts from 1. The heads stage takes one
   * batch at a time.
   */
  run(batches: readonly (readonly number[])[], factor: number, step: number, key: string): Promise<StepResult>;
  /** Tokens that a batch has. */
  tokens(indices: readonly number[]): number;
  moments(): StepMoments;
  /** Brings every tensor up to date, before it is read from outside. */
  settle(): void;
  /**
   * What, beside tensors and moments as they are, a later process needs to go on as if it were this one, which settling
   * would round; null: there is no such thing, only a settled state can be gone on from.
   */
  readonly decay: number | null;
  restoreDecay(decay: number): void;
  close(): Promise<void>;
}

interface StageContext {
  readonly stage: StageName;
  readonly prunes: boolean;
  readonly state: ModelState;
  readonly train: EncodedSet;
  readonly settings: StageSettings;
  /** Of the heads stage, beside `train`. */
  readonly more?: MoreTexts | null;
  /** Of the regular stage. */
  readonly teacher?: ModelState;
  readonly onEvent: OnTrainEvent;
}

/** How tokens are pruned when a stage is judged, and in the heads stage when it trains. */
export const stagePruning = (stage: StageName, prunes: boolean): Pruning =>
  stage === 'regular' || (stage === 'heads' && !prunes) ? 'none' : 'hard';

export async function createStageStep(context: StageContext): Promise<StageStep> {
  if (context.stage !== 'heads') return textStep(context, 'task');
  const exit = exitOf(context.state.headSettings.kind);
  if (!exit || readsFeatures(exit)) return featureStep(context);
  const { train, more } = context;
  return textStep({ ...context, train: more ? withMore(train, more) : train }, 'distill');
}

async function textStep(
  { stage, prunes, state, train, settings, teacher: teaches }: StageContext,
  objective: StepSettings['objective'],
): Promise<StageStep> {
  const pruning: Pruning = stage === 'soft' ? 'soft' : stagePruning(stage, prunes);
  const taught = teaches !== undefined && stage === 'regular';
  const teacher = taught ? await Teacher.create(teaches, settings.compile) : null;
  const positives = train.targets && settings.labelWeights.some((weight) => weight !== 1) && settings.labelWeights;
  const how = { ...settings, objective, pruning, taught, dropout: true, ...(positives && { positives }) };
  const step = await TrainingStep.create(state, how).catch(async (error: unknown) => {
    await teacher?.close();
    throw error;
  });
  const { learningRate, headLearningRate, jointHeadLearningRate } = settings;
  const weights = stage === 'heads' ? headLearningRate : learningRate;
  const heads = stage === 'heads' ? headLearningRate : jointHeadLearningRate;
  const target = targetsOf(state.config, train, settings);
  return {
    async run(batches, factor, at, key) {
      const parts: StepPart[] = [];
      for (const indices of batches) {
        const batch = packBatch(train, indices);
        parts.push({ batch, targets: { ...target(indices), teacherOutput: await teacher?.run(batch) } });
      }
      const thresholds = settings.thresholdLearningRate * factor;
      const rates = { weights: weights * factor, heads: heads * factor, thresholds };
      return step.runParts(parts, rates, at, key);
    },
    tokens: (indices) => indices.reduce((sum, index) => sum + train.lengths[index], 0),
    moments: () => ({
      moments: step.optimiser.moments,
      words: objective === 'task' ? { moments: step.words.moments, touched: step.words.touched } : null,
    }),
    settle: () => step.words.settle(),
    get decay() {
      return step.words.decay;
    },
    restoreDecay: (decay) => step.words.restoreDecay(decay),
    async close() {
      await step.close();
      await teacher?.close();
    },
  };
}

async function featureStep({ stage, prunes, state, train, more, settings, onEvent }: StageContext): Promise<StageStep> {
  onEvent({
    kind: 'note',
    text: 'the backbone is frozen: the inputs of the exit heads are computed once, in one pass',
  });
  const tracer = await Tracer.create(state, stagePruning(stage, prunes), settings.compile);
  const own = await tracer.headInputs(train).finally(() => tracer.close());
  const { lengths } = more ? withMore(train, more) : train;
  const step = await HeadsStep.create(state, more ? withMoreInputs(own, more) : own, settings);
  return {
    run: ([indices], factor, at, key) => step.run(indices, settings.headLearningRate * factor, at, key),
    tokens: (indices) => indices.reduce((sum, index) => sum + lengths[index], 0),
    moments: () => ({ moments: step.optimiser.moments, words: null }),
    settle: () => step.settle(),
    decay: null,
    restoreDecay: () => {},
    close: () => step.close(),
  };
}

/**
 * Targets and row weights of a batch: one-hot ones where a text has one label. Smoothed by ε, the label of C has 1 − ε + ε/C and every
 * other ε/C; where a text may have any number of labels, one that it has 1 − ε/2 and any other ε/2.
 */
function targetsOf(
  { labels: { length: labels }, problemType }: Pick<EncoderConfig, 'labels' | 'problemType'>,
  train: EncodedSet,
  { labelWeights, labelSmoothing }: Pick<StageSettings, 'labelWeights' | 'labelSmoothing'>,
): (indices: readonly number[]) => StepTargets {
  const smoothing = problemType === 'regression' ? 0 : labelSmoothing;
  const smooth = (targets: Float32Array, to: number) =>
    targets.map((value) => (1 - smoothing) * value + smoothing * to);
  return (indices) => {
    const targets = new Float32Array(indices.length * labels);
    const weights = new Float32Array(indices.length);
    indices.forEach((index, text) => {
      const target = train.targets?.[index];
      if (target) {
        targets.set(smoothing > 0 ? smooth(Float32Array.from(target), 1 / 2) : target, text * labels);
        weights[text] = 1;
        return;
      }
      if (train.labels[index] === NO_LABEL) return; // distilled alone, which asks for neither
      targets[text * labels + train.labels[index]] = 1;
      weights[text] = labelWeights[train.labels[index]];
      const own = targets.subarray(text * labels, (text + 1) * labels);
      if (smoothing > 0) own.set(smooth(own, 1 / labels));
    });
    return { targets: float32(targets, indices.length, labels), weights: float32(weights, indices.length) };
  };
}
