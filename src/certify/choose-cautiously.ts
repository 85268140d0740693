/**
 * A choice of tau that allows for luck, for rows that are too few or too used to certify anything: "chosen, not certified". Where
 * chooseTau takes the fastest point that lost little on these rows, this one asks for two standard errors more.
 */
import { PyramidError } from '../errors.ts';
import type { Summary } from '../evaluate/judge.ts';
import { type CountOptions, type Outcome, outcomes } from '../evaluate/outcomes.ts';
import { targetQuality } from '../evaluate/quality.ts';
import type { Trace } from '../evaluate/trace.ts';
import { cheapest, tradeoff } from '../evaluate/tradeoff.ts';
import { knownOptions } from '../option.ts';
import { fullAnswers, lossesAt } from './losses.ts';

/** What may be lost, and what is made smallest. */
export interface ChooseCautiouslyOptions extends CountOptions {
  /** The drop that may not be exceeded, 0 to 1: 0.01 is one point. */
  readonly maxDrop: number;
  /** The count that is made smallest; `actual` where left out. */
  readonly by?: 'actual' | 'paper';
  /** [n]: the answers that the drop is counted from; the network's own, run to the end, where left out. */
  readonly reference?: readonly number[];
}

/**
 * The cheapest point of the curve with d̄ + 2 s / √n ≤ `maxDrop`, d̄ and s the mean and the standard deviation of the paired
 * differences D_i; of equally cheap ones the more accurate, then the smaller tau. "Off" where there is none. Throws MP_USAGE.
 */
export function chooseCautiously(trace: Trace, given: ChooseCautiouslyOptions): Summary {
  const known = knownOptions(given, ['maxDrop', 'by', 'reference', 'peeks', 'dense']);
  const { maxDrop, by = 'actual', reference, ...options } = known;
  if (!(maxDrop >= 0 && maxDrop <= 1))
    throw new PyramidError('MP_USAGE', { what: `maxDrop is ${maxDrop}`, todo: 'give a fraction from 0 to 1' });
  const all = outcomes(trace, options);
  const full = fullAnswers(all, reference);
  const [off, ...rest] = tradeoff(trace, options);
  const dropAt = trace.answers
    ? targetDrop(all)
    : (tau: number | null) => cautiousDrop(lossesAt(all, full, tau, 'net-drop'));
  const safe = rest.filter(({ tau }) => dropAt(tau) <= maxDrop + 1e-9);
  // every point that is left may be taken: only the cost decides, "off" among them
  return cheapest([off, ...safe], Number.NEGATIVE_INFINITY, by);
}

/**
 * The same of a figure that is no mean over rows, micro F1 or R²: what it loses at a tau, and two standard errors more, by
 * what each row moves it by (the delta method).
 */
function targetDrop(all: readonly Outcome[]): (tau: number | null) => number {
  const full = targetQuality(all, null);
  return (tau) => {
    const early = targetQuality(all, tau);
    const rows = full.influence.map((move, i) => full.value - early.value + move - early.influence[i]);
    return cautiousDrop(rows);
  };
}

/** Below so many rows a standard error of 0 says nothing at all. */
const FEW = 20;

/** d̄ + 2 s / √n of net drops [n]. */
export function cautiousDrop(differences: ArrayLike<number>): number {
  const n = differences.length;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    sum += differences[i];
    squares += differences[i] ** 2;
  }
  const mean = sum / n;
  // one row says nothing of the spread
  if (n < 2) return Number.POSITIVE_INFINITY;
  // few rows among which none differs say nothing of how many do: at most 3 of n, with 95 % confidence (the rule of three)
  if (n < FEW && squares === 0) return 3 / n;
  return mean + 2 * Math.sqrt(Math.max(0, squares - n * mean * mean) / (n - 1) / n);
}
