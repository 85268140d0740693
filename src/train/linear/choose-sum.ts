/**
 * How floor 0 is added to the network: softmax(z_L + w (z_0 − k log π)), w and k chosen by log-loss on validation rows.
 * The plain sum (1, 0) stays unless another is better there beyond noise, or where there are few rows; w = 0 if the network alone is
 * better than it. Each is taken at the temperature that suits it: networks are too sure of themselves, and two that agree still more
 * so, which would speak against every sum, although a temperature changes no answer.
 */
import { sumInto } from '../../pyramid/exits/sum.ts';
import { type FloorSum, PLAIN_SUM, priorLogits } from '../../pyramid/floor/index.ts';
import { isSeveral, rowLoss, rowsOf, type Truth } from './log-loss.ts';
import { temperatureOf } from './temperature.ts';

export interface SumRows {
  /** C */
  readonly labels: number;
  /** [n, C]: of the network's last layer. */
  readonly network: Float64Array | Float32Array;
  /** [n, C] */
  readonly floor: Float64Array | Float32Array;
  /** [n]: 0 where floor 0 knows nothing of the text; all do if left out. */
  readonly known?: ArrayLike<number>;
  readonly truth: Truth;
  /** π [C] */
  readonly prior: ArrayLike<number>;
}

export interface ChosenSum extends FloorSum {
  /** Mean log-loss of the network alone, of the plain sum and of the chosen one, each at its own temperature. */
  readonly logLoss: { readonly network: number; readonly plain: number; readonly chosen: number };
}

const WEIGHTS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2] as const;
const SHARES = [0, 0.5, 1] as const;
/** Of fewer validation rows chance alone says which sum is best: the plain one stays. */
const FEW = 30;
/** Standard errors of the mean difference by which another sum must be better than the plain one. */
const BEYOND_NOISE = 2;

export function chooseSum(rows: SumRows): ChosenSum {
  const log = priorLogits(rows.prior, isSeveral(rows.truth));
  const losses = (sum: FloorSum) => lossesOf(rows, sum, log);
  const network = losses({ weight: 0, priorShare: 0 });
  const plain = losses(PLAIN_SUM);
  if (network.length < FEW)
    return { ...PLAIN_SUM, logLoss: { network: mean(network), plain: mean(plain), chosen: mean(plain) } };
  let best: FloorSum = PLAIN_SUM;
  let bestLosses = plain;
  for (const weight of WEIGHTS) {
    for (const priorShare of SHARES) {
      const found = losses({ weight, priorShare });
      if (mean(found) < mean(bestLosses) && isBetter(found, plain))
        [best, bestLosses] = [{ weight, priorShare }, found];
    }
  }
  // the network alone is not held to be beyond noise: where nothing is won, nothing is added
  if (mean(network) <= mean(bestLosses)) [best, bestLosses] = [{ weight: 0, priorShare: 0 }, network];
  return { ...best, logLoss: { network: mean(network), plain: mean(plain), chosen: mean(bestLosses) } };
}

/** [n]: log-loss of each row, at the temperature at which their mean is least. */
function lossesOf({ labels, network, floor, known, truth }: SumRows, sum: FloorSum, log: Float64Array): Float64Array {
  const { weight, priorShare } = sum;
  const prior = log.map((share) => priorShare * share);
  const n = rowsOf(truth, labels);
  const summed = new Float64Array(n * labels);
  for (let i = 0; i < n; i++) {
    const [from, to] = [i * labels, (i + 1) * labels];
    const z0 = known?.[i] === 0 ? undefined : floor.subarray(from, to);
    sumInto(network.subarray(from, to), z0, { weight, prior }, summed.subarray(from, to));
  }
  const scale = temperatureOf(summed, truth, labels);
  return Float64Array.from({ length: n }, (_, i) => rowLoss(summed, i, truth, labels, scale));
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Whether `losses` lie below `others`, row by row, by more than chance would have it. */
function isBetter(losses: Float64Array, others: Float64Array): boolean {
  const differences = losses.map((loss, i) => others[i] - loss);
  const won = mean(differences);
  const variance = mean(differences.map((one) => (one - won) ** 2));
  return won > BEYOND_NOISE * Math.sqrt(variance / losses.length);
}
