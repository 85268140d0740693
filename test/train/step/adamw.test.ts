import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/random.ts';
import { ADAMW, AdamW, clipFactor, type Moments, padded, power, stepFactors } from '../../../src/train/step/adamw.ts';

const numbers = (length: number) =>
  fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: length, maxLength: length });

const kernel = new AdamW();
const newMoments = (length: number): Moments => ({ m: new Float32Array(length), v: new Float32Array(length) });

describe('AdamW.update', () => {
  it('takes the first step by hand: sign of the gradient, then decay', () => {
    const weights = Float32Array.of(1, 2, -3, 0);
    const gradient = Float32Array.of(0.5, -2, 1e-3, 0);
    kernel.update(weights, newMoments(4), 0, 4, gradient, stepFactors(ADAMW, 0.1, 1, true, 1));
    const expected = [1 * 0.999 - 0.1, 2 * 0.999 + 0.1, -3 * 0.999 - 0.1, 0];
    expected.forEach((value, i) => {
      expect(weights[i]).toBeCloseTo(value, 5);
    });
  });

  it('follows its equations in float64, to float32 rounding', () => {
    fc.assert(
      fc.property(
        numbers(6),
        fc.array(numbers(6), { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        fc.double({ min: 0.05, max: 1, noNaN: true }),
        (start, gradients, decays, clip) => {
          const weights = Float32Array.from(start);
          const moments = newMoments(6);
          const w = Array.from(weights, Number);
          const m = new Array<number>(6).fill(0);
          const v = new Array<number>(6).fill(0);
          gradients.forEach((values, at) => {
            // squares below float32's range are none of the property
            const gradient = Float32Array.from(values, (value) => (Math.abs(value) < 1e-3 ? 0 : value));
            const step = at + 1;
            const rate = 0.01;
            kernel.update(weights, moments, 0, 6, gradient, stepFactors(ADAMW, rate, step, decays, clip));
            for (let i = 0; i < 6; i++) {
              const g = gradient[i] * clip;
              w[i] *= 1 - (decays ? rate * ADAMW.weightDecay : 0);
              m[i] = 0.9 * m[i] + 0.1 * g;
              v[i] = 0.999 * v[i] + 0.001 * g * g;
              w[i] -= (rate * (m[i] / (1 - 0.9 ** step))) / (Math.sqrt(v[i] / (1 - 0.999 ** step)) + 1e-8);
              expect(Math.abs(weights[i] - w[i])).toBeLessThan(5e-6);
            }
          });
        },
      ),
    );
  });

  it('changes the range it is given and nothing else, the gradient starting at its own 0', () => {
    const weights = new Float32Array(6).fill(1);
    kernel.update(weights, newMoments(6), 2, 4, Float32Array.of(1, -1), stepFactors(ADAMW, 0.1, 1, false, 1));
    expect(Array.from(weights, (w) => Number(w.toFixed(4)))).toEqual([1, 1, 0.9, 1.1, 1, 1]);
  });

  it('takes no gradient for zeros', () => {
    const run = (gradient: Float32Array | null) => {
      const weights = Float32Array.of(1, -2, 3);
      const moments = newMoments(3);
      kernel.update(weights, moments, 0, 3, Float32Array.of(1, 2, -3), stepFactors(ADAMW, 0.1, 1, true, 1));
      kernel.update(weights, moments, 0, 3, gradient, stepFactors(ADAMW, 0.1, 2, true, 0.5));
      return { weights, ...moments };
    };
    expect(run(null)).toEqual(run(new Float32Array(3)));
  });
});

describe('AdamW', () => {
  /** Lengths about the block's, and ranges within them. */
  const pieces = fc
    .array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 4090, max: 4103 })), {
      minLength: 1,
      maxLength: 4,
    })
    .chain((lengths) =>
      fc.record({
        lengths: fc.constant(lengths),
        ranges: fc.tuple(...lengths.map((length) => fc.tuple(fc.nat(length), fc.nat(length)))),
        seed: fc.integer(),
      }),
    );

  it('does to arrays in its own memory what it does to others, and nothing to their neighbours', () => {
    fc.assert(
      fc.property(pieces, ({ lengths, ranges, seed }) => {
        const random = randomStream(seed, 'pieces');
        const own = new AdamW(4 * lengths.reduce((sum, length) => sum + padded(length), 0));
        const make = (array: Float32Array) => array.map(() => random.normal());
        const inside = lengths.map((length) => ({
          weights: own.take(length),
          moments: own.moments(length),
          gradient: own.take(length),
        }));
        const outside = lengths.map((length, i) => {
          const values = { weights: make(new Float32Array(length)), gradient: make(new Float32Array(length)) };
          inside[i].weights.set(values.weights);
          inside[i].gradient.set(values.gradient);
          return { ...values, moments: newMoments(length) };
        });
        for (const step of [1, 2]) {
          ranges.forEach(([a, b], i) => {
            const [from, to] = [Math.min(a, b), Math.max(a, b)];
            const factors = stepFactors(ADAMW, 0.01, step, true, 0.7);
            for (const { weights, moments, gradient } of [inside[i], outside[i]])
              own.update(weights, moments, from, to, step === 1 ? gradient : null, factors);
          });
        }
        inside.forEach((arrays, i) => {
          expect(arrays).toEqual(outside[i]);
          expect(own.sumOfSquares(arrays.gradient)).toBe(own.sumOfSquares(outside[i].gradient));
        });
      }),
      { numRuns: 30 },
    );
  });

  it('is what its text compiles to', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/build-wasm.mjs', '--check'], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('power', () => {
  it('is a product of multiplications, so the same on every version of Node', () => {
    const { beta1, beta2 } = ADAMW;
    const square = beta2 * beta2;
    const fourth = square * square;
    expect([0, 1, 2, 3, 7].map((n) => power(beta2, n))).toEqual([
      1,
      beta2,
      square,
      beta2 * square,
      beta2 * square * fourth,
    ]);
    const digest = createHash('sha256');
    for (const beta of [beta2, beta1]) digest.update(Float64Array.from({ length: 5000 }, (_, n) => power(beta, n)));
    expect(digest.digest('hex').slice(0, 16)).toBe('13f8d6b089120822');
    // 13 multiplications, each off by half a unit in the last place, and squares double what they are given
    for (const n of [10, 1000, 4999]) expect(power(beta2, n) / beta2 ** n).toBeCloseTo(1, 12);
  });
});

describe('norm and clipping', () => {
  it('sums the squares of any length in double precision', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true, min: -(2 ** 60), max: 2 ** 60 }), { maxLength: 40 }), (values) => {
        const exact = values.reduce((sum, x) => sum + x * x, 0);
        expect(Math.abs(kernel.sumOfSquares(Float32Array.from(values)) - exact)).toBeLessThanOrEqual(1e-12 * exact);
      }),
    );
  });

  it('shortens what is longer than the limit, leaves what is shorter, and 0 does not clip', () => {
    expect(clipFactor(10, 1)).toBeCloseTo(0.1, 6);
    expect(clipFactor(0.5, 1)).toBe(1);
    expect(clipFactor(0, 1)).toBe(1);
    expect(clipFactor(1e9, 0)).toBe(1);
  });
});
