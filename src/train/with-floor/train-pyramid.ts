/**
 * A run's whole model, from its starting network to what every tau is judged from: the method's stages, floor 0 after the
 * last of them, a temperature for each exit, and traces that all are in. One run and an experiment's trials call this. Chooses no tau, writes no folder.
 */
import { PyramidError } from '../../errors.ts';
import type { Trace } from '../../evaluate/index.ts';
import { type TargetRule, USUAL_THRESHOLD } from '../../pyramid/exits/answer-rule.ts';
import { type Dataset, problemTypeOfRows } from '../../text/example.ts';
import type { Tokenizer } from '../../text/index.ts';
import type { EncodedSet } from '../batch.ts';
import type { Progress } from '../checkpoint/run-checkpoint.ts';
import { StoredAnswers } from '../checkpoint/stored-answers.ts';
import type { OnFloorEvent } from '../linear/index.ts';
import { hasFloor, hasTemperatures, methods } from '../methods.ts';
import { type MethodResult, type MethodRun, runMethod } from '../stages/run-method.ts';
import type { Rows } from '../start/rows.ts';
import { meanAndSpread } from '../start/values.ts';
import { type ModelState, noNetwork } from '../state.ts';
import { chooseThresholds, thresholdsNote } from '../trace/label-thresholds.ts';
import { networkTrace } from '../trace/network-trace.ts';
import { answerTexts } from './answer-texts.ts';
import { fitTemperatures, withTemperatures } from './exit-temperatures.ts';
import { HeadTexts } from './head-texts.ts';
import { type FloorFacts, type LearnedFloor, learnFloor, traceOfFloorAlone, traceWithFloor } from './learn-floor.ts';
import { type Text, textsDigest } from './unlabelled-texts.ts';

export interface PyramidRun extends Omit<MethodRun, 'more'> {
  readonly rows: Pick<Rows, 'train' | 'validation'>;
  /** Whether the training rows leave memory as floor 0 reads them, see `FloorLesson`. */
  readonly letsGo?: boolean; // false
  readonly validation: EncodedSet;
  readonly tokenizer: Tokenizer;
  /** Texts without labels, for floor 0 and, in their last stage, the exit heads. */
  readonly unlabelled?: readonly Text[];
}

export interface TrainedPyramid {
  readonly result: MethodResult;
  /** null: it has none. */
  readonly floor: LearnedFloor | null;
  /** T [L], fitted on the validation rows; null: all are 1. */
  readonly exitTemperatures: readonly number[] | null;
  /** Thresholds of labels, chosen on the validation rows, or the spread of numbers; null: a text has one label. */
  readonly answers: TargetRule | null;
  /** Of the validation rows, floor 0 and temperatures in it. */
  readonly validation: Trace;
  /** Of other rows, `set` being `rows` as tokens. */
  trace(rows: Pick<Dataset, 'examples'>, set: EncodedSet): Promise<Trace>;
}

/** Throws as `runMethod`, MP_TRAIN_STOPPED while floor 0 is learned too. */
export async function trainPyramid(run: PyramidRun): Promise<TrainedPyramid> {
  const { name, options, pairs, settings, rows, tokenizer } = run;
  const { network, prunes } = methods[name];
  const teacher = new TextsAnswered(run);
  const ran = network
    ? await runMethod({ ...run, more: teacher.forHeads() })
    : { state: noNetwork(rows.train.labels, tokenizer, problemTypeOfRows(rows.train)), progress: NO_PROGRESS };
  const before = firstRule(rows.train);
  const alone = (set: EncodedSet) =>
    networkTrace(ran.state, set, { prunes, pairs, compile: settings.compile, ...(before && { answers: before }) });
  const own = network ? await alone(run.validation) : null;
  const floor = hasFloor({ method: name, floor: options.floor }) ? await learn(run, teacher, ran.state, own) : null;
  const trace = async ({ examples }: Pick<Dataset, 'examples'>, set: EncodedSet, known?: Trace): Promise<Trace> => {
    if (!floor) return known ?? alone(set);
    const z0s = await floor.logits(examples);
    if (network) return traceWithFloor(known ?? (await alone(set)), floor, z0s);
    const texts = z0s.map((z0, i) => ({
      ...{ label: set.labels[i], ...(set.targets && { target: set.targets[i] }) },
      ...{ length: set.lengths[i], floor: z0 },
    }));
    return traceOfFloorAlone(rows.train, floor, texts, before);
  };
  const validation = await trace(rows.validation, run.validation, own ?? undefined);
  const temperatures = hasTemperatures({ ...options, method: name }) ? fitTemperatures(validation) : null;
  const fitted = withTemperatures(validation, temperatures);
  const answers =
    before?.problemType === 'multi_label_classification'
      ? { ...before, thresholds: chooseThresholds(fitted, options.seed) }
      : (before ?? null);
  const moved =
    answers?.problemType === 'multi_label_classification'
      ? thresholdsNote(rows.train.labels, answers.thresholds)
      : null;
  if (moved !== null) run.onEvent({ kind: 'note', text: moved });
  const finished = (some: Trace): Trace => (answers ? { ...some, answers } : some);
  const { progress } = ran;
  return {
    result: floor ? { ...ran, progress: { ...progress, seconds: progress.seconds + floor.facts.seconds } } : ran,
    floor,
    exitTemperatures: temperatures,
    answers,
    validation: finished(fitted),
    trace: async (some, set) => finished(withTemperatures(await trace(some, set), temperatures)),
  };
}

/** How answers are made before there is anything to choose from; undefined: a text has one label. */
function firstRule(train: Dataset): TargetRule | undefined {
  const problemType = problemTypeOfRows(train);
  if (problemType === 'regression') return { problemType, spread: meanAndSpread(train.examples).spread };
  if (problemType === 'single_label_classification') return undefined;
  return { problemType, thresholds: train.labels.map(() => USUAL_THRESHOLD) };
}

/** The texts without labels as the finished network answers them: asked once, for the exit heads and for floor 0. */
class TextsAnswered {
  readonly #run: PyramidRun;
  #scores: Float32Array | null = null;

  constructor(run: PyramidRun) {
    this.#run = run;
  }

  forHeads(): MethodRun['more'] {
    const { unlabelled = [], options, onEvent } = this.#run;
    if (unlabelled.length === 0) return null;
    return {
      name: textsDigest(unlabelled),
      texts: (state) =>
        this.#stopped('heads', async (follow) => {
          const heads = new HeadTexts(state, unlabelled.length, options.seed);
          if (heads.note !== null) onEvent({ kind: 'note', text: heads.note });
          this.#scores = await this.#answers(state, follow, heads);
          return heads.texts;
        }),
    };
  }

  /** For floor 0: with the texts' scores, null where there are none. Throws MP_TRAIN_STOPPED as all that `work` does. */
  forFloor<T>(state: ModelState, work: (scores: Float32Array | null, follow: OnFloorEvent) => Promise<T>): Promise<T> {
    const { unlabelled = [] } = this.#run;
    return this.#stopped('floor', async (follow) =>
      work(unlabelled.length === 0 ? null : (this.#scores ?? (await this.#answers(state, follow))), follow),
    );
  }

  #answers(state: ModelState, onEvent: OnFloorEvent, heads?: HeadTexts): Promise<Float32Array> {
    const { name, unlabelled = [], tokenizer, options, settings, checkpoints = null, signal } = this.#run;
    const { maxLength } = options;
    const { prunes } = methods[name];
    const { compile } = settings;
    const stored = checkpoints && new StoredAnswers(checkpoints.path);
    return answerTexts(state, unlabelled, { tokenizer, maxLength, prunes, compile, stored, onEvent, signal, heads });
  }

  /** Says where it was stopped, and whether there is something to go on from. */
  async #stopped<T>(stage: string, work: (follow: OnFloorEvent) => Promise<T>): Promise<T> {
    const { checkpoints = null, onEvent, signal } = this.#run;
    let done = 0;
    try {
      return await work((event) => {
        done = event.done;
        onEvent(event);
      });
    } catch (cause) {
      if (!signal?.aborted) throw cause;
      const checkpoint = checkpoints?.exists ? checkpoints.path : null;
      throw new PyramidError('MP_TRAIN_STOPPED', { stage, step: done, checkpoint }, { cause });
    }
  }
}

function learn(
  run: PyramidRun,
  teacher: TextsAnswered,
  state: ModelState,
  network: Trace | null,
): Promise<LearnedFloor> {
  const { rows, letsGo, tokenizer, options, settings, unlabelled = [], onEvent, signal } = run;
  return teacher.forFloor(state, async (scores, follow) => {
    const floor = await learnFloor({
      ...rows,
      letsGo,
      unlabelled: scores && { examples: unlabelled, scores },
      tokenizer,
      vocabularySize: state.config.vocabularySize,
      classWeights: settings.labelWeights,
      network,
      sum: options.floor === 'apart' ? 'apart' : 'chosen',
      seed: options.seed,
      onEvent: follow,
      signal,
    });
    onEvent({ kind: 'note', text: floorNote(floor.facts, network !== null) });
    return floor;
  });
}

/** Of a method without stages. */
const NO_PROGRESS: Progress = { position: { stage: 0, epoch: 0, batch: 0 }, lossSum: 0, seconds: 0, history: [] };

function floorNote({ rows, unlabelled, strength, sum, apart, seconds }: FloorFacts, before: boolean): string {
  const texts = unlabelled === 0 ? '' : ` and ${unlabelled} texts without labels`;
  const learned = `floor 0 has learned from ${rows} rows${texts} in ${seconds.toFixed(1)} s (strength ${strength})`;
  if (!before) return learned;
  if (sum.weight > 0) return `${learned}; it is added to every exit with w = ${sum.weight}, k = ${sum.priorShare}`;
  return `${learned}; it is added to no other exit${apart ? '' : ', since the network alone is better on the validation rows'}`;
}
