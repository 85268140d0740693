import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planFor, planText } from '../../src/bench/plan.ts';

const measured = { requestsPerSecond: 800, p50Ms: 1.5, p99Ms: 9, residentBytes: 300 * 2 ** 20, workers: 2, cores: 2 };
const setting = { dtype: 'fp32', tau: 0.3 };

describe('a plan', () => {
  test('has as many machines as keep below the load that is wanted, and says what one that fails leaves', () => {
    const { extrapolated } = planFor(measured, { requestsPerSecond: 1000, load: 0.5, price: 0.1 }, setting);
    expect(extrapolated).toEqual({
      machines: 3,
      load: 1000 / 2400,
      loadWithoutOne: 1000 / 1600,
      residentBytes: 900 * 2 ** 20,
      costOfMonth: 3 * 0.1 * 730,
      costOfMillion: (3 * 0.1 * 1e6) / 3.6e6,
    });
  });

  test('has the fewest machines that do', () => {
    const wish = fc.record({
      requestsPerSecond: fc.double({ min: 0.01, max: 1e6, noNaN: true }),
      load: fc.double({ min: 0.01, max: 1, noNaN: true }),
      price: fc.constant(null),
    });
    fc.assert(
      fc.property(wish, (wish) => {
        const { machines, load, costOfMonth } = planFor(measured, wish, setting).extrapolated;
        expect(load).toBeLessThanOrEqual(wish.load * (1 + 1e-12));
        if (machines > 1) expect(wish.requestsPerSecond / (800 * (machines - 1))).toBeGreaterThan(wish.load);
        expect(costOfMonth).toBeNull();
      }),
    );
  });

  test('keeps apart in words what was measured and what was multiplied, with a cost only where there is a price', () => {
    const wish = { requestsPerSecond: 100, load: 0.6, price: null };
    const text = planText([planFor(measured, wish, setting)]);
    expect(text).toContain('Measured, on this machine over HTTP');
    expect(text).toContain('Extrapolated, by multiplying');
    expect(text).toContain('since no --price was given');
    expect(text).toContain('none is left');
    expect(text).not.toContain('a month');
    expect(planText([planFor(measured, { ...wish, price: 0.085 }, setting)])).toMatch(/a month[\s\S]*62\.05/);
  });
});
