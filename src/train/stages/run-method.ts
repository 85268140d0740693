/**
 * A method from its starting network to its last stage. Stages that several methods share (regular for all of a
 * depth; soft and hard for LTP and MP) run once when the methods are given one `shared` map.
 */
import { initialThresholds } from '../../pyramid/prune.ts';
import type { EncodedSet } from '../batch.ts';
import { type Checkpoints, type Progress, restoreState } from '../checkpoint/run-checkpoint.ts';
import { damaged } from '../checkpoint/stored-progress.ts';
import type { OnTrainEvent } from '../events.ts';
import { type Method, methods, type StageName, stageList } from '../methods.ts';
import { joinsAt, stageOptions } from '../options/affected.ts';
import type { Epochs, MethodName, TrainOptions } from '../options/defaults.ts';
import { addHeads, exitHeadKind } from '../start/exit-heads.ts';
import { meanAndSpread } from '../start/values.ts';
import { copyState, type ModelState } from '../state.ts';
import type { MoreTexts } from './more-texts.ts';
import { runStage } from './run-stage.ts';
import type { StageSettings } from './stage-steps.ts';

export interface MethodRun {
  readonly name: MethodName;
  readonly options: TrainOptions;
  /** Where it starts; not changed. */
  readonly start: ModelState;
  readonly pairs: boolean;
  readonly train: EncodedSet;
  readonly validation: EncodedSet | null;
  readonly settings: StageSettings;
  /**
   * Texts without labels, which the exit heads learn from in the last stage beside `train`: `name` tells them from others,
   * `texts` asks the finished network for what the heads need of them.
   */
  readonly more?: { readonly name: string; readonly texts: (state: ModelState) => Promise<MoreTexts> } | null;
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

/**
 * What leads to the state after a method's first `count` stages; runs that have it in common can share that state. `taught`:
 * a student with a teacher. `more`: the name of the texts without labels that the exit heads learn from in the last stage; null: none.
 */
export function stagePath(
  method: MethodName,
  given: TrainOptions,
  count: number,
  taught = false,
  more: string | null = null,
): string {
  const options = { ...given, method };
  const stages = stageList(method, options);
  const { student } = methods[method];
  const origin = student ? (taught ? 'taught student' : 'student') : 'full';
  const named = stages.slice(0, count).map((stage, i) => {
    const settings = stageOptions(stage, { ...options, epochs: epochsOf(options, stages, i) });
    const values = Object.entries(settings).map(([key, value]) => `${key} ${value}`);
    const texts = more !== null && isLastHeads(stages, i) ? ` and texts ${more}` : '';
    return `${stage}${joinsAt(stage, options) ? ' with heads' : ''} (${values.join(', ')})${texts}`;
  });
  return [`${origin} network`, ...named].join(', ');
}

/** Epochs of the stage at `index`: of heads that are fitted before they join, one at most. */
const epochsOf = ({ epochs }: Pick<TrainOptions, 'epochs'>, stages: readonly StageName[], index: number): Epochs =>
  stages[index] === 'heads' && index + 1 < stages.length ? { ...epochs, heads: Math.min(1, epochs.heads) } : epochs;

/** The stage in which the exit heads learn from the finished network. */
const isLastHeads = (stages: readonly StageName[], index: number): boolean =>
  stages[index] === 'heads' && index + 1 === stages.length;

export async function runMethod(run: MethodRun): Promise<MethodResult> {
  const { name, options, settings, checkpoints = null, shared, onEvent } = run;
  const method = methods[name];
  const stages = stageList(name, options);
  // before anything is trained
  if (method.exits) exitHeadKind(options.exitHead, run.pairs);
  const saved = await checkpoints?.load();
  if (saved && saved.progress.position.stage >= stages.length) {
    throw damaged(
      saved.path,
      `it is from stage ${saved.progress.position.stage + 1}, but this run has ${stages.length}`,
    );
  }
  let state = copyState(run.start);
  let progress: Progress = { position: { stage: 0, epoch: 0, batch: 0 }, lossSum: 0, seconds: 0, history: [] };
  const pathTo = (count: number) => stagePath(name, options, count, run.teacher !== undefined, run.more?.name ?? null);
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
    const joint = joinsAt(stage, { ...options, method: name });
    prepareStage(state, stage, method, run, joint);
    const early = stage === 'heads' && !isLastHeads(stages, index);
    const epochs = epochsOf(settings, stages, index);
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
    const more = run.more && isLastHeads(stages, index) && epochs.heads > 0 ? await run.more.texts(state) : null;
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
        more,
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
    if (options.delta === 'auto')
      onEvent({
        kind: 'note',
        text: `Δ_L (the last layer's initial threshold) is ${delta}, from the mean length of the texts`,
      });
    state.thresholds = initialThresholds(state.config.layers, delta);
  }
  // heads that have learned with the network are there already
  const fresh = state.heads.size === 0 || options.exitTraining === 'frozen';
  if (fresh && (joint || stage === 'heads'))
    addHeads(state, exitHeadKind(options.exitHead, pairs), pairs, options.seed, meanOf(state, train));
}

/** Of the training rows' numbers; null: they have labels. */
const meanOf = ({ config }: ModelState, { targets }: Pick<EncodedSet, 'targets'>): number | null =>
  config.problemType === 'regression' && targets ? meanAndSpread(targets.map((target) => ({ target }))).mean : null;
