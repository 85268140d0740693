/**
 * Exact tests and bounds for how often something happens: k of n rows. Knows no trace. The distributions are stdlib's.
 */
import betaQuantile from '@stdlib/stats-base-dists-beta-quantile';
import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf';

/** The p-value of H: the rate is at least `rate`: P(Binomial(n, rate) ≤ k). */
export const binomialPValue = (k: number, n: number, rate: number): number => binomialCdf(k, n, rate);

/** The bound that the rate is below with confidence 1 − α (Clopper and Pearson 1934). k may be a fraction. */
export const binomialUpper = (k: number, n: number, alpha: number): number =>
  k >= n ? 1 : betaQuantile(1 - alpha, k + 1, n - k);

/** The bound that the rate is above with confidence 1 − α. */
export const binomialLower = (k: number, n: number, alpha: number): number =>
  k <= 0 ? 0 : betaQuantile(alpha, k, n - k + 1);
