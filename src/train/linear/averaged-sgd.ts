/**
 * Averaged stochastic gradient descent (Polyak and Juditsky 1992; Xu 2011) for what does not fit L-BFGS: one row at a
 * time, features made anew for each chunk of rows, two vectors as large as the weights. The minimum is that of logistic.ts.
 *   w ← (1 − η_t λ) w − η_t r_i ∇CE_i, η_t = η_0 (1 + η_0 λ t)^(−3/4); the answer is the mean of w over the later steps.
 * w = v / d, so that the penalty is one division; the mean is (sum + fraction · v) / divisor for the same reason.
 */
import { outputsFor } from '../../pyramid/floor/index.ts';
import { randomStream } from '../../random.ts';
import { residualsOf, type WeightedTargets } from './logistic.ts';
import type { Matrix } from './matrix.ts';

export interface SgdOptions {
  readonly strength: number;
  readonly epochs: number;
  readonly seed: number;
  /** Rows that are made into features at a time. */
  readonly chunk: number;
  readonly onChunk?: (rowsDone: number) => void;
}

const POWER = -0.75;
/** η_0 · mean ‖x‖², the bias's 1 counted: twice what a Lipschitz constant of ½ allows on every row. */
const FIRST_STEP = 4;
/** Of all steps, those before averaging begins. */
const WARM_SHARE = 0.25;

/**
 * Parameters as logistic.ts has them: [columns, K], then the bias.
 * @param matrixOf features of some rows
 */
export function averagedSgd(
  matrixOf: (rows: Int32Array) => Matrix,
  columns: number,
  targets: WeightedTargets,
  { strength, epochs, seed, chunk, onChunk }: SgdOptions,
): Float32Array {
  const rows = targets.labels.length;
  const outputs = outputsFor(targets.labelCount, targets.positives !== null);
  const meanWeight = targets.weights.reduce((sum, weight) => sum + weight, 0) / rows;
  const lambda = 1 / (strength * rows * meanWeight); // of f divided by the mean weight of a row
  const v = new Float64Array(columns * outputs);
  const sum = new Float64Array(columns * outputs);
  const bias = new Float64Array(outputs);
  const meanBias = new Float64Array(outputs);
  const residual = new Float64Array(outputs);
  const warm = Math.floor(WARM_SHARE * epochs * rows);
  let d = 1;
  let divisor = 1;
  let fraction = 0;
  let step = 0;
  let firstRate = 0;

  const learn = ({ starts, indices, values }: Matrix, at: number, row: number) => {
    const rate = firstRate * (1 + firstRate * lambda * step) ** POWER;
    const from = starts[at];
    const to = starts[at + 1];
    residual.fill(0);
    for (let j = from; j < to; j++)
      for (let k = 0; k < outputs; k++) residual[k] += values[j] * v[indices[j] * outputs + k];
    for (let k = 0; k < outputs; k++) residual[k] = residual[k] / d + bias[k];
    residualsOf(residual, targets, row);
    d /= 1 - rate * lambda;
    const length = rate / meanWeight;
    for (let j = from; j < to; j++) {
      for (let k = 0; k < outputs; k++) {
        const change = -length * residual[k] * values[j] * d;
        v[indices[j] * outputs + k] += change;
        sum[indices[j] * outputs + k] -= fraction * change; // the mean so far stays as it is
      }
    }
    const share = step < warm ? 1 : 1 / (step - warm + 1);
    for (let k = 0; k < outputs; k++) {
      bias[k] -= length * residual[k];
      meanBias[k] += share * (bias[k] - meanBias[k]);
    }
    if (step === warm) {
      fraction = 1; // the mean is w
      divisor = d;
    } else if (step > warm) {
      divisor /= 1 - share;
      fraction += (share * divisor) / d;
    }
    step++;
    if (d > 1e50 || divisor > 1e50) settle();
  };

  /** The same v / d and mean with d = divisor = 1, before one of them leaves the range of numbers. */
  const settle = () => {
    for (let j = 0; j < v.length; j++) {
      sum[j] = (sum[j] + fraction * v[j]) / divisor;
      v[j] /= d;
    }
    d = 1;
    divisor = 1;
    fraction = 0;
  };

  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = Int32Array.from({ length: rows }, (_, i) => i);
    shuffle(order, seed, epoch);
    for (let from = 0; from < rows; from += chunk) {
      const some = order.subarray(from, Math.min(from + chunk, rows));
      const matrix = matrixOf(some);
      if (firstRate === 0) firstRate = FIRST_STEP / (1 + meanSquares(matrix));
      for (const [at, row] of some.entries()) learn(matrix, at, row);
      onChunk?.(epoch * rows + from + some.length);
    }
  }
  settle();
  const parameters = new Float32Array((columns + 1) * outputs);
  parameters.set(sum);
  parameters.set(meanBias, columns * outputs);
  return parameters;
}

function meanSquares({ values, rows }: Matrix): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum / rows;
}

function shuffle(order: Int32Array, seed: number, epoch: number): void {
  const stream = randomStream(seed, 'floor', 'order', epoch);
  for (let i = order.length - 1; i > 0; i--) {
    const j = stream.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
}
