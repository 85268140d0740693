/** Numbers as people read them. */

/** 46 s, 1 min 20 s, 2 h 05 min. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const padded = (n: number) => String(n).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${padded(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${padded(Math.floor((whole % 3600) / 60))} min`;
}

/** 0.985 as 98.5 %. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** accuracy, accuracy.1 (of an exit head), f1, tokens (left after a layer), … */
const share = /^(accuracy|f1|macroF1|tokens)/;

/** A metric by its name: shares in percent, ratios and layers with two decimals. */
export const metric = (name: string, value: number): string =>
  `${name} ${share.test(name) ? percent(value) : value.toFixed(2)}`;

/** 12345 as 12,345. */
export const thousands = (n: number): string => Math.round(n).toLocaleString('en-US');

/** 1 step, 2 steps. */
export const count = (n: number, noun: string): string => `${thousands(n)} ${noun}${n === 1 ? '' : 's'}`;
