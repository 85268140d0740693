import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearSchedule } from '../../../src/train/step/schedule.ts';

const factors = (steps: number, warmup: number) =>
  Array.from({ length: steps }, (_, step) => linearSchedule(step, steps, warmup));

describe('linearSchedule', () => {
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
