/**
 * A risk's test and bound: betting for the net drop, which may go both ways, exact binomial for what happens or does not. The two
 * belong together: H is rejected at level α just where the bound is at most ε.
 */
import type { Bounded, Risk } from '../pyramid/folder/certificate.ts';
import { bettingUpper, largestLogCapital } from './betting.ts';
import { binomialPValue, binomialUpper } from './binomial.ts';

export interface TestOptions {
  /** ε, above 0 and below 1: the risk that is tested. */
  readonly maxRisk: number;
  /** α = 1 − confidence. */
  readonly alpha: number;
}

/** The bets that are made for a risk of `maxRisk` at level `alpha`. */
export const betsFor = ({ maxRisk, alpha }: TestOptions) => ({ alpha, variance: Math.min(1, 2 * maxRisk) });

/** Whether H: the risk is at least ε is rejected; losses [n] in the order they are read. */
export function isRejected(risk: Risk, losses: Int8Array, options: TestOptions): boolean {
  const { maxRisk, alpha } = options;
  if (risk === 'net-drop') return largestLogCapital(losses, maxRisk, betsFor(options)) >= Math.log(1 / alpha);
  return binomialPValue(total(losses), losses.length, maxRisk) <= alpha;
}

/** The mean loss, and its upper bound by inverting the test. */
export function bounded(risk: Risk, losses: Int8Array, options: TestOptions): Bounded {
  const lost = total(losses);
  return {
    estimate: lost / losses.length,
    upper:
      risk === 'net-drop' ? bettingUpper(losses, betsFor(options)) : binomialUpper(lost, losses.length, options.alpha),
  };
}

export const total = (losses: Int8Array): number => losses.reduce((sum, loss) => sum + loss, 0);
