/**
 * The curve of accuracy against cost over tau, and the choice of a tau on it. Pure functions of a trace: the curve of
 * one data split is never mixed with the choice on another.
 */
import { PyramidError } from '../errors.ts';
import { knownOptions } from '../option.ts';
import { tauBetween, toNumber, type Uncertainty } from '../pyramid/exits/exit-rule.ts';
import { type Summary, summarize } from './judge.ts';
import { type CountOptions, outcomes } from './outcomes.ts';
import { qualityOf } from './quality.ts';
import type { Trace } from './trace.ts';

/** The most points of a curve beside "off"; 101 of them are the round taus. */
const MOST_POINTS = 200;
const ROUND_TAUS = Array.from({ length: 101 }, (_, i) => i / 100);

/**
 * Figures at "off" (the first) and at each tau that matters, rising. Between two neighbouring uncertainties nothing
 * changes, so the curve is exact where there are at most 200 of them. Else its points are the round taus 0, 0.01, …,
 * 1 and some at even shares of the uncertainties, since those of a good model crowd near zero.
 */
export function tradeoff(trace: Trace, options: CountOptions = {}): Summary[] {
  const all = outcomes(trace, options);
  const uncertainties = all.flatMap(({ uncertainty, floorUncertainty }) => [floorUncertainty, ...uncertainty]);
  // floor 0 alone always answers
  const taus = trace.shape.layers === 0 ? [] : candidateTaus(uncertainties.filter((u) => u !== null));
  return [null, ...taus].map((tau) => summarize(all, tau, trace.labels.length));
}

/** How `chooseTau` chooses. */
export interface ChooseTauOptions extends CountOptions {
  /** The accuracy that the drop is counted from, 0 to 1: plain BERT's on the same rows. */
  readonly baseline: number;
  /** The accuracy that may be lost, 0 to 1: 0.005 is half a point. */
  readonly maxDrop: number;
  /** The count that is made smallest. */
  readonly by?: 'actual' | 'paper';
}

/**
 * The cheapest point of the curve whose accuracy is at least `baseline` − `maxDrop`; of equally cheap ones the more
 * accurate, then the smaller tau. "Off" (tau null) is a point like any other, and the answer where none is accurate
 * enough. Give it a validation trace: chosen on the test rows, tau would flatter itself.
 */
export function chooseTau(trace: Trace, given: ChooseTauOptions): Summary {
  const known = knownOptions(given, ['baseline', 'maxDrop', 'by', 'peeks', 'dense']);
  const { baseline, maxDrop, by = 'actual', ...options } = known;
  for (const [name, value] of Object.entries({ baseline, maxDrop })) {
    if (!(value >= 0 && value <= 1))
      throw new PyramidError('MP_USAGE', { what: `${name} is ${value}`, todo: 'give a fraction from 0 to 1' });
  }
  return cheapest(tradeoff(trace, options), baseline - maxDrop, by);
}

/** The choice of `chooseTau` on a curve, "off" its first point: the cheapest that is at least so accurate. */
export function cheapest([off, ...rest]: readonly Summary[], accuracy: number, by: 'actual' | 'paper'): Summary {
  // 0.975 − 0.005 is a little above 0.97 in floating point; the slack is far below the share of one text
  const least = accuracy - 1e-9;
  let best = off;
  for (const point of rest) {
    if (qualityOf(point) < least) continue;
    const cost = point.gflops[by] - best.gflops[by];
    if (qualityOf(best) < least || cost < 0 || (cost === 0 && qualityOf(point) > qualityOf(best))) best = point;
  }
  return best;
}

/** The most accurate point of a curve that is at least so many times faster; of equal ones the faster. null: none is. */
export function mostAccurate(curve: readonly Summary[], speedup: number, by: 'actual' | 'paper'): Summary | null {
  let best: Summary | null = null;
  for (const point of curve) {
    if (speed(point, by) < speedup) continue;
    const gain = best === null ? 1 : qualityOf(point) - qualityOf(best);
    if (gain > 0 || (gain === 0 && speed(point, by) > speed(best!, by))) best = point;
  }
  return best;
}

/** The speed-up; without end where no part of the network runs. */
const speed = ({ speedup }: Summary, by: 'actual' | 'paper'): number => speedup[by] ?? Number.POSITIVE_INFINITY;

/** Rising taus that split the uncertainties, each the shortest decimal that splits them there. */
function candidateTaus(uncertainties: readonly Uncertainty[]): number[] {
  const distinct = [...new Set(uncertainties)].sort((a, b) => toNumber(a) - toNumber(b));
  const split = (kept: readonly Uncertainty[]) => kept.map((u, i) => tauBetween(u, kept[i + 1] ?? null));
  if (distinct.length <= MOST_POINTS) return split(distinct);
  const shares = MOST_POINTS - ROUND_TAUS.length;
  const kept = Array.from(
    { length: shares },
    (_, i) => distinct[Math.round((i * (distinct.length - 1)) / (shares - 1))],
  );
  return [...new Set([...split(kept), ...ROUND_TAUS])].sort((a, b) => a - b);
}
