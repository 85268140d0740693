import { describe, expect, it } from 'vitest';
import { bestThreshold, FEWEST_ROWS } from '../../../src/train/trace/label-thresholds.ts';

const rows = (scores: readonly number[], from: number) => scores.map((score) => ({ score, has: score >= from }));

describe('the threshold of a label', () => {
  const scores = Array.from({ length: 40 }, (_, i) => (i + 1) / 100);
  it('is where F1 is highest, between two scores', () => {
    const found = bestThreshold(rows(scores, 0.25));
    expect(found).toBeGreaterThan(0.24);
    expect(found).toBeLessThanOrEqual(0.25);
  });
  it('stays at 0.5 where nothing is better, and where few rows have the label or have it not', () => {
    expect(bestThreshold(rows([...scores, ...scores.map((score) => score + 0.55)], 0.5))).toBe(0.5);
    expect(bestThreshold(scores.map((score, i) => ({ score, has: i >= 40 - (FEWEST_ROWS - 1) })))).toBe(0.5);
    expect(bestThreshold(scores.map((score, i) => ({ score, has: i >= FEWEST_ROWS - 1 })))).toBe(0.5);
  });
});
