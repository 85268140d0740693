import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluationBatches, trainingBatches } from '../../src/text/batches.ts';

const lengths = fc.array(fc.integer({ min: 2, max: 512 }), { maxLength: 400 });
const indices = (n: number) => Array.from({ length: n }, (_, i) => i);
const flat = (batches: number[][]) => batches.flat().sort((a, b) => a - b);

describe('trainingBatches', () => {
  it('has each index once, in full batches but for one', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 40 }), fc.integer(), (all, batchSize, seed) => {
        const batches = trainingBatches(all, { batchSize, seed });
        expect(flat(batches)).toEqual(indices(all.length));
        expect(batches.length).toBe(Math.ceil(all.length / batchSize));
        expect(batches.filter((batch) => batch.length < batchSize).length).toBe(all.length % batchSize ? 1 : 0);
      }),
    );
  });

  it('depends on seed and path alone', () => {
    const all = indices(500).map((i) => (i * 37) % 97);
    const at = (seed: number, epoch: number) => trainingBatches(all, { batchSize: 8, seed, path: ['soft', epoch] });
    expect(at(1, 0)).toEqual(at(1, 0));
    expect(at(1, 0)).not.toEqual(at(1, 1));
    expect(at(1, 0)).not.toEqual(at(2, 0));
  });

  it('puts texts of like length together, and the batches in random order', () => {
    const all = indices(3200).map((i) => 2 + ((i * 7919) % 126));
    const padding = (batches: number[][]) => {
      const padded = batches.reduce((sum, batch) => sum + batch.length * Math.max(...batch.map((i) => all[i])), 0);
      return padded / all.reduce((sum, length) => sum + length, 0) - 1;
    };
    const batches = trainingBatches(all, { batchSize: 32, seed: 3 });
    expect(padding(batches)).toBeLessThan(0.05);
    expect(padding(trainingBatches(all, { batchSize: 32, seed: 3, bucketBatches: 1 }))).toBeGreaterThan(0.5);
    const longest = batches.map((batch) => Math.max(...batch.map((i) => all[i])));
    const rising = longest.filter((length, i) => i > 0 && length >= longest[i - 1]).length;
    expect(rising).toBeGreaterThan(25);
    expect(rising).toBeLessThan(75);
  });
});

describe('evaluationBatches', () => {
  it('fills a batch to its last token, and gives a text beyond the limit a batch of its own', () => {
    expect(evaluationBatches([5, 5, 99, 5], { maxTokens: 10, maxTexts: 9 })).toEqual([[0, 1], [3], [2]]);
  });

  it('has each index once, by length, within both limits, and never splits what fits together', () => {
    const limits = fc.record({
      maxTokens: fc.integer({ min: 1, max: 2000 }),
      maxTexts: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(lengths, limits, (all, { maxTokens, maxTexts }) => {
        const batches = evaluationBatches(all, { maxTokens, maxTexts });
        expect(flat(batches)).toEqual(indices(all.length));
        const order = batches.flat().map((i) => all[i]);
        expect(order).toEqual([...order].sort((a, b) => a - b));
        const tokens = (batch: number[]) => batch.reduce((sum, i) => sum + all[i], 0);
        batches.forEach((batch, b) => {
          expect(batch.length).toBeLessThanOrEqual(maxTexts);
          if (batch.length > 1) expect(tokens(batch)).toBeLessThanOrEqual(maxTokens);
          if (b === 0) return;
          const before = batches[b - 1];
          expect(before.length === maxTexts || tokens(before) + all[batch[0]] > maxTokens).toBe(true);
        });
      }),
    );
  });
});
