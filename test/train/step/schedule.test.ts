import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ScheduleName, scheduleFactor } from '../../../src/train/step/schedule.ts';

const factors = (
  steps: number,
  warmup: number,
  learningRateSchedule: ScheduleName = 'linear',
  warmupSteps: number | null = null,
) =>
  Array.from({ length: steps }, (_, step) =>
    scheduleFactor(step, steps, { learningRateSchedule, warmup, warmupSteps }),
  );

/** transformers' get_…_schedule_with_warmup, as its documentation states them: the factor after `step` of `steps`. */
const transformers: { readonly [S in ScheduleName]: (step: number, steps: number, rise: number) => number } = {
  linear: (step, steps, rise) =>
    step < rise ? step / Math.max(1, rise) : Math.max(0, (steps - step) / Math.max(1, steps - rise)),
  cosine: (step, steps, rise) =>
    step < rise
      ? step / Math.max(1, rise)
      : Math.max(0, 0.5 * (1 + Math.cos(Math.PI * 0.5 * 2 * ((step - rise) / Math.max(1, steps - rise))))),
  constant: (step, _, rise) => (step < rise ? step / Math.max(1, rise) : 1),
};

describe.each(['linear', 'cosine', 'constant'] as const)('the schedule %s', (name) => {
  it("is transformers' after the warm-up, and one step ahead of it before", () => {
    for (const [steps, rise] of [
      [100, 0],
      [100, 10],
      [7, 3],
      [1, 0],
    ]) {
      const all = factors(steps, 0.9, name, rise);
      for (let step = 0; step < steps; step++)
        expect(all[step]).toBeCloseTo(transformers[name](step < rise ? step + 1 : step, steps, rise), 12);
    }
  });

  it('is all warm-up where that takes more steps than there are', () => {
    expect(factors(4, 0, name, 1000)).toEqual([0.25, 0.5, 0.75, 1]);
  });
});

describe('the schedule linear', () => {
  it('rises by equal parts to 1, then falls by equal parts towards 0', () => {
    expect(factors(8, 0.5)).toEqual([0.25, 0.5, 0.75, 1, 1, 0.75, 0.5, 0.25]);
  });

  it('starts at 1 without warm-up, and ends at 1 if all of it is warm-up', () => {
    expect(factors(4, 0)).toEqual([1, 0.75, 0.5, 0.25]);
    expect(factors(4, 1)).toEqual([0.25, 0.5, 0.75, 1]);
  });

  it('reaches the highest learning rate to within one step, stays above 0, and has a single peak', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 1, noNaN: true }), (steps, warmup) => {
        const all = factors(steps, warmup);
        const highest = Math.max(...all);
        expect(Math.min(...all)).toBeGreaterThan(0);
        expect(highest).toBeLessThanOrEqual(1);
        const slope = Math.min(1, Math.max(1 / (warmup * steps || 1), 1 / (steps - warmup * steps || 1)));
        expect(highest).toBeGreaterThanOrEqual(1 - slope - 1e-9);
        const peak = all.indexOf(highest);
        for (let step = 1; step < steps; step++) {
          if (step <= peak) expect(all[step]).toBeGreaterThan(all[step - 1]);
          else expect(all[step]).toBeLessThanOrEqual(all[step - 1]);
        }
      }),
    );
  });
});
