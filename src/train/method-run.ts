/**
 * A method from its starting network to its last stage. Stages that several methods share (regular for all of a
 * depth; soft and hard for LTP and MP) run once when the methods are given one `shared` map.
 */
import { initialThresholds } from '../pyramid/prune.ts';
import type { EncodedSet } from './batch.ts';
import { type Checkpoints, type Progress, restoreState } from './checkpoint.ts';
import type { MethodName, TrainOptions } from './defaults.ts';
import type { OnTrainEvent } from './events.ts';
import { headsJoin, type Method, methods, type StageName, stageList } from './methods.ts';
import { addHeads, exitHeadKind } from './prepare.ts';
import { runStage } from './stage.ts';
import type { StageSettings } from './stage-steps.ts';
import { copyState, type ModelState } from './state.ts';
import { damaged } from './stored-progress.ts';

export interface MethodRun {
  readonly name: MethodName;
  readonly options: Pick<
    TrainOptions,
    | 'delta'
    | 'temperature'
    | 'lambda'
    | 'exitHead'
    | 'exitTraining'
    | 'jointFrom'
    | 'jointTargets'
    | 'jointWeight'
    | 'jointHeadLearningRate'
    | 'headLearningRate'
    | 'headBatchSize'
    | 'pooledDropout'
    | 'epochs'
    | 'seed'
  >;
  /** Where it starts; not changed. */
  readonly start: ModelState;
  readonly pairs: boolean;
  readonly train: EncodedSet;
  readonly validation: EncodedSet | null;
  readonly settings: StageSettings;
  /** The fine-tuned network that a half-depth student learns from, beside the labels. */
  readonly teacher?: ModelState;
  readonly checkpoints?: Checkpoints | null;
  readonly shared?: SharedStages;
  readonly onEvent: OnTrainEvent;
  /** Asks to stop after the step that is under way. */
  readonly signal?: AbortSignal;
}

export interface MethodResult {
  readonly state: ModelState;
  /** Epochs and seconds, those of shared stages included. */
  readonly progress: Progress;
}

/** States after stages that were run already, by what led to them: a Map, or a folder of files. */
export interface SharedStages {
  get(path: string): MethodResult | undefined | Promise<MethodResult | undefined>;
  set(path: string, result: MethodResult): unknown;
}

/** What leads to the state after a method's first `count` stages; runs that have it in common can share that state. */
export function stagePath(name: MethodName, options: MethodRun['options'], count: number, taught = false): string {
  const { delta, temperature, lambda, exitHead, jointTargets, jointWeight, jointHeadLearningRate } = options;
  const { headLearningRate, headBatchSize, pooledDropout, epochs } = options;
  const { student } = methods[name];
  const origin = student ? (taught ? 'taught student' : 'student') : 'full';
  const join = headsJoin(name, options);
  const heads = `with ${exitHead} heads (of ${jointTargets}, weight ${jointWeight}, rate ${jointHeadLearningRate})`;
  const fit = `fitted to it (epochs ${earlyEpochs(epochs)}, rate ${headLearningRate}, batches of ${headBatchSize}, without ${pooledDropout})`;
  const named = stageList(name, options)
    .slice(0, count)
    .flatMap((stage) => {
      if (stage === 'regular') return join === 'soft' && count > 1 ? [stage, `${heads} ${fit}`] : [stage];
      if (stage === 'soft') return [`soft (delta ${delta}, temperature ${temperature}, lambda ${lambda})`];
      return stage === 'heads' ? [`heads (${exitHead})`] : [stage];
    });
  return [`${origin} network${join === 'regular' ? ` ${heads}` : ''}`, ...named].join(', ');
}

export async function runMethod(run: MethodRun): Promise<MethodResult> {
  const { name, options, settings, checkpoints = null, shared, onEvent } = run;
  const method = methods[name];
  const stages = stageList(name, options);
  const join = headsJoin(name, options);
  // before anything is trained
  if (method.exits) exitHeadKind(options.exitHead, run.pairs);
  const saved = await checkpoints?.load();
  if (saved && saved.progress.position.stage >= stages.length) {
    throw damaged(saved.path, `it is of stage ${saved.progress.position.stage + 1}, and there are ${stages.length}`);
  }
  let state = copyState(run.start);
  let progress: Progress = { position: { stage: 0, epoch: 0, batch: 0 }, lossSum: 0, seconds: 0, history: [] };
  const pathTo = (count: number) => stagePath(name, options, count, run.teacher !== undefined);
  // of the stages that were run already the last has what the others led to
  let done = stages.length;
  let known: MethodResult | undefined;
  while (done > 0 && !known) {
    known = await shared?.get(pathTo(done));
    if (!known) done--;
  }
  if (known) {
    state = copyState(known.state);
    progress = known.progress;
  }
  for (const [index, stage] of stages.entries()) {
    if (index < done) continue;
    const path = pathTo(index + 1);
    const joint = stage !== 'heads' && (join === 'regular' || (join === 'soft' && stage !== 'regular'));
    prepareStage(state, stage, method, run, joint);
    const early = stage === 'heads' && index + 1 < stages.length;
    const epochs = early ? { ...settings.epochs, heads: earlyEpochs(settings.epochs) } : settings.epochs;
    const stageSettings = { ...settings, epochs, jointWeight: joint ? settings.jointWeight : 0 };
    let resume: Parameters<typeof runStage>[2] = null;
    if (saved && index <= saved.progress.position.stage) {
      const { stage: at, epoch } = saved.progress.position;
      if (at > index) continue;
      restoreState(state, saved);
      // a checkpoint at the very end of a stage has nothing left to do in it
      if (epoch >= epochs[stage]) {
        progress = saved.progress;
        await shared?.set(path, { state: copyState(state), progress });
        continue;
      }
      resume = saved;
    }
    progress = await runStage(
      {
        method: name,
        stage,
        index,
        // a network that heads are fitted to early does not prune yet
        prunes: method.prunes && !early,
        state,
        train: run.train,
        validation: run.validation,
        settings: stageSettings,
        teacher: method.student ? run.teacher : undefined,
        checkpoints,
        onEvent,
        signal: run.signal,
      },
      progress,
      resume,
    );
    await shared?.set(path, { state: copyState(state), progress });
  }
  return { state, progress };
}

/** Epochs of a heads stage that is not the last: see stageList. */
const earlyEpochs = ({ heads }: TrainOptions['epochs']): number => Math.min(1, heads);

/**
 * Δ_L as it is given; auto is the mean score of a token, since the scores of a text sum to 1. What suited five tasks of
 * 30 to 99 tokens was 0.8 to 2.1 times that; 1.8 times cost one of them three points (docs/results). Two digits, so that it
 * can be given as it is said.
 */
export function startingDelta(delta: TrainOptions['delta'], { lengths }: Pick<EncodedSet, 'lengths'>): number {
  if (delta !== 'auto') return delta;
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  return Number((lengths.length / tokens).toPrecision(2));
}

/** What a stage needs to be there before it starts. */
function prepareStage(
  state: ModelState,
  stage: StageName,
  method: Method,
  { options, pairs, train, settings, onEvent }: MethodRun,
  joint: boolean,
): void {
  if (method.prunes && (stage === 'soft' || settings.epochs.soft === 0) && state.thresholds === null) {
    const delta = startingDelta(options.delta, train);
    if (options.delta === 'auto') onEvent({ kind: 'note', text: `Δ_L ${delta}, from the mean length of the texts` });
    state.thresholds = initialThresholds(state.config.layers, delta);
  }
  // heads that have learned with the network are there already
  const fresh = state.heads.size === 0 || options.exitTraining === 'frozen';
  if (fresh && (joint || stage === 'heads'))
    addHeads(state, exitHeadKind(options.exitHead, pairs), pairs, options.seed);
}
