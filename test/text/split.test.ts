import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/text/example.ts';
import { splitDataset, subsample } from '../../src/text/split.ts';

const labels = ['a', 'b', 'c'];
const dataset = (of: readonly number[]): Dataset => ({
  name: 'made',
  labels,
  pairs: false,
  examples: of.map((label, i) => ({ text: `${i}`, label })),
});
const datasets = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 200 }).map(dataset);
const position = (d: Dataset) => d.examples.map(({ text }) => Number(text));
const count = (d: Dataset, label: number) => d.examples.filter((e) => e.label === label).length;
const rising = (numbers: number[]) => numbers.every((n, i) => i === 0 || n > numbers[i - 1]);

describe('splitDataset', () => {
  it('parts the examples in two, in order, each label by its share to within one', () => {
    fc.assert(
      fc.property(datasets, fc.double({ min: 0, max: 1, noNaN: true }), fc.integer(), (all, fraction, seed) => {
        const { kept, heldOut } = splitDataset(all, fraction, { seed });
        expect(heldOut.examples.length).toBe(Math.round(fraction * all.examples.length));
        expect([...position(kept), ...position(heldOut)].sort((a, b) => a - b)).toEqual(position(all));
        expect(rising(position(kept)) && rising(position(heldOut))).toBe(true);
        const share = heldOut.examples.length / Math.max(all.examples.length, 1);
        // a label whose share is nearly all it has keeps one, and others stand in for it
        const nearlyAll = labels.filter(
          (_, l) => count(all, l) > 0 && share * count(all, l) > count(all, l) - 1,
        ).length;
        labels.forEach((_, label) => {
          expect(Math.abs(count(heldOut, label) - share * count(all, label))).toBeLessThan(1 + nearlyAll + 1e-9);
        });
      }),
    );
  });

  it('depends on the seed, and is random within a label', () => {
    const all = dataset(Array.from({ length: 300 }, (_, i) => i % 3));
    const held = (seed: number) => position(splitDataset(all, 0.2, { seed }).heldOut);
    expect(held(1)).toEqual(held(1));
    expect(held(1)).not.toEqual(held(2));
    const mean = held(1).reduce((sum, i) => sum + i, 0) / 60;
    expect(Math.abs(mean - 149.5)).toBeLessThan(45); // four standard errors
  });
});

describe('what is trained on', () => {
  const many = { ...dataset([]), labels: Array.from({ length: 40 }, (_, i) => `l${i}`) };
  const withRare = (common: number): Dataset => ({
    ...many,
    examples: Array.from({ length: common + 38 }, (_, i) => ({
      text: `${i}`,
      label: i < common ? i % 2 : i - common + 2,
    })),
  });

  it('keeps the only example of a label, for every fraction and seed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 40, max: 300 }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        fc.integer(),
        (...draw) => {
          const [common, fraction, seed] = draw;
          const all = withRare(common);
          fc.pre(Math.round(fraction * all.examples.length) <= common - 2); // else rare ones have to be held out
          const { kept, heldOut } = splitDataset(all, fraction, { seed });
          expect(new Set(kept.examples.map(({ label }) => label)).size).toBe(40);
          expect(heldOut.examples.length).toBe(Math.round(fraction * all.examples.length));
        },
      ),
    );
  });

  it('has an example of each label in a smaller set, if it is as large as there are labels', () => {
    for (const n of [40, 41, 60, 237]) {
      const part = subsample(withRare(200), n, { seed: 1 });
      expect(part.examples.length).toBe(n);
      expect(new Set(part.examples.map(({ label }) => label)).size).toBe(40);
    }
    expect(subsample(withRare(200), 39, { seed: 1 }).examples.length).toBe(39);
  });

  it('lacks a label only where nothing else is left to hold out', () => {
    expect(splitDataset(dataset([0, 1, 2]), 1, { seed: 1 }).kept.examples).toEqual([]);
    expect(splitDataset(dataset([0, 0, 1]), 1 / 3, { seed: 1 }).heldOut.examples.map(({ label }) => label)).toEqual([
      0,
    ]);
  });
});

describe('subsample', () => {
  it('has n of the examples, in order, or all', () => {
    fc.assert(
      fc.property(datasets, fc.integer({ min: 0, max: 250 }), fc.boolean(), (all, n, stratified) => {
        const part = subsample(all, n, { seed: 7, stratified });
        expect(part.examples.length).toBe(Math.min(n, all.examples.length));
        expect(rising(position(part))).toBe(true);
        if (stratified && n < all.examples.length) {
          const shareOf = (label: number) => (n * count(all, label)) / all.examples.length;
          // a label whose share is less than one has one, and others stand in for it
          const below = labels.filter((_, l) => count(all, l) > 0 && shareOf(l) < 1).length;
          labels.forEach((_, label) => {
            expect(Math.abs(count(part, label) - shareOf(label))).toBeLessThan(1 + below + 1e-9);
          });
        }
      }),
    );
  });

  it('keeps a rare label only where it is stratified', () => {
    const all = dataset([...Array.from({ length: 900 }, () => 0), ...Array.from({ length: 100 }, () => 1)]);
    const rare = (seed: number, stratified: boolean) => count(subsample(all, 20, { seed, stratified }), 1);
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    expect(new Set(seeds.map((seed) => rare(seed, true)))).toEqual(new Set([2]));
    expect(new Set(seeds.map((seed) => rare(seed, false))).size).toBeGreaterThan(1);
  });
});
