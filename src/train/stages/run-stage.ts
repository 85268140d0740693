/**
 * One stage of a method: its loop over epochs and batches, with schedule, events, validation, checkpoints. What a step
 * does is stage-steps.ts's; which stages there are is methods.ts's.
 */
import { PyramidError } from '../../errors.ts';
import { exitOf, readsFeatures } from '../../pyramid/exits/exits.ts';
import { trainingBatches } from '../../text/batches.ts';
import type { EncodedSet } from '../batch.ts';
import { type Checkpoints, type Progress, restoreMoments, type Saved } from '../checkpoint/run-checkpoint.ts';
import type { OnTrainEvent, TrainEvent } from '../events.ts';
import type { StageName } from '../methods.ts';
import type { ModelState } from '../state.ts';
import { AdamW } from '../step/adamw.ts';
import { scheduleFactor } from '../step/schedule.ts';
import { HeadsTracer } from '../trace/heads-tracer.ts';
import { type TextTrace, Tracer } from '../trace/tracer.ts';
import { validationMetrics } from '../trace/validation-metrics.ts';
import { bestEpoch, figuresOf, isOver, keptEpoch, keptNote } from './kept-epoch.ts';
import { type MoreTexts, withMore } from './more-texts.ts';
import { createStageStep, type StageSettings, stagePruning } from './stage-steps.ts';

export interface StageRun {
  readonly method: string;
  readonly stage: StageName;
  /** Index among the method's stages, for checkpoints. */
  readonly index: number;
  /** Whether tokens are pruned in the heads stage. */
  readonly prunes: boolean;
  readonly state: ModelState;
  readonly train: EncodedSet;
  readonly validation: EncodedSet | null;
  /** Texts without labels that the heads stage learns from beside `train`. */
  readonly more?: MoreTexts | null;
  readonly settings: StageSettings;
  /** Of a half-depth student, in its regular stage. */
  readonly teacher?: ModelState;
  readonly checkpoints: Checkpoints | null;
  readonly onEvent: OnTrainEvent;
  /** Asks to stop after the step that is under way. */
  readonly signal?: AbortSignal;
}

type EpochEvent = Extract<TrainEvent, { kind: 'epoch' }>;

/**
 * Runs the stage, from `resume` if that is given (progress and tensors of a checkpoint within it). Changes the state
 * in place. Throws MP_TRAIN_LOSS at a loss that is not finite, MP_TRAIN_STOPPED once a checkpoint is written.
 */
export async function runStage(run: StageRun, before: Progress, resume: Saved | null): Promise<Progress> {
  const { stage, index, state, validation, settings, checkpoints, onEvent, signal } = run;
  const { lengths } = run.more ? withMore(run.train, run.more) : run.train;
  const { seed } = settings;
  const epochs = settings.epochs[stage];
  const batchSize = stage === 'heads' ? settings.headBatchSize : settings.batchSize;
  const together = stage === 'heads' ? 1 : settings.gradientAccumulation;
  const batches = Math.ceil(Math.ceil(lengths.length / batchSize) / together);
  const steps = epochs * batches;
  onEvent({ kind: 'stage', method: run.method, stage, epochs, steps });
  let progress = resume?.progress ?? { ...before, position: { stage: index, epoch: 0, batch: 0 }, lossSum: 0 };
  if (epochs === 0) return progress;
  const started = performance.now();
  const step = await createStageStep(run);
  let tracer: EpochTracer | null = null;
  const clock = new Clock(steps);
  const kept = validation ? keptEpoch(stage, state, settings) : null;
  const base = progress.seconds;
  const seconds = () => base + (performance.now() - started) / 1000;
  const fail = (at: number, loss: number): never => {
    const checkpoint = checkpoints?.exists ? checkpoints.path : null;
    throw new PyramidError('MP_TRAIN_LOSS', { stage, step: at, loss, checkpoint });
  };
  const save = async (
    position: Progress['position'],
    lossSum: number,
    history: readonly EpochEvent[],
    beforeSaving = () => {},
  ) => {
    step.settle();
    beforeSaving();
    if (!areFinite(state, stage)) fail(position.epoch * batches + position.batch, Number.NaN);
    progress = { position, lossSum, seconds: seconds(), history };
    await checkpoints?.save(state, step.moments(), progress, kept?.tensors());
  };
  /** A checkpoint that was not due changes nothing: it is of the state as it is, or the last one stays. */
  const stop = async (position: Progress['position'], lossSum: number): Promise<never> => {
    const { decay } = step;
    const at = position.epoch * batches + position.batch;
    if (decay !== null && !areFinite(state, stage)) fail(at, Number.NaN);
    if (decay !== null) {
      const { history } = progress;
      const now = { position, lossSum, seconds: seconds(), decay, history };
      await checkpoints?.save(state, step.moments(), now, kept?.tensors());
    }
    throw new PyramidError('MP_TRAIN_STOPPED', {
      stage,
      step: at,
      checkpoint: checkpoints?.exists ? checkpoints.path : null,
    });
  };
  try {
    if (resume) {
      restoreMoments(step.moments(), resume);
      step.restoreDecay(resume.progress.decay ?? 1);
      kept?.restore(resume);
    }
    tracer = validation ? await createEpochTracer(run, validation) : null;
    for (let epoch = progress.position.epoch; epoch < epochs; epoch++) {
      const epochStarted = performance.now();
      const order = inSteps(trainingBatches(lengths, { batchSize, seed, path: [stage, epoch] }), together);
      let lossSum = progress.position.epoch === epoch ? progress.lossSum : 0;
      for (let batch = progress.position.epoch === epoch ? progress.position.batch : 0; batch < batches; batch++) {
        const at = epoch * batches + batch;
        const stepStarted = performance.now();
        const { loss } = await step.run(
          order[batch],
          scheduleFactor(at, steps, settings),
          at + 1,
          `${seed}/${stage}/${at}`,
        );
        if (!Number.isFinite(loss)) fail(at + 1, loss);
        lossSum += loss;
        clock.tick(step.tokens(order[batch].flat()), performance.now() - stepStarted);
        onEvent({
          kind: 'step',
          stage,
          epoch: epoch + 1,
          step: at + 1,
          steps,
          loss,
          tokensPerSecond: clock.tokensPerSecond,
          secondsLeft: clock.secondsLeft(at + 1),
        });
        const due = settings.checkpointEvery > 0 && (at + 1) % settings.checkpointEvery === 0 && batch + 1 < batches;
        if (due) await save({ stage: index, epoch, batch: batch + 1 }, lossSum, progress.history);
        else if (signal?.aborted) await stop({ stage: index, epoch, batch: batch + 1 }, lossSum);
      }
      step.settle();
      const metrics =
        tracer && validation
          ? validationMetrics(await tracer.trace(), validation, state.config.problemType === 'regression')
          : null;
      const event: EpochEvent = {
        kind: 'epoch',
        stage,
        epoch,
        loss: lossSum / batches,
        validation: metrics,
        seconds: (performance.now() - epochStarted) / 1000,
      };
      onEvent({ ...event, epoch: epoch + 1 });
      const history = [...progress.history, event];
      const figures = figuresOf(stage, history);
      if (bestEpoch(figures) === figures.length - 1) kept?.take();
      const isLast = epoch + 1 === epochs || (stage !== 'soft' && isOver(figures, settings.patience));
      // a stage that is over early has its planned epochs behind it
      const position = { stage: index, epoch: isLast ? epochs : epoch + 1, batch: 0 };
      await save(position, 0, history, isLast ? () => kept?.giveBack() : undefined);
      if (!isLast) continue;
      const text = validation && keptNote(stage, figures, epochs, kept);
      if (text) onEvent({ kind: 'note', text });
      break;
    }
  } finally {
    await step.close();
    await tracer?.close();
  }
  return { ...progress, seconds: seconds() };
}

/** The batches of each step: so many, the last step what is left. */
const inSteps = (batches: readonly (readonly number[])[], together: number): (readonly (readonly number[])[])[] =>
  Array.from({ length: Math.ceil(batches.length / together) }, (_, step) =>
    batches.slice(step * together, (step + 1) * together),
  );

/** Traces the validation rows after each epoch. */
interface EpochTracer {
  trace(): Promise<TextTrace[]>;
  close(): Promise<void>;
}

async function createEpochTracer(
  { stage, prunes, state, settings: { compile } }: StageRun,
  validation: EncodedSet,
): Promise<EpochTracer> {
  const tracer = await Tracer.create(state, stagePruning(stage, prunes), compile);
  const exit = exitOf(state.headSettings.kind);
  if (stage !== 'heads' || !exit || !readsFeatures(exit))
    return { trace: () => tracer.trace(validation), close: () => tracer.close() };
  try {
    return await HeadsTracer.create(state, tracer, validation, compile);
  } finally {
    await tracer.close();
  }
}

/** A last update that overflowed would show in the next loss only: weights are not saved unseen. */
function areFinite({ parameters, heads, thresholds }: ModelState, stage: StageName): boolean {
  const backbone = stage === 'heads' ? [] : [...parameters.values(), ...(thresholds ? [{ data: thresholds }] : [])];
  const kernel = new AdamW();
  return [...backbone, ...heads.values()].every(({ data }) => Number.isFinite(kernel.sumOfSquares(data)));
}

/** Speed over the last steps. */
class Clock {
  readonly #steps: number;
  readonly #recent: { tokens: number; ms: number }[] = [];

  constructor(steps: number) {
    this.#steps = steps;
  }

  tick(tokens: number, ms: number): void {
    this.#recent.push({ tokens, ms });
    if (this.#recent.length > 30) this.#recent.shift();
  }

  get tokensPerSecond(): number {
    return (1000 * this.#sum('tokens')) / this.#sum('ms');
  }

  secondsLeft(done: number): number {
    return ((this.#steps - done) * this.#sum('ms')) / this.#recent.length / 1000;
  }

  #sum(key: 'tokens' | 'ms'): number {
    return this.#recent.reduce((sum, step) => sum + step[key], 0);
  }
}
