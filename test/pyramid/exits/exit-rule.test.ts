import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assertTau,
  exitLayer,
  fromNumber,
  leaves,
  tauBetween,
  toNumber,
  uncertaintiesOf,
  uncertainty,
} from '../../../src/pyramid/exits/exit-rule.ts';
import { argmax, type Logits, logSoftmax, softmax } from '../../../src/pyramid/logits.ts';

const numeric = (logits: Logits) => toNumber(uncertainty(logits));

const logit = fc.oneof(
  fc.double({ min: -50, max: 50, noNaN: true }),
  fc.double({ min: -1e4, max: 1e4, noNaN: true }),
  fc.constantFrom(-1e4, 0, 1e4, Number.MIN_VALUE, -3.4e38, 3.4e38),
);
const row = fc.array(logit, { minLength: 2, maxLength: 12 });
const tau = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1));
const rows = fc.integer({ min: 2, max: 6 }).chain((labels) =>
  fc.array(
    fc.oneof({ weight: 4, arbitrary: fc.array(logit, { minLength: labels, maxLength: labels }) }, fc.constant([])),
    {
      minLength: 1,
      maxLength: 12,
    },
  ),
);

describe('softmax', () => {
  it('subtracts the true maximum, so that logits of any size give probabilities that sum to 1', () => {
    fc.assert(
      fc.property(row, (logits) => {
        const p = softmax(logits);
        expect(p.every((x) => x >= 0 && x <= 1)).toBe(true);
        expect(p.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      }),
    );
    expect(softmax([-5000, -5000 + Math.log(3)])).toEqual([expect.closeTo(0.25, 10), expect.closeTo(0.75, 10)]);
  });

  it('does not change when all logits are shifted', () => {
    const shifted = softmax([1, 2, 3].map((x) => x + 700));
    softmax([1, 2, 3]).forEach((p, i) => void expect(shifted[i]).toBeCloseTo(p, 12));
  });

  it('gives a logit of minus infinity a probability of zero', () => {
    expect(softmax([0, Number.NEGATIVE_INFINITY, 0])).toEqual([0.5, 0, 0.5]);
    expect(logSoftmax([0, Number.NEGATIVE_INFINITY])).toEqual([0, Number.NEGATIVE_INFINITY]);
  });

  it.each([[[Number.NaN, 1]], [[Number.POSITIVE_INFINITY, 0]], [[Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]]])(
    'refuses the logits %j rather than answer NaN',
    (logits) => {
      expect(() => logSoftmax(logits)).toThrow('internal: logits that are not finite');
      expect(() => uncertainty(logits)).toThrow('internal: logits that are not finite');
    },
  );
});

describe('uncertainty', () => {
  it('lies in [0, 1] for logits of any size', () => {
    fc.assert(
      fc.property(row, (logits) => {
        const u = numeric(logits);
        expect(u >= 0 && u <= 1).toBe(true);
      }),
    );
  });

  it('is the entropy of the probabilities over the logarithm of their number', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 2, maxLength: 9 }), (logits) => {
        const expected =
          -softmax(logits).reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0) / Math.log(logits.length);
        expect(Math.abs(numeric(logits) - expected)).toBeLessThan(1e-12);
      }),
    );
  });

  it('is 1 for equal logits and 0 where one logit towers over the rest', () => {
    for (const size of [2, 3, 5, 77]) {
      for (const value of [0, 1e4, -1e4, 0.1]) expect(numeric(new Array(size).fill(value))).toBeCloseTo(1, 12);
    }
    expect(numeric([1e4, -1e4])).toBe(0);
    expect(numeric([-1e4, 1e4, 0, 0])).toBe(0);
    expect(numeric(Float32Array.of(-3e38, 3e38))).toBe(0);
    expect(numeric([0, Number.NEGATIVE_INFINITY])).toBe(0);
  });

  it('refuses a single logit, whose entropy says nothing', () => {
    expect(() => uncertainty([3])).toThrow('internal: uncertainty needs two logits');
  });
});

describe('the layer at which a text answers', () => {
  const sure = [9, 0];
  const unsure = [0.1, 0];

  it('is the first whose head is sure enough, counted from 1', () => {
    expect(exitLayer(uncertaintiesOf([unsure, sure, sure, unsure]), 0.5)).toBe(2);
    expect(exitLayer(uncertaintiesOf([unsure, Float32Array.from(sure), sure]), 0.5)).toBe(2);
  });

  it('is the last where no head is sure, and where exits are off', () => {
    expect(exitLayer(uncertaintiesOf([unsure, unsure, unsure]), 0.5)).toBe(3);
    expect(exitLayer(uncertaintiesOf([sure, sure, unsure]), null)).toBe(3);
  });

  it('is never one without a head', () => {
    expect(exitLayer(uncertaintiesOf([[], [], unsure, sure]), 1)).toBe(3);
    expect(exitLayer(uncertaintiesOf([[], [], sure]), 1)).toBe(3);
  });

  it('counts an uncertainty equal to tau as sure', () => {
    const logits = [0.7, 0.1, -0.3];
    const tie = toNumber(uncertainty(logits));
    expect(exitLayer(uncertaintiesOf([logits, logits]), tie)).toBe(1);
    expect(exitLayer(uncertaintiesOf([logits, logits]), tie - 1e-12)).toBe(2);
  });

  it('is the last where no layer has an uncertainty, as of answers that have none', () => {
    expect(exitLayer([null, null], null)).toBe(2);
    expect(exitLayer([null, null], 1)).toBe(2);
  });

  it('is never the last by its own uncertainty, which is not asked for', () => {
    expect(uncertaintiesOf([sure, [], [3]])).toEqual([expect.any(Number), null, null]);
  });

  it('lies on the printed side of a tau between two uncertainties', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (a, b) => {
        fc.pre(Math.abs(a - b) > 1e-14);
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map(fromNumber);
        const between = tauBetween(low, high);
        expect(leaves(low, between)).toBe(true);
        expect(leaves(high, between)).toBe(false);
      }),
    );
    expect(tauBetween(fromNumber(0.123), fromNumber(0.17))).toBe(0.13);
    expect(tauBetween(fromNumber(0.123), null)).toBe(1);
  });

  it('is never later for a larger tau, and never later than with exits off', () => {
    fc.assert(
      fc.property(rows, tau, tau, (logits, a, b) => {
        const [small, large] = a < b ? [a, b] : [b, a];
        const at = [null, small, large].map((t) => exitLayer(uncertaintiesOf(logits), t));
        expect(at[0]).toBe(logits.length);
        expect(at[1]).toBeLessThanOrEqual(at[0]);
        expect(at[2]).toBeLessThanOrEqual(at[1]);
      }),
    );
  });
});

it('argmax takes the first of equal logits', () => {
  expect(argmax([1, 3, 3])).toBe(1);
  expect(argmax([-1])).toBe(0);
});

it('tau is null or a number from 0 to 1', () => {
  for (const good of [null, 0, 0.3, 1]) expect(() => assertTau(good)).not.toThrow();
  for (const bad of [-0.1, 1.01, Number.NaN, '0.3', undefined]) {
    expect(() => assertTau(bad)).toThrow(expect.objectContaining({ code: 'MP_TAU_RANGE' }));
  }
});
