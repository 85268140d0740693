/**
 * How many rows a certificate would take, where there were too few: from the losses of the rows at hand, scaled up. A forecast, not a
 * promise: it is for four draws of rows in five.
 */
import type { Risk } from '../pyramid/folder/certificate.ts';
import { isRejected, type TestOptions, total } from './risk-test.ts';

/** The standard normal's 80 % quantile. */
const FOUR_IN_FIVE = 0.8416;
const MOST_ROWS = 1e6;

/**
 * About how many rows like these would certify the setting that lost `losses` [n]; null where the estimate itself is not below
 * `maxRisk`, so that more rows of this kind would not help, or where it would take more than a million.
 */
export function rowsNeeded(risk: Risk, losses: Int8Array, options: TestOptions): number | null {
  const n = losses.length;
  const mean = total(losses) / n;
  const variance = losses.reduce((sum, loss) => sum + loss * loss, 0) / n - mean * mean;
  if (mean >= options.maxRisk) return null;
  const gained = losses.filter((loss) => loss < 0).length / n;
  const certifies = (rows: number) =>
    isRejected(risk, likeThese(rows, mean + FOUR_IN_FIVE * Math.sqrt(variance / rows), gained), options);
  let most = 1;
  while (!certifies(most)) {
    most *= 2;
    if (most > MOST_ROWS) return null;
  }
  let least = Math.floor(most / 2);
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2);
    if (certifies(middle)) most = middle;
    else least = middle;
  }
  return most;
}

/** Rows with such a mean loss and share of gains, lost and gained ones spread evenly. */
function likeThese(rows: number, mean: number, gained: number): Int8Array {
  const losses = new Int8Array(rows);
  const spread = (count: number, value: number, shift: number) => {
    for (let i = 0; i < count; i++) losses[Math.min(rows - 1, Math.floor(((i + shift) * rows) / count))] += value;
  };
  spread(Math.min(rows, Math.ceil(rows * (mean + gained))), 1, 0.5);
  spread(Math.floor(rows * gained), -1, 0.75);
  return losses;
}
