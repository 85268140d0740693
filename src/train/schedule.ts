/** Linear warm-up to 1, then linear decay to 0: the factor of the learning rate at a step. */

/** `step` counts from 0; `warmup` is a share of `steps`. */
export function linearSchedule(step: number, steps: number, warmup: number): number {
  const rise = warmup * steps;
  return Math.min(1, rise > 0 ? (step + 1) / rise : 1) * Math.max(0, 1 - step / steps);
}
