/**
 * Floor 0 from token ids and targets: its columns, the strength of its penalty, its weights, rounded as a folder keeps
 * them. Runs on the thread that calls it; floor-thread.ts has it done elsewhere. Reads no files, knows no networks.
 */
import {
  bucketsFor,
  FIGURES,
  type FloorParts,
  type FloorReading,
  outputsFor,
  PLAIN_SUM,
  roundToHalf,
  SeenBuckets,
} from '../../pyramid/floor/index.ts';
import { randomStream } from '../../random.ts';
import { averagedSgd } from './averaged-sgd.ts';
import { type ChosenStrength, chooseStrength } from './choose-strength.ts';
import { type Columns, columnsOf } from './columns.ts';
import type { OnFloorEvent } from './floor-event.ts';
import { type FloorRows, type FloorTargets, idCount, rowCount } from './floor-rows.ts';
import { FLOOR_DEFAULTS, type FloorSettings, leastRows } from './floor-settings.ts';
import { lbfgs, MEMORY } from './lbfgs.ts';
import { Logistic, parametersFor, shareOf, type WeightedTargets, weightedTargets } from './logistic.ts';
import { everyRow, matrixOf } from './matrix.ts';
import { partOf } from './part-of.ts';

export interface FloorJob {
  readonly rows: FloorRows;
  readonly targets: FloorTargets;
  /** C, 2 or more where a row has one label. */
  readonly labels: number;
  /** [V], see piece-kinds.ts of src/pyramid/floor. */
  readonly kinds: Uint8Array;
  /** [C] */
  readonly classWeights?: readonly number[];
  readonly seed: number;
  /** What is left out is as FLOOR_DEFAULTS has it for texts or pairs. */
  readonly settings?: Partial<FloorSettings>;
}

export interface TrainedFloor {
  readonly parts: FloorParts;
  /** How the strength was chosen, on left-out folds; null where one was given. */
  readonly chosen: ChosenStrength | null;
  readonly strength: number;
  readonly solver: 'l-bfgs' | 'averaged-sgd';
}

export function trainFloor(job: FloorJob, onEvent: OnFloorEvent = () => {}): TrainedFloor {
  const { rows, labels, kinds, seed } = job;
  const pairs = rows.seconds !== null;
  const settings: FloorSettings = { ...FLOOR_DEFAULTS[pairs ? 'pairs' : 'texts'], ...job.settings };
  const { bigrams, maxTokens, weighting } = settings;
  const minRows = settings.minRows ?? leastRows(rowCount(rows));
  const buckets = Math.min(settings.buckets, bucketsFor(labels));
  const reading: FloorReading = { pairs, buckets, bigrams, maxTokens, weighting };
  onEvent({ kind: 'floor', phase: 'features', done: 0, of: 1 });
  const columns = columnsOf(rows, reading, kinds, minRows);
  onEvent({ kind: 'floor', phase: 'features', done: 1, of: 1 });
  const targets = weightedTargets(job.targets, labels, job.classWeights ?? null);
  const chosen = settings.strength === null ? choose(job, columns, targets, { ...settings, minRows }, onEvent) : null;
  const strength = settings.strength ?? chosen!.strength;
  const solver =
    settings.solver ?? (bytesNeeded(rows, columns, targets) <= settings.maxBytes ? 'l-bfgs' : 'averaged-sgd');
  const parameters =
    solver === 'l-bfgs'
      ? wholeFit(rows, columns, targets, strength, settings, onEvent)
      : averagedSgd((some) => matrixOf(rows, columns, some), columns.count, targets, {
          ...{ strength, epochs: settings.epochs, seed, chunk: CHUNK },
          onChunk: (done) => onEvent({ kind: 'floor', phase: 'weights', done, of: settings.epochs * rowCount(rows) }),
        });
  const temperature = chosen?.temperature ?? 1;
  return { parts: partsOf(columns, parameters, targets, temperature), chosen, strength, solver };
}

/** Rows that become features at a time where not all fit. */
const CHUNK = 4096;
/** More rows tell strengths apart no better, and take longer. */
const MOST_CHOOSING_ROWS = 6000;
const LEAST_CHOOSING_ROWS = 1000;

/** By rows and columns of a part where there are many: its columns are fewer too. */
function choose(
  job: FloorJob,
  columns: Columns,
  all: WeightedTargets,
  settings: FloorSettings & { readonly minRows: number },
  onEvent: OnFloorEvent,
): ChosenStrength {
  const { labels, classWeights, seed } = job;
  const { folds, firstStrength, maxBytes, minRows } = settings;
  const n = rowCount(job.rows);
  const perRow = bytesNeeded(job.rows, columns, all) / n;
  const most = Math.min(MOST_CHOOSING_ROWS, Math.max(LEAST_CHOOSING_ROWS, Math.floor(maxBytes / perRow)));
  const whole = most >= n;
  const which = whole
    ? null
    : randomStream(seed, 'floor', 'strength')
        .shuffle([...everyRow(job.rows)])
        .slice(0, most);
  const { rows, targets } = which ? partOf(job, Int32Array.from(which).sort()) : job;
  const own = whole ? columns : columnsOf(rows, columns.reading, columns.kinds, minRows);
  return chooseStrength(matrixOf(rows, own), weightedTargets(targets, labels, classWeights ?? null), {
    ...{ folds, seed, start: firstStrength },
    onFold: (done) => onEvent({ kind: 'floor', phase: 'strength', done, of: Math.max(done, 4 * folds) }),
  });
}

function wholeFit(
  rows: FloorRows,
  columns: Columns,
  targets: WeightedTargets,
  strength: number,
  { tolerance, maxIterations }: FloorSettings,
  onEvent: OnFloorEvent,
): Float32Array {
  const matrix = matrixOf(rows, columns);
  const logistic = new Logistic(matrix, targets, everyRow(rows), strength);
  const parameters = new Float32Array(parametersFor(columns.count, targets));
  lbfgs((w, gradient) => logistic.evaluate(w, gradient), parameters, logistic.curvature(), {
    ...{ tolerance, maxIterations },
    onIteration: (done) => onEvent({ kind: 'floor', phase: 'weights', done, of: maxIterations }),
  });
  return parameters;
}

/** What L-BFGS would hold at once: the features twice while they are made, and its vectors. */
export function bytesNeeded(rows: FloorRows, columns: Columns, targets: WeightedTargets): number {
  const features = 2 * idCount(rows) + (columns.count - columns.seen) * rowCount(rows);
  return 16 * features + 4 * (2 * MEMORY + 6) * parametersFor(columns.count, targets);
}

/** Buckets in order rather than columns; half precision where a folder has it, so that what is measured is what is stored. */
function partsOf(
  { reading, kinds, seen, count, columnOf, idf, unseenIdf, pieceIdf, figures }: Columns,
  parameters: Float32Array,
  targets: WeightedTargets,
  temperature: number,
): FloorParts {
  const labels = targets.labelCount;
  const several = targets.positives !== null;
  const outputs = outputsFor(labels, several);
  const { bits } = SeenBuckets.of(columnOf.map((column) => column + 1));
  const weights = new Float32Array(seen * outputs);
  const ownIdf = new Float32Array(reading.weighting === 'binary' ? 0 : seen);
  let row = 0;
  for (const column of columnOf) {
    if (column < 0) continue;
    if (ownIdf.length > 0) ownIdf[row] = idf[column];
    for (let k = 0; k < outputs; k++) weights[row * outputs + k] = parameters[column * outputs + k];
    row++;
  }
  return {
    info: {
      ...{
        format: 1,
        ...reading,
        labels,
        ...(several && { several }),
        vocabulary: kinds.length,
        seen,
        unseenIdf,
        temperature,
        sum: PLAIN_SUM,
      },
    },
    ...{ kinds, bits, idf: ownIdf, weights: roundToHalf(weights) },
    bias: Float32Array.from(parameters.subarray(count * outputs)),
    prior: priorOf(targets),
    overlap: figures && {
      ...figures,
      pieceIdf: pieceIdf!,
      weights: Float32Array.from(parameters.subarray(seen * outputs, (seen + 2 * FIGURES) * outputs)),
    },
  };
}

/** π; a label that no row has counts as half a row, so that its logarithm is finite. */
function priorOf(targets: WeightedTargets): Float32Array {
  const { labelCount, labels, weights, positives } = targets;
  if (positives) return severalPrior(targets, positives);
  const sums = new Float64Array(labelCount);
  for (let i = 0; i < labels.length; i++)
    if (labels[i] >= 0) sums[labels[i]] += weights[i];
    else for (let c = 0; c < labelCount; c++) sums[c] += weights[i] * shareOf(targets, i, c);
  const counted = sums.map((sum) => Math.max(sum, 0.5));
  const total = counted.reduce((sum, count) => sum + count, 0);
  return Float32Array.from(counted, (count) => count / total);
}

/** π of each label by itself; half a row more with it and half a row without, so that its log-odds are finite. */
function severalPrior(targets: WeightedTargets, positives: Float64Array): Float32Array {
  const rows = targets.labels.length;
  return Float32Array.from(positives, (weight, c) => {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += shareOf(targets, i, c);
    return (weight * sum + 0.5) / (weight * sum + rows - sum + 1);
  });
}
