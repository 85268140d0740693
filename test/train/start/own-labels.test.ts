import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/text/example.ts';
import { checkOwnLabels, labelNotes } from '../../../src/train/start/label-counts.ts';

/** A row for each label number. */
const rows = (...numbers: number[]): Dataset => ({
  name: 'mails.csv',
  labels: Array.from({ length: Math.max(...numbers) + 1 }, (_, i) => `id-${i}`),
  pairs: false,
  examples: numbers.map((label) => ({ text: `text ${label}`, label })),
});
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('rows that each have a label of their own', () => {
  it('are refused, unless somebody says that they are meant', () => {
    expect(() => checkOwnLabels(rows(...range(20)), false)).toThrow(
      expect.objectContaining({ code: 'MP_USAGE', message: expect.stringContaining('--yes') }),
    );
    expect(() => checkOwnLabels(rows(...range(20)), true)).not.toThrow();
    expect(() => checkOwnLabels(rows(...range(20), 3), false)).not.toThrow();
    expect(() => checkOwnLabels(rows(...range(5)), false), 'too few to tell').not.toThrow();
  });

  it('are told of where they are half of all', () => {
    const noted = (train: Dataset) =>
      labelNotes({ train, validation: train }).filter((text) => text.includes('no other'));
    expect(noted(rows(...range(10), ...range(10).map(() => 0)))).toEqual([]);
    expect(noted(rows(...range(11), ...range(9).map(() => 0)))).toEqual([
      '10 of 20 training rows have a label that no other row has: is the right column the label?',
    ]);
  });
});
