/** Figures as a reader sees them. */

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/**
 * Parts of a whole, as percentages that add up to what the whole is rounded to: each is rounded down, and the tenths that are
 * left go to the largest remainders.
 */
export function percents(shares: readonly number[]): string[] {
  const tenths = shares.map((share) => Math.floor(1000 * share + 1e-9));
  const sum = shares.reduce((total, share) => total + share, 0);
  const left = Math.round(1000 * sum) - tenths.reduce((total, one) => total + one, 0);
  const remainder = (i: number) => 1000 * shares[i] - tenths[i];
  const order = [...shares.keys()].sort((a, b) => remainder(b) - remainder(a));
  for (const i of order.slice(0, Math.max(0, left))) tenths[i]++;
  return tenths.map((one) => `${(one / 10).toFixed(1)} %`);
}
/** A factor; null: there is none. */
export const times = (factor: number | null): string =>
  factor === null
    ? '–'
    : factor < 999.95
      ? `${factor.toFixed(factor < 9.95 ? 2 : 1)}×`
      : `${Math.round(factor).toLocaleString('en')}×`;
/** Speed-ups in both counts, in words. */
export const operations = ({
  paper,
  actual,
}: {
  readonly paper: number | null;
  readonly actual: number | null;
}): string => {
  const fewer = (factor: number | null, counted: string) =>
    factor === null
      ? `no layer of a network runs, ${counted}`
      : `${factor.toFixed(2)} times fewer operations ${counted}`;
  return `${fewer(paper, 'as the paper counts')}, ${fewer(actual, 'as computed')}`;
};
/** Three significant digits, never as a power of ten. */
export const short = (value: number): string =>
  value === 0 ? '0' : value.toFixed(Math.min(12, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))));
