import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bettingLower, bettingPValue, bettingUpper, largestLogCapital } from '../../src/certify/betting.ts';

const options = { alpha: 0.05, variance: 0.02 };
const drops = fc.array(fc.constantFrom(-1, 0, 0, 0, 0, 0, 1), { minLength: 2, maxLength: 400 });
const epsilons = fc.double({ min: -0.9, max: 0.9, noNaN: true });

describe('a betting p-value', () => {
  it('lies above 0 and at most at 1, and never overflows', () => {
    fc.assert(
      fc.property(drops, epsilons, (rows, epsilon) => {
        const p = bettingPValue(rows, epsilon, options);
        expect(p).toBeGreaterThan(0);
        expect(p).toBeLessThanOrEqual(1);
      }),
    );
    expect(largestLogCapital(new Int8Array(200_000).fill(-1), 0.9, options)).toBeGreaterThan(1000);
    expect(largestLogCapital(new Int8Array(200_000).fill(1), 0.01, options)).toBe(0);
  });

  it('never rises when more may be lost', () => {
    fc.assert(
      fc.property(drops, epsilons, epsilons, (rows, a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        expect(largestLogCapital(rows, more, options)).toBeGreaterThanOrEqual(
          largestLogCapital(rows, less, options) - 1e-9,
        );
      }),
    );
  });

  it('never rises when the row that is read last becomes better', () => {
    fc.assert(
      fc.property(drops, epsilons, (rows, epsilon) => {
        const [worse, same, better] = [1, 0, -1].map((last) => bettingPValue([...rows, last], epsilon, options));
        expect(same).toBeLessThanOrEqual(worse);
        expect(better).toBeLessThanOrEqual(same);
      }),
    );
  });

  it('needs 299 rows at the least for a point at 95 %, and little more where none differs', () => {
    const isCertified = (n: number) => bettingPValue(new Int8Array(n), 0.01, options) <= 0.05;
    expect(isCertified(298)).toBe(false);
    expect(isCertified(320)).toBe(true);
  });
});

describe('a betting bound', () => {
  it('is where the p-value passes alpha', () => {
    fc.assert(
      fc.property(drops, (rows) => {
        const upper = bettingUpper(rows, options);
        fc.pre(upper < 0.99);
        expect(bettingPValue(rows, upper + 1e-6, options)).toBeLessThanOrEqual(options.alpha);
        expect(bettingPValue(rows, upper - 1e-6, options)).toBeGreaterThan(options.alpha);
      }),
      { numRuns: 50 },
    );
  });

  it('has the mean of the rows between lower and upper', () => {
    fc.assert(
      fc.property(drops, (rows) => {
        const mean = rows.reduce<number>((sum, row) => sum + row, 0) / rows.length;
        expect(bettingUpper(rows, options)).toBeGreaterThanOrEqual(mean);
        expect(bettingLower(rows, options)).toBeLessThanOrEqual(mean);
      }),
      { numRuns: 50 },
    );
  });
});
