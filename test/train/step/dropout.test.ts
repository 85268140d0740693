import { describe, expect, it } from 'vitest';
import { Graph } from '../../../src/graph/index.ts';
import { hash } from '../../../src/random.ts';
import { float32, floats } from '../../../src/runtime/runtime.ts';
import { DropoutMasks, type DropoutPlace, dropoutInputs, fillMask } from '../../../src/train/step/dropout.ts';
import { compile } from '../../support/cpu.ts';

const COUNT = 1_000_000;
const mask = (rate: number, key: string, length = COUNT) => {
  const drawn = new Uint8Array(length);
  fillMask(drawn, length, rate, hash(key));
  return drawn;
};
const ones = (values: Uint8Array) => values.reduce((sum, value) => sum + value, 0);

describe('a dropout mask (keys "0/regular/…")', () => {
  it.each([0.1, 0.25, 0.5, 0.9])('drops a share of %f, to five standard deviations', (rate) => {
    const drawn = mask(rate, `0/regular/7/${rate}`);
    expect(drawn.every((value) => value <= 1)).toBe(true);
    const sigma = Math.sqrt(COUNT * rate * (1 - rate));
    expect(Math.abs(ones(drawn) - COUNT * (1 - rate))).toBeLessThan(5 * sigma);
  });

  it('is the same for the same key, and begins so at any length', () => {
    expect(mask(0.1, '0/soft/3', 5000)).toEqual(mask(0.1, '0/soft/3', 5000));
    expect(mask(0.1, '0/soft/3', 101)).toEqual(mask(0.1, '0/soft/3', 5000).subarray(0, 101));
  });

  it('is another for another key: step, place, seed', () => {
    const keys = ['0/regular/0/dropout.a', '0/regular/1/dropout.a', '0/regular/0/dropout.b', '1/regular/0/dropout.a'];
    const drawn = keys.map((key) => mask(0.5, key, 100_000));
    for (let a = 0; a < keys.length; a++)
      for (let b = 0; b < a; b++) {
        let agree = 0;
        for (let i = 0; i < 100_000; i++) if (drawn[a][i] === drawn[b][i]) agree++;
        // unrelated masks of rate 1/2 agree in half of the places
        expect(Math.abs(agree - 50_000), `${keys[a]} and ${keys[b]}`).toBeLessThan(5 * Math.sqrt(25_000));
      }
  });

  it.each([1, 2, 3, 16, 128])('says nothing of the neighbour %i places on: chi-square of the four cases', (lag) => {
    const rate = 0.1;
    const drawn = mask(rate, '0/hard/12');
    const counts = [0, 0, 0, 0];
    for (let i = 0; i + lag < COUNT; i++) counts[2 * drawn[i] + drawn[i + lag]]++;
    const total = COUNT - lag;
    const share = [rate * rate, rate * (1 - rate), rate * (1 - rate), (1 - rate) ** 2];
    const chiSquare = counts.reduce((sum, count, k) => sum + (count - total * share[k]) ** 2 / (total * share[k]), 0);
    // three degrees of freedom: above 21.1 once in ten thousand
    expect(chiSquare).toBeLessThan(21.1);
  });

  it('has unrelated masks at successive steps: chi-square of the four cases, place by place', () => {
    const rate = 0.25;
    const counts = [0, 0, 0, 0];
    for (let step = 0; step < 200; step++) {
      const a = mask(rate, `0/regular/${step}/dropout.x`, 2000);
      const b = mask(rate, `0/regular/${step + 1}/dropout.x`, 2000);
      for (let i = 0; i < 2000; i++) counts[2 * a[i] + b[i]]++;
    }
    const total = 400_000;
    const share = [rate * rate, rate * (1 - rate), rate * (1 - rate), (1 - rate) ** 2];
    const chiSquare = counts.reduce((sum, count, k) => sum + (count - total * share[k]) ** 2 / (total * share[k]), 0);
    expect(chiSquare).toBeLessThan(21.1);
  });
});

describe('the masks of a step', () => {
  it('depend on the key and the place, and on nothing drawn before', () => {
    const places: DropoutPlace[] = ['dropout.a', 'dropout.b'].map((input) => ({ input, rate: 0.5, shape: ['N', 4] }));
    const sizes = { N: 100, B: 1, S: 100 };
    const draw = (key: string, masks = new DropoutMasks()) =>
      Object.values(masks.draw(places, sizes, key)).map(({ data }) => Array.from(data, Number));
    const [a, b] = draw('0/regular/7');
    expect(a).not.toEqual(b);
    const used = new DropoutMasks();
    draw('0/regular/6', used);
    expect(draw('0/regular/7', used)).toEqual([a, b]);
    for (const key of ['0/regular/8', '1/regular/7', '0/soft/7']) expect(draw(key)[0], key).not.toEqual(a);
  });

  it('are as long as the whole batch where pruning leaves an unknown number of rows', () => {
    const places: DropoutPlace[] = [{ input: 'dropout.a', rate: 0.1, shape: ['B', 2, 'S3', 'S3'] }];
    const { data } = new DropoutMasks().draw(places, { N: 50, B: 3, S: 7 }, '')['dropout.a'];
    expect(data.length).toBe(3 * 2 * 7 * 7);
  });
});

describe('dropout in a graph', () => {
  it('zeroes what the mask drops and scales the rest by 1/(1 − rate), whatever the rows', async () => {
    const g = new Graph();
    const places: DropoutPlace[] = [];
    const dropout = dropoutInputs(g, places);
    const x = g.input('x', 'float32', ['N', 8]);
    g.output('y', dropout(x, 'here', 0.25));
    g.output('z', dropout(x, 'off', 0));
    const program = await compile(g, 'dropout');
    expect(places.map(({ input }) => input)).toEqual(['dropout.here']);
    const masks = new DropoutMasks();
    for (const rows of [50, 3, 400]) {
      const data = Float32Array.from({ length: rows * 8 }, (_, i) => i + 1);
      const drawn = masks.draw(places, { N: rows, B: 1, S: rows }, '0/regular/5');
      const { y, z } = await program.run({ x: float32(data, rows, 8), ...drawn });
      const keep = drawn['dropout.here'].data as Uint8Array;
      expect(keep.length).toBe(rows * 8);
      floats(y).forEach((value, i) => {
        expect(value).toBeCloseTo(keep[i] ? data[i] / 0.75 : 0, 2);
      });
      expect(floats(z)).toEqual(data);
    }
    await program.close();
  });
});
