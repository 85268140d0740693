import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accuracy, f1, macroF1 } from '../../src/evaluate/metrics.ts';

describe('metrics', () => {
  const truth = [1, 1, 1, 0, 0, 2];
  const predicted = [1, 1, 0, 1, 0, 0];

  it('accuracy is the share of right answers', () => {
    expect(accuracy(truth, predicted)).toBe(3 / 6);
  });

  it('F1 of a label is the harmonic mean of its precision and recall', () => {
    expect(f1(truth, predicted)).toBeCloseTo(2 / 3, 12); // precision 2/3, recall 2/3
    expect(f1(truth, predicted, 0)).toBeCloseTo(2 / 5, 12); // precision 1/3, recall 1/2
  });

  it('F1 is 0 for a label that is never predicted, or never there', () => {
    expect(f1([1, 1, 0], [0, 0, 0])).toBe(0);
    expect(f1([0, 0, 0], [0, 1, 0])).toBe(0);
    expect(f1([0], [0])).toBe(0);
  });

  it('macro F1 is the mean over the labels that occur on either side', () => {
    expect(macroF1(truth, predicted)).toBeCloseTo((2 / 3 + 2 / 5 + 0) / 3, 12);
    expect(macroF1([3, 3], [3, 3])).toBe(1);
  });

  it('F1 equals 2PR / (P + R) wherever that is defined', () => {
    const labels = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })), { minLength: 1 });
    fc.assert(
      fc.property(labels, (rows) => {
        const t = rows.map(([a]) => a);
        const p = rows.map(([, b]) => b);
        const both = rows.filter(([a, b]) => a === 1 && b === 1).length;
        fc.pre(both > 0);
        const precision = both / p.filter((x) => x === 1).length;
        const recall = both / t.filter((x) => x === 1).length;
        expect(f1(t, p)).toBeCloseTo((2 * precision * recall) / (precision + recall), 12);
      }),
    );
  });

  it('refuse no texts at all, and answers that do not match the labels in number', () => {
    for (const metric of [accuracy, f1, macroF1]) {
      expect(() => metric([], [])).toThrow('internal');
      expect(() => metric([1], [1, 0])).toThrow('internal');
    }
  });
});
