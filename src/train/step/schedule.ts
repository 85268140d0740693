/** Linear warm-up to 1, then linear decay to 0: the factor of the learning rate at a step. */

/** `step` counts from 0; `warmup` is a share of `steps`. The last step is one step short of 0. */
export function linearSchedule(step: number, steps: number, warmup: number): number {
  const rise = warmup * steps;
  const up = rise > 0 ? (step + 1) / rise : 1;
  const down = (steps - step) / (steps - rise); // infinite if all of it is warm-up
  return Math.max(0, Math.min(1, up, down));
}
