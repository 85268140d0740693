/** Means and spreads, and how the tables of a reproduction write them. */

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** null where a value is: no layer of a network ran, so that there is no speed-up over one. */
export const ifAll = <T>(values: readonly (number | null)[], of: (values: readonly number[]) => T): T | null =>
  values.every((value) => value !== null) ? of(values) : null;

export const geometricMean = (values: readonly number[]): number => Math.exp(mean(values.map(Math.log)));

/** Standard deviation (n − 1); null for a single value. */
export function deviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1));
}

/** A share as percentage points. */
export const points = (share: number | null): string => (share === null ? '–' : (100 * share).toFixed(1));

/** `90.1 ± 0.2`, or the mean alone. */
export const withSpread = (center: number, spread: number | null, text: (value: number) => string): string =>
  spread === null ? text(center) : `${text(center)} ± ${text(spread)}`;
