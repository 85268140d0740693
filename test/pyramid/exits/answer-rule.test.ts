import { describe, expect, it } from 'vitest';
import { type AnswerRule, answerRule, labelsReached, targetAnswered } from '../../../src/pyramid/exits/answer-rule.ts';
import {
  askedBefore,
  exitLayer,
  toNumber,
  uncertaintiesOf,
  uncertaintyOf,
} from '../../../src/pyramid/exits/exit-rule.ts';

const several: AnswerRule = { problemType: 'multi_label_classification', thresholds: [0.5, 0.3, 0.9] };
const number: AnswerRule = { problemType: 'regression', spread: 2 };
const coin = (p: number) => -(p * Math.log2(p) + (1 - p) * Math.log2(1 - p));
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

describe('where a text may have any number of labels', () => {
  it('an exit is as unsure as its least sure label: the largest binary entropy, in bits', () => {
    for (const logits of [[3, -0.5, 8], [0, 9, 9], [-4, -4, -4.5], [2]]) {
      const expected = Math.max(...logits.map((z) => coin(sigmoid(z))));
      expect(toNumber(uncertaintyOf(several, logits, null)!)).toBeCloseTo(expected, 12);
    }
  });
  it('it is certain, and no NaN, where scores underflow, and knows nothing at 0', () => {
    expect(toNumber(uncertaintyOf(several, [900, -900, 800], null)!)).toBe(0);
    expect(toNumber(uncertaintyOf(several, [900, 0, 800], null)!)).toBe(1);
    expect(() => uncertaintyOf(several, [Number.NaN, 1, 1], null)).toThrow('not finite');
  });
  it('a text leaves only when every label is sure', () => {
    const u = uncertaintiesOf([[9, -9, 0.1], [], [9, -9, 9], [9, 9, 9]], several);
    expect(u.map((one) => one === null)).toEqual([false, true, false, true]);
    expect(exitLayer(u, 0.1)).toBe(3);
  });
  it('a text has the labels whose score reaches their threshold, each its own', () => {
    const rule = several as Extract<AnswerRule, { problemType: 'multi_label_classification' }>;
    expect(targetAnswered(rule, [0, -0.5, 2])).toEqual([1, 1, 0]);
    expect(labelsReached([0.5, 0.31, 0.89], [0.5, 0.3, 0.9], ['a', 'b', 'c'])).toEqual(['a', 'b']);
  });
  it('a folder that names no thresholds has 0.5 for each label', () => {
    const model = { problemType: 'multi_label_classification', labels: ['a', 'b'] } as const;
    expect(answerRule(model, {})).toEqual({ problemType: 'multi_label_classification', thresholds: [0.5, 0.5] });
    expect(answerRule(model, { labelThresholds: [0.2, 0.7] })).toMatchObject({ thresholds: [0.2, 0.7] });
  });
});

describe('where the answer is a number', () => {
  it('an exit is as unsure as it is far from the exit asked before, in standard deviations', () => {
    expect(toNumber(uncertaintyOf(number, [3], [2.5])!)).toBeCloseTo(0.25, 12);
    expect(toNumber(uncertaintyOf(number, [3], [30])!)).toBe(1);
    expect(uncertaintyOf(number, [3], null)).toBeNull();
    expect(uncertaintyOf({ problemType: 'regression', spread: null }, [3], [3])).toBeNull();
  });
  it('layers that are not asked are passed over, and the first one asked never answers', () => {
    const logits = [[], [1], [], [1.1], [1.1]];
    expect(askedBefore(logits, 3)).toEqual([1]);
    expect(askedBefore(logits, 1)).toBeNull();
    expect(exitLayer(uncertaintiesOf(logits, number), 1)).toBe(4);
    expect(exitLayer(uncertaintiesOf(logits, number), 0.04)).toBe(5);
  });
});
