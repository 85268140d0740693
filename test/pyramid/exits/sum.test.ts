import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toNumber, uncertainty } from '../../../src/pyramid/exits/exit-rule.ts';
import {
  addend,
  type ExitSum,
  exitLogits,
  floorAnswer,
  summed,
  temperatureAt,
  tempered,
} from '../../../src/pyramid/exits/sum.ts';
import { logSoftmax, softmax } from '../../../src/pyramid/logits.ts';

const row = (length: number) =>
  fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: length, maxLength: length });

describe('the sum of floor 0 and the network', () => {
  it('is the product of two experts with the prior taken off once, where w and k are 1', () => {
    fc.assert(
      fc.property(row(3), row(3), row(3), (z, z0, shares) => {
        const prior = logSoftmax(shares);
        const sum: ExitSum = { weight: 1, prior, scale: 1 };
        const both = softmax(z).map((p, i) => (p * softmax(z0)[i]) / Math.exp(prior[i]));
        const total = both.reduce((a, b) => a + b);
        const found = softmax(summed(z, addend(sum, z0)));
        found.forEach((p, i) => void expect(p).toBeCloseTo(both[i] / total, 9));
      }),
    );
  });

  it('leaves the network as it is with weight 0, without a feature and without a floor', () => {
    const logits = [[1, 2], [], [3, 4]];
    const sum: ExitSum = { weight: 0, prior: [-1, 1], scale: 2 };
    expect(exitLogits(logits, [5, -5], sum)).toEqual({ floor: [10, -10], layers: logits });
    expect(exitLogits(logits, null, { ...sum, weight: 1 })).toEqual({ floor: null, layers: logits });
    expect(exitLogits(logits, null, null)).toEqual({ floor: null, layers: logits });
  });

  it('is added to every exit that was asked, the last layer too, and not to the others', () => {
    const sum: ExitSum = { weight: 0.5, prior: [1, 0], scale: 1 };
    const { layers } = exitLogits([[1, 2], [], [3, 4]], [3, -2], sum);
    expect(layers).toEqual([[2, 1], [], [4, 3]]);
  });

  it('is tempered for its scores, each layer by its own number, and floor 0 and a model without them not at all', () => {
    const temperatures = [2, 3, 0.5];
    expect([0, 1, 2, 3].map((exit) => temperatureAt(temperatures, exit))).toEqual([1, 2, 3, 0.5]);
    expect([0, 1, 3].map((exit) => temperatureAt(undefined, exit))).toEqual([1, 1, 1]);
    expect(tempered([4, -1], 0.5)).toEqual([2, -0.5]);
    expect(tempered([4, -1], 1)).toEqual([4, -1]);
  });

  it('takes the scale for floor 0’s own answer alone: a larger one is surer, and answers the same', () => {
    const z0 = [0.3, -0.1, 0.2];
    const own = floorAnswer({ weight: 1, prior: [0, 0, 0], scale: 4 }, z0);
    expect(own).toEqual([1.2, -0.4, 0.8]);
    expect(toNumber(uncertainty(own))).toBeLessThan(toNumber(uncertainty(z0)));
  });
});
