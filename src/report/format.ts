/** Figures as a reader sees them. */

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
export const times = (factor: number): string => `${factor.toFixed(factor < 9.95 ? 2 : 1)}×`;
/** Three significant digits, never as a power of ten. */
export const short = (value: number): string =>
  value === 0 ? '0' : value.toFixed(Math.min(12, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))));
