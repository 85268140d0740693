import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/random.ts';
import { ADAMW } from '../../../src/train/step/adamw.ts';
import { WordRows } from '../../../src/train/step/word-rows.ts';

const { beta1, beta2, epsilon, weightDecay } = ADAMW;

/** AdamW over a whole table in float64, written out: every row every step, zeros where there is no gradient. */
function denseAdamW(
  table: Float64Array,
  m: Float64Array,
  v: Float64Array,
  g: Float64Array,
  rate: number,
  step: number,
) {
  for (let i = 0; i < table.length; i++) {
    table[i] *= 1 - rate * weightDecay;
    m[i] = beta1 * m[i] + (1 - beta1) * g[i];
    v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
    table[i] -= ((rate / (1 - beta1 ** step)) * m[i]) / (Math.sqrt(v[i] / (1 - beta2 ** step)) + epsilon);
  }
}

const ROWS = 12;
const WIDTH = 5;

/** The ids of each step's batch, and the steps before which everything is settled (as a checkpoint does). */
const runs = fc.record({
  steps: fc.array(fc.array(fc.integer({ min: 0, max: ROWS - 1 }), { minLength: 1, maxLength: 8 }), {
    minLength: 1,
    maxLength: 25,
  }),
  settled: fc.array(fc.integer({ min: 0, max: 24 }), { maxLength: 4 }),
  clip: fc.double({ min: 0.1, max: 1, noNaN: true }),
  seed: fc.integer(),
});

describe('WordRows', () => {
  it('leaves the whole table where AdamW over all rows has it, untouched rows included', () => {
    let untouched = 0;
    let again = 0;
    fc.assert(
      fc.property(runs, ({ steps, settled, clip, seed }) => {
        const random = randomStream(seed, 'word rows');
        const table = Float32Array.from({ length: ROWS * WIDTH }, () => random.normal());
        const dense = Float64Array.from(table);
        const m = new Float64Array(table.length);
        const v = new Float64Array(table.length);
        const words = new WordRows(table, WIDTH, true);
        steps.forEach((batch, at) => {
          if (settled.includes(at)) words.settle();
          const ids = Int32Array.from(batch);
          const rows = words.take(ids);
          expect(rows.length).toBe(ids.length * WIDTH);
          const gradient = Float32Array.from({ length: rows.length }, () => random.normal());
          const whole = new Float64Array(table.length);
          ids.forEach((id, i) => {
            for (let j = 0; j < WIDTH; j++) {
              // the network sees the row as dense AdamW has it at this step
              expect(Math.abs(rows[i * WIDTH + j] - dense[id * WIDTH + j])).toBeLessThan(1e-5);
              whole[id * WIDTH + j] += clip * gradient[i * WIDTH + j];
            }
          });
          const rate = 0.05 / (at + 1);
          words.gather(ids, gradient);
          words.update(clip, rate, at + 1, ADAMW);
          denseAdamW(dense, m, v, whole, rate, at + 1);
        });
        words.settle();
        const seen = new Set(steps.flat());
        untouched += ROWS - seen.size;
        again += steps.flat().length - seen.size;
        for (let i = 0; i < table.length; i++) {
          expect(Math.abs(table[i] - dense[i])).toBeLessThan(1e-5);
          expect(Math.abs(words.moments.m[i] - m[i])).toBeLessThan(1e-6);
          expect(Math.abs(words.moments.v[i] - v[i])).toBeLessThan(1e-6);
        }
      }),
      { seed: 5 },
    );
    // it has tested what it is about: rows that no batch had, and rows that several had
    expect(untouched).toBeGreaterThan(50);
    expect(again).toBeGreaterThan(50);
  });

  it('settles twice as once', () => {
    const table = Float32Array.from({ length: ROWS * WIDTH }, (_, i) => i + 1);
    const words = new WordRows(table, WIDTH, true);
    words.take(Int32Array.of(3));
    words.gather(Int32Array.of(3), new Float32Array(WIDTH).fill(1));
    words.update(1, 0.1, 1, ADAMW);
    words.settle();
    const once = table.slice();
    expect(once[0]).toBeCloseTo(0.999, 6);
    words.settle();
    expect(table).toEqual(once);
  });

  it('continues from settled rows, moments and touched rows as if it had never stopped', () => {
    const steps = [[0, 1, 1], [2, 0], [5], [1, 5, 7], [0, 2]];
    const gradientOf = (step: number, length: number) => {
      const random = randomStream(step, 'gradient');
      return Float32Array.from({ length }, () => random.normal());
    };
    const table = () => Float32Array.from({ length: ROWS * WIDTH }, (_, i) => Math.sin(i));
    const go = (words: WordRows, from: number, to: number) => {
      for (let at = from; at < to; at++) {
        const ids = Int32Array.from(steps[at]);
        words.gather(ids, gradientOf(at, words.take(ids).length));
        words.update(1, 0.01, at + 1, ADAMW);
        if (at === 2) words.settle();
      }
      words.settle();
    };
    const straight = table();
    go(new WordRows(straight, WIDTH, true), 0, 5);

    const first = table();
    const before = new WordRows(first, WIDTH, true);
    go(before, 0, 3);
    const second = first.slice();
    const after = new WordRows(second, WIDTH, true);
    after.moments.m.set(before.moments.m);
    after.moments.v.set(before.moments.v);
    after.touched.set(before.touched);
    go(after, 3, 5);
    expect(second).toEqual(straight);
  });
});
