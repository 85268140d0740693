/** Figures as a reader sees them. */

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
/** A factor; null: there is none. */
export const times = (factor: number | null): string =>
  factor === null ? '–' : `${factor.toFixed(factor < 9.95 ? 2 : 1)}×`;
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
