import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resolveTrainOptions } from '../../../src/train/options/resolve.ts';
import { stepsFor, stepsNote } from '../../../src/train/stages/few-rows.ts';

const given = resolveTrainOptions({ train: 'a.csv', out: 'out' });
const stepsOf = ({ epochs, batchSize }: { epochs: { regular: number }; batchSize: number }, rows: number) =>
  epochs.regular * Math.ceil(rows / batchSize);

describe('training where rows are few', () => {
  test('takes enough steps in the regular stage, by more epochs and smaller batches', () => {
    // eight rows of each of four labels, three held back
    const found = stepsFor(given, 29);
    expect(found).toEqual({ epochs: { regular: 50, soft: 17, hard: 33, heads: 100 }, batchSize: 8 });
    expect(stepsOf(found, 29)).toBe(200);
    expect(stepsFor(given, 231)).toEqual({ epochs: { regular: 14, soft: 4, hard: 9, heads: 44 }, batchSize: 16 });
    expect(stepsFor(given, 540)).toEqual({ epochs: { regular: 12, soft: 4, hard: 8, heads: 39 }, batchSize: 32 });
    expect(stepsNote(found, given, 29)).toMatch(
      /^29 training rows are few: 50 epochs in batches of 8 instead of 3 in batches of 32/,
    );
  });

  test('is as the options say where these make steps enough', () => {
    for (const rows of [2113, 4500, 1e6]) {
      const found = stepsFor(given, rows);
      expect(found).toEqual({ epochs: given.epochs, batchSize: 32 });
      expect(stepsNote(found, given, rows)).toBeNull();
    }
  });

  test('is as the options say where --epochs was given, or --min-steps is 0', () => {
    const own = resolveTrainOptions({ train: 'a.csv', out: 'out', epochs: { ...given.epochs, regular: 2 } });
    expect(own.minSteps).toBe(0);
    expect(stepsFor(own, 29)).toEqual({ epochs: own.epochs, batchSize: 32 });
    expect(stepsFor({ ...given, minSteps: 0 }, 29)).toEqual({ epochs: given.epochs, batchSize: 32 });
    const both = resolveTrainOptions({ train: 'a.csv', out: 'out', epochs: given.epochs, minSteps: 50 });
    expect(stepsFor(both, 29).epochs.regular).toBe(13);
  });

  test('has never fewer epochs or larger batches than the options say, and at most 100 epochs more', () => {
    const counts = fc.record({ regular: fc.nat(20), soft: fc.nat(5), hard: fc.nat(5), heads: fc.nat(30) });
    fc.assert(
      fc.property(
        counts,
        fc.integer({ min: 1, max: 256 }),
        fc.nat(2000),
        fc.integer({ min: 1, max: 5000 }),
        (...all) => {
          const [epochs, batchSize, minSteps, rows] = all;
          const found = stepsFor({ epochs, batchSize, minSteps }, rows);
          expect(found.batchSize).toBeLessThanOrEqual(batchSize);
          for (const stage of ['regular', 'soft', 'hard', 'heads'] as const) {
            expect(found.epochs[stage]).toBeGreaterThanOrEqual(epochs[stage]);
            expect(found.epochs[stage]).toBeLessThanOrEqual(Math.max(100, epochs[stage]));
            if (epochs[stage] === 0) expect(found.epochs[stage]).toBe(0);
          }
          if (epochs.regular > 0) expect(stepsOf(found, rows) >= minSteps || found.epochs.regular === 100).toBe(true);
        },
      ),
    );
  });
});
