/** A training run: rows and a starting network in, a model folder out, by one method. */

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { PyramidError } from '../errors.ts';
import { chooseTau, type Judgement, judge, type Trace } from '../evaluate/index.ts';
import { FASTBERT_WIDTH } from '../pyramid/exits/fastbert.ts';
import { writeModelFolder } from '../pyramid/folder/disk-model.ts';
import { json, type PyramidInfo, type PyramidModel } from '../pyramid/folder/model-folder.ts';
import { shapeOf } from '../pyramid/shape.ts';
import { runtimeVersion } from '../runtime/onnxruntime.ts';
import { type Compile, compileOn, type Device } from '../runtime/runtime.ts';
import type { Dataset } from '../text/example.ts';
import type { EncodedSet } from './batch.ts';
import { CHECKPOINT, Checkpoints, checkpointPath } from './checkpoint/run-checkpoint.ts';
import type { OnTrainEvent } from './events.ts';
import { methods } from './methods.ts';
import { runOptions } from './options/affected.ts';
import type { TrainOptions } from './options/defaults.ts';
import { resolvedConfig } from './options/resolve.ts';
import { defaultThreads } from './options/threads.ts';
import { modelCard } from './output/model-card.ts';
import { withOut } from './output/out-folder.ts';
import { type MethodResult, runMethod, startingDelta } from './stages/run-method.ts';
import type { StageSettings } from './stages/stage-steps.ts';
import { labelCounts, labelNotes } from './start/label-counts.ts';
import { encodeSet, fingerprint, labelWeights, type Rows, readRows, startingModel } from './start/prepare.ts';
import type { ModelState } from './state.ts';
import { type TextTrace, Tracer } from './trace/tracer.ts';

export interface TrainResult {
  /** The model folder. */
  readonly out: string;
  readonly method: string;
  /** Chosen on the validation rows; null: the model has no early exit. */
  readonly tau: number | null;
  /** Of the test rows, else of the validation rows: accuracy without exits and at tau, F1, speed-ups. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** Where one of them lies, there is or was a run. */
const RUN_FILES = ['config.json', 'training.json', CHECKPOINT];

/** Accuracy that the halt value may cost on the validation rows. */
const MAX_DROP = 0.005;

/**
 * Trains by `options.method` and writes the folder `options.out`. With `resume`, continues from the last checkpoint and ends
 * with the same weights, bit for bit, as if it had never stopped. `signal` asks to stop after the step that is under way.
 * The options are complete and checked (options.ts). Throws MP_OUT_EXISTS, MP_OUT_BUSY, MP_TRAIN_STOPPED, MP_USAGE,
 * MP_DATA_*, MP_MODEL_*, MP_TRAIN_LOSS, MP_WRITE, MP_RESUME_MISMATCH.
 */
export async function runTraining(
  options: TrainOptions,
  device: Device,
  onEvent: OnTrainEvent,
  signal?: AbortSignal,
): Promise<TrainResult> {
  const out = resolve(options.out);
  const checkpoint = existsSync(checkpointPath(out));
  // a folder that is there is replaced only by the run whose checkpoint lies with it
  const isRun = (entries: readonly string[]) =>
    checkpoint || (entries.some((name) => RUN_FILES.includes(name)) && ('finished' as const));
  return withOut(out, { resume: options.resume, isRun }, onEvent, async (entries) => {
    if (options.resume && entries.length > 0 && !checkpoint) {
      throw new PyramidError('MP_USAGE', {
        what: `${out} has no checkpoint beside it: the run is finished, or it was none`,
        todo: 'leave it as it is, or give another --out',
      });
    }
    return trainInto(out, options, device, onEvent, signal);
  });
}

/** Without the guard over `out`. */
async function trainInto(
  out: string,
  options: TrainOptions,
  device: Device,
  onEvent: OnTrainEvent,
  signal?: AbortSignal,
): Promise<TrainResult> {
  const started = performance.now();
  const rows = await readRows(options, onEvent);
  const checkpoints = new Checkpoints(out, comparable(options, rows));
  const start = await startingModel(options, rows, methods[options.method].student, onEvent);
  checkDepth(options.method, start.state.config.layers);
  if (options.model !== 'scratch' && start.fresh.length > 0)
    onEvent({ kind: 'note', text: `new, from the seed: ${start.fresh.join(', ')}` });
  const encode = (dataset: Dataset, batchSize?: number) =>
    encodeSet(start.tokenizer, dataset, options.maxLength, batchSize);
  const sets = {
    train: encode(rows.train, options.batchSize),
    validation: encode(rows.validation),
    test: rows.test && encode(rows.test),
  };
  if (sets.train.truncated > 0) {
    onEvent({
      kind: 'note',
      text: `${sets.train.truncated} of ${rows.train.examples.length} training texts are longer than ${options.maxLength} tokens and were cut`,
    });
  }
  const settings = stageSettings(options, rows.train, device);
  const { pairs } = rows.train;
  for (const text of labelNotes(rows)) onEvent({ kind: 'note', text });
  const result = await runMethod({
    name: options.method,
    options,
    start: start.state,
    pairs,
    train: sets.train,
    validation: sets.validation,
    settings,
    checkpoints,
    onEvent,
    signal,
  });

  const { prunes, exits } = methods[options.method];
  const traceOf = (set: EncodedSet) => traceState(result.state, set, prunes, pairs, settings.compile);
  const validation = await traceOf(sets.validation);
  const tau = exits
    ? chooseTau(validation, { baseline: judge(validation, null).accuracy, maxDrop: MAX_DROP }).tau
    : null;
  const judged = sets.test ? await traceOf(sets.test) : validation;
  const metrics = figures(judge(judged, null), judge(judged, tau));
  const seconds = (performance.now() - started) / 1000;
  const record = {
    options: resolvedConfig(options),
    seed: options.seed,
    versions: versions(),
    data: dataRecord(rows),
    metrics,
    tau,
    ...(prunes && { delta: startingDelta(options.delta, sets.train) }),
    epochs: result.progress.history,
    seconds: result.progress.seconds,
  };
  const info = pyramidInfo(options, result, pairs, tau);
  await writeModelFolder(out, folderModel(result.state, info), {
    ...start.tokenizer.files,
    'training.json': json(record),
    'README.md': modelCard({ info, config: result.state.config, options, metrics, rows }),
  });
  await checkpoints.remove();
  return { out, method: options.method, tau, metrics, seconds };
}

/** Throws MP_USAGE for a method with early exit on a network of one layer. */
export function checkDepth(method: TrainOptions['method'], layers: number): void {
  if (!methods[method].exits || layers > 1) return;
  throw new PyramidError('MP_USAGE', {
    what: `a network of one layer has none to leave early, as --method ${method} would`,
    todo: 'give --layers 2 or more, or another method',
  });
}

/** One pass of the network with exits off over a set: what every tau is judged from. */
export async function traceState(
  state: ModelState,
  set: EncodedSet,
  prunes: boolean,
  pairs: boolean,
  compile: Compile,
): Promise<Trace> {
  const tracer = await Tracer.create(state, prunes ? 'hard' : 'none', compile);
  try {
    return toTrace(state, set, pairs, await tracer.trace(set));
  } finally {
    await tracer.close();
  }
}

function toTrace(
  { config, headSettings }: ModelState,
  { labels, lengths }: EncodedSet,
  pairs: boolean,
  judged: readonly TextTrace[],
): Trace {
  return {
    shape: shapeOf(config),
    labels: config.labels,
    headKind: headSettings.kind,
    pairs,
    entries: judged.map(({ tokens, logits }, i) => ({ label: labels[i], length: lengths[i], tokens, logits })),
  };
}

export function stageSettings(options: TrainOptions, rows: Dataset, device: Device): StageSettings {
  return {
    ...options,
    labelWeights: labelWeights(options.classWeights, rows),
    compile: compileOn(device, { threads: options.threads ?? defaultThreads() }),
  };
}

export const folderModel = (
  { config, parameters, heads, headSettings, thresholds }: ModelState,
  info: PyramidInfo,
): PyramidModel => ({
  config,
  info,
  parameters,
  heads,
  headSettings,
  thresholds,
});

export function pyramidInfo(
  options: TrainOptions,
  { state }: MethodResult,
  pairs: boolean,
  tau: number | null,
): PyramidInfo {
  const { prunes } = methods[options.method];
  return {
    format: 1,
    method: options.method,
    exitHead: state.headSettings.kind,
    exitTraining: options.exitTraining,
    pairs,
    headWidth: FASTBERT_WIDTH,
    prunes,
    temperature: options.temperature,
    lambda: options.lambda,
    maxLength: options.maxLength,
    tau,
  };
}

function figures(off: Judgement, chosen: Judgement): Record<string, number> {
  return {
    accuracy: off.accuracy,
    ...(off.f1 === null ? {} : { f1: off.f1 }),
    ...(chosen.tau === null ? {} : { accuracyAtTau: chosen.accuracy }),
    speedupPaper: chosen.speedup.paper,
    speedupActual: chosen.speedup.actual,
    meanExit: chosen.meanExit,
  };
}

/**
 * What must be the same when a run goes on. Checkpoints settle the word embedding, and threads share out sums: both
 * round, so they count too.
 */
export function comparable(options: TrainOptions, rows: Pick<Rows, 'train' | 'validation'>): Record<string, string> {
  return { ...runOptions(options), ...startedFrom(options, rows) };
}

/** What a result hangs on beside the options: the rows that were found, and as many threads as there are. */
export const startedFrom = (
  options: TrainOptions,
  rows: Pick<Rows, 'train' | 'validation'>,
): Record<string, string> => ({
  threads: String(options.threads ?? defaultThreads()),
  'training rows': fingerprint(rows.train),
  'validation rows': fingerprint(rows.validation),
});

const dataRecord = ({ train, validation, test }: Rows) =>
  Object.fromEntries(
    Object.entries({ train, validation, test })
      .filter((entry): entry is [string, Dataset] => entry[1] !== null)
      .map(([name, set]) => [
        name,
        { rows: set.examples.length, fingerprint: fingerprint(set), labels: labelCounts(set) },
      ]),
  );

export function versions(): Record<string, string> {
  const own = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return {
    'magic-pyramid': own.version,
    'onnxruntime-node': runtimeVersion(),
    node: process.version,
  };
}
