import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/random.ts';
import { bestThreshold as choose, FEWEST_ROWS, thresholdsNote } from '../../../src/train/trace/label-thresholds.ts';

const bestThreshold = (some: Parameters<typeof choose>[0]) => choose(some, randomStream(1, 'shuffles'));
const normal = randomStream(8, 'label-thresholds');
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
/** Scores about sigmoid(`at`), those of the rows with the label higher by `knows`. */
const drawn = (n: number, every: number, at: number, knows: number) =>
  Array.from({ length: n }, (_, i) => {
    const has = i % every === 0;
    return { score: sigmoid(at + (has ? knows : 0) + 0.3 * normal.normal()), has };
  });
const shareAnswered = (some: ReturnType<typeof drawn>) => {
  const threshold = bestThreshold(some);
  return some.filter(({ score }) => score >= threshold).length / some.length;
};

const rows = (scores: readonly number[], from: number) => scores.map((score) => ({ score, has: score >= from }));

describe('the threshold of a label', () => {
  const scores = Array.from({ length: 80 }, (_, i) => (i + 1) / 200);
  it('is where F1 is highest, between two scores', () => {
    const found = bestThreshold(rows(scores, 0.25));
    expect(found).toBeGreaterThan(0.245);
    expect(found).toBeLessThanOrEqual(0.25);
  });
  it('stays at 0.5 where scores say nothing, although the label on every text has a higher F1 than on none', () => {
    for (const every of [3, 5, 10]) {
      const runs = Array.from({ length: 40 }, () => shareAnswered(drawn(400, every, -1.2, 0)));
      expect(runs.filter((share) => share > 0.5)).toEqual([]);
      // chance has the best of 400 places beyond two standard errors now and then
      expect(runs.filter((share) => share > 0).length).toBeLessThanOrEqual(8);
    }
  });
  it('moves where scores tell the rows apart and 0.5 does not', () => {
    for (const every of [3, 5, 10]) {
      const share = shareAnswered(drawn(400, every, -2.5, 1.5));
      expect(share * every).toBeGreaterThan(0.8);
      expect(share * every).toBeLessThan(1.2);
    }
  });
  it('stays at 0.5 where another is better by no more than chance', () => {
    // two rows with the label, and one without, lie just below 0.5
    const near = [0.45, 0.46, 0.47].map((score, i) => ({ score, has: i !== 1 }));
    const clear = Array.from({ length: 100 }, (_, i) => ({ score: i < 50 ? 0.6 + i / 200 : i / 300, has: i < 50 }));
    expect(bestThreshold([...clear, ...near])).toBe(0.5);
  });
  it('stays at 0.5 where nothing is better, and where few rows have the label or have it not', () => {
    expect(bestThreshold(rows([...scores, ...scores.map((score) => score + 0.55)], 0.5))).toBe(0.5);
    expect(bestThreshold(scores.map((score, i) => ({ score, has: i >= 80 - (FEWEST_ROWS - 1) })))).toBe(0.5);
    expect(bestThreshold(scores.map((score, i) => ({ score, has: i >= FEWEST_ROWS - 1 })))).toBe(0.5);
  });
  it('is named for the labels where it is not 0.5', () => {
    expect(thresholdsNote(['a', 'b', 'c'], [0.5, 0.31, 0.62])).toBe(
      'labels whose threshold is not 0.5, since another has a better F1 on the validation rows: b 0.31, c 0.62',
    );
    expect(thresholdsNote(['a'], [0.5])).toBeNull();
  });
});
