/**
 * The factor of the learning rate at a step: a linear warm-up to 1, then by the schedule's name. Past the warm-up they are
 * transformers' get_linear_schedule_with_warmup, get_cosine_schedule_with_warmup (half a cycle) and
 * get_constant_schedule_with_warmup; in the warm-up ours is one step ahead, since a step at rate 0 would teach nothing.
 */

export const SCHEDULES = ['linear', 'cosine', 'constant'] as const;
export type ScheduleName = (typeof SCHEDULES)[number];

export interface ScheduleOptions {
  readonly learningRateSchedule: ScheduleName;
  /** Share of the steps. */
  readonly warmup: number;
  /** Steps, in the place of `warmup`; null: as `warmup` says. */
  readonly warmupSteps: number | null;
}

/** `step` counts from 0. With linear and cosine the last step is one step short of 0. */
export function scheduleFactor(
  step: number,
  steps: number,
  { learningRateSchedule, warmup, warmupSteps }: ScheduleOptions,
): number {
  const rise = warmupSteps === null ? warmup * steps : Math.min(warmupSteps, steps);
  const up = rise > 0 ? (step + 1) / rise : 1;
  return Math.max(0, Math.min(1, up, fall[learningRateSchedule](step, steps, rise)));
}

/** Behind `rise` steps of warm-up, which may be all. */
const fall: { readonly [S in ScheduleName]: (step: number, steps: number, rise: number) => number } = {
  linear: (step, steps, rise) => (steps - step) / (steps - rise), // infinite if all of it is warm-up
  cosine: (step, steps, rise) => (step > rise ? (1 + Math.cos((Math.PI * (step - rise)) / (steps - rise))) / 2 : 1),
  constant: () => 1,
};
