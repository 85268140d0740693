/**
 * The search of the paper's appendix C: pruning methods on one task over Δ_L, T and λ, on a grid or at random, the regular
 * stage shared. The choice is made on the validation rows, and the test rows are looked at for it alone.
 */
import { join, resolve } from 'node:path';
import { PyramidError } from '../../errors.ts';
import { type QualityName, qualityName, qualityOf } from '../../evaluate/quality.ts';
import { json } from '../../pyramid/folder/model-folder.ts';
import { randomStream } from '../../random.ts';
import { taskNamed } from '../../text/index.ts';
import type { OnTrainEvent } from '../../train/events.ts';
import { methods } from '../../train/methods.ts';
import type { TrainOptions } from '../../train/options/defaults.ts';
import type { GivenTrainOptions } from '../../train/options/resolve.ts';
import { withOut } from '../../train/output/out-folder.ts';
import { writeWhole } from '../../write-whole.ts';
import { type Outcome, runCampaign } from '../campaign.ts';
import { needDataDir } from '../data-dir.ts';
import { folderName, type MethodRow } from '../method-rows.ts';
import { limitOf, methodRows, type RowLimit, taskOptions } from '../reproduce/reproduce.ts';
import type { Campaign, Unit } from '../unit.ts';
import { sweepCsv } from './sweep-table.ts';

export interface SweepOptions {
  readonly task: string;
  readonly methods: readonly string[];
  readonly deltas: readonly number[];
  readonly temperatures: readonly number[];
  readonly lambdas: readonly number[];
  /** This many random points between the least and the largest values; null: every combination of them. */
  readonly sample: number | null;
  readonly out: string;
  readonly limit: RowLimit;
  readonly testLimit: RowLimit;
  readonly maxDrop: number;
  readonly by: 'actual' | 'paper';
  readonly resume: boolean;
  readonly training: GivenTrainOptions;
}

/** One run of the search; figures are of the validation rows. */
export interface SweepRow {
  readonly method: string;
  /** null where the method does not prune. */
  readonly delta: TrainOptions['delta'] | null;
  readonly temperature: number | null;
  readonly lambda: number | null;
  readonly tau: number | null;
  readonly accuracy: number | null;
  /** What that is, where it is not accuracy. */
  readonly figure?: QualityName;
  /** Below plain BERT. */
  readonly drop: number | null;
  readonly gflops: number | null;
  readonly gflopsActual: number | null;
  readonly speedupPaper: number | null;
  readonly speedupActual: number | null;
  readonly seconds: number | null;
  readonly failed: string | null;
}

export interface SweepResult {
  readonly rows: readonly SweepRow[];
  /** The cheapest row whose drop is allowed, and its figures on the test rows; null: there is none. */
  readonly choice: (SweepRow & { readonly test: SweepTest }) | null;
  readonly failed: number;
}

export interface SweepTest {
  readonly accuracy: number;
  readonly gflops: number;
  readonly gflopsActual: number;
  readonly speedupPaper: number | null;
  readonly speedupActual: number | null;
}

interface Point {
  readonly delta: number;
  readonly temperature: number;
  readonly lambda: number;
}

/** Throws MP_OUT_EXISTS, MP_OUT_BUSY, MP_TASK_UNKNOWN, MP_USAGE, MP_RESUME_MISMATCH. */
export async function sweep(options: SweepOptions, onEvent: OnTrainEvent): Promise<SweepResult> {
  const out = resolve(options.out);
  taskNamed(options.task);
  const isRun = (entries: readonly string[]) => entries.some((name) => ['bert', 'stages', 'sweep.json'].includes(name));
  return withOut(out, { resume: options.resume, isRun }, onEvent, () => sweepInto(out, options, onEvent));
}

async function sweepInto(out: string, options: SweepOptions, onEvent: OnTrainEvent): Promise<SweepResult> {
  await needDataDir(options.training.dataDir, [options.task]);
  const outcomes = await runCampaign(sweepCampaign({ ...options, out }), onEvent);
  const result = resultOf(outcomes, options);
  await writeWhole(join(out, 'sweep.csv'), sweepCsv(result.rows));
  await writeWhole(join(out, 'sweep.json'), json(result));
  return result;
}

/** Its runs; `out` is a whole path. */
export const sweepCampaign = (options: SweepOptions): Campaign => ({
  units: unitsOf(options),
  maxDrop: options.maxDrop,
  by: options.by,
  confidence: null,
  distilbertModel: null,
  keepModels: false,
});

/**
 * What must hold before any of it is trained. Throws MP_TASK_UNKNOWN, MP_USAGE.
 */
export async function checkSweep({ task, training }: SweepOptions): Promise<void> {
  taskNamed(task);
  await needDataDir(training.dataDir, [task]);
}

/** The tables of a sweep whose runs are all done. Where another process writes them, it is left to that. Throws MP_RESUME_MISMATCH, MP_WRITE. */
export async function finishSweep(options: SweepOptions, onEvent: OnTrainEvent): Promise<void> {
  const { out } = options;
  try {
    await withOut(out, { resume: true, isRun: () => true }, onEvent, () => sweepInto(out, options, onEvent));
  } catch (error) {
    if (!(error instanceof PyramidError && error.code === 'MP_OUT_BUSY')) throw error;
  }
}

function unitsOf({ task, methods: names, out, limit, testLimit, training, ...options }: SweepOptions): Unit[] {
  const seed = training.seed ?? 0;
  // plain BERT is what a drop is counted from
  const rows = methodRows(['bert', ...names]);
  const points = options.sample === null ? grid(options) : sample(options, options.sample, seed);
  const unit = (row: MethodRow, point: Point | null): Unit => {
    const name = point ? `${folderName(row.name)} ${pointName(point)}`.replaceAll(' ', '-') : folderName(row.name);
    const folder = join(out, name);
    // nothing is certified here, so that no rows are kept apart for it
    const given = { ...training, calibrationShare: 0, ...point, seed, out: folder, limit: limitOf(limit, task) };
    return {
      task,
      row,
      seed,
      folder,
      stagesFolder: join(out, 'stages'),
      testLimit: limitOf(testLimit, task),
      label: point ? `${row.name}, ${pointName(point)}` : row.name,
      options: taskOptions(task, row, given),
    };
  };
  const dense = rows.filter(({ method }) => !methods[method].prunes).map((row) => unit(row, null));
  const pruning = rows.filter(({ method }) => methods[method].prunes);
  // by point, so that methods of a point share its stages while they lie on disk
  return [...dense, ...points.flatMap((point) => pruning.map((row) => unit(row, point)))];
}

const pointName = ({ delta, temperature, lambda }: Point) =>
  `delta ${delta} temperature ${temperature} lambda ${lambda}`;

type Space = Pick<SweepOptions, 'deltas' | 'temperatures' | 'lambdas'>;

export function grid({ deltas, temperatures, lambdas }: Space): Point[] {
  return deltas.flatMap((delta) =>
    temperatures.flatMap((temperature) => lambdas.map((lambda) => ({ delta, temperature, lambda }))),
  );
}

/** Δ_L uniform, λ uniform in its logarithm, T one of the values: three digits each, so that a table can name them. */
export function sample({ deltas, temperatures, lambdas }: Space, count: number, seed: number): Point[] {
  const between = (low: number, high: number, share: number) => low + (high - low) * share;
  const digits = (value: number) => Number(value.toPrecision(3));
  return Array.from({ length: count }, (_, i) => {
    // a stream a point: a longer sample begins with the shorter one
    const random = randomStream(seed, 'sweep', i);
    const delta = digits(between(Math.min(...deltas), Math.max(...deltas), random.next()));
    const temperature = temperatures[random.integer(temperatures.length)];
    const [low, high] = [Math.min(...lambdas), Math.max(...lambdas)];
    const lambda =
      low > 0
        ? digits(Math.exp(between(Math.log(low), Math.log(high), random.next())))
        : digits(between(low, high, random.next()));
    return { delta, temperature, lambda };
  });
}

function resultOf(outcomes: readonly Outcome[], { maxDrop, by }: SweepOptions): SweepResult {
  const rows = outcomes.map(rowOf);
  const cost = ({ gflops, gflopsActual }: SweepRow) =>
    (by === 'paper' ? gflops : gflopsActual) ?? Number.POSITIVE_INFINITY;
  let best = -1;
  rows.forEach((row, i) => {
    // half a row of rounding is no drop
    if (row.drop === null || row.drop > maxDrop + 1e-9) return;
    if (best < 0 || cost(row) < cost(rows[best])) best = i;
  });
  const chosen = outcomes[best];
  return {
    rows,
    choice: chosen && 'result' in chosen ? { ...rows[best], test: testOf(chosen) } : null,
    failed: rows.filter(({ failed }) => failed !== null).length,
  };
}

function rowOf(outcome: Outcome): SweepRow {
  const { row, options } = outcome.unit;
  const { prunes } = methods[row.method];
  const { delta, temperature, lambda } = options;
  const point = prunes ? { delta, temperature, lambda } : { delta: null, temperature: null, lambda: null };
  if ('failed' in outcome) {
    const none = { tau: null, accuracy: null, drop: null, gflops: null, gflopsActual: null };
    const { failed } = outcome;
    return { method: row.name, ...point, ...none, speedupPaper: null, speedupActual: null, seconds: null, failed };
  }
  const { validation } = outcome.result;
  const { tau, gflops, speedup } = validation;
  const accuracy = qualityOf(validation);
  const figure = qualityName(validation);
  return {
    method: row.name,
    ...point,
    tau,
    accuracy,
    ...(figure !== 'accuracy' && { figure }),
    drop: outcome.result.baseline - accuracy,
    gflops: gflops.paper,
    gflopsActual: gflops.actual,
    speedupPaper: speedup.paper,
    speedupActual: speedup.actual,
    seconds: outcome.result.clock.seconds,
    failed: null,
  };
}

function testOf({ result }: Extract<Outcome, { result: unknown }>): SweepTest {
  const { gflops, speedup } = result.test;
  return {
    accuracy: qualityOf(result.test),
    gflops: gflops.paper,
    gflopsActual: gflops.actual,
    speedupPaper: speedup.paper,
    speedupActual: speedup.actual,
  };
}
