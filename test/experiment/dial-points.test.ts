/** One model's dial, set in several ways and judged on its test rows. */
import { describe, expect, test } from 'vitest';
import { certify } from '../../src/certify/index.ts';
import { judge } from '../../src/evaluate/index.ts';
import { type DialTerms, dialPoints, halves } from '../../src/experiment/dial-points.ts';
import { agreeingTrace } from '../support/agreeing-trace.ts';
import { randomTrace, smallShape } from '../support/random-trace.ts';

const terms: DialTerms = { maxDrop: 0.05, confidence: 0.9, by: 'actual', seed: 3, dense: smallShape };
const validation = randomTrace({ texts: 150, seed: 1 });
const test1 = randomTrace({ texts: 901, seed: 2 });
const floored = { weight: 1, prior: [0, 0, 0, 0], scale: 1 };

describe('without rows kept apart', () => {
  const points = dialPoints({ validation, calibration: null, test: test1 }, terms);
  const [certified, , chosen, readOff] = points;

  test('there is one point a way: halves of the test rows, both choices on validation, and the test curve', () => {
    expect(points.map(({ way }) => way)).toEqual(['certified-halves', 'cautious', 'chosen', 'read-off']);
    expect(points.map(({ rows }) => rows)).toEqual([451, 150, 150, 901]);
    expect(points.map(({ taus }) => taus.length)).toEqual([2, 1, 1, 1]);
  });

  test('each half is judged at the setting that the other one certified', () => {
    const [one, other] = halves(test1, terms.seed);
    const tau = (trace: typeof test1) =>
      certify(trace, { risk: 'net-drop', maxRisk: 0.05, confidence: 0.9, seed: 3 }).certificate.tau;
    expect(certified.taus).toEqual([tau(one), tau(other)]);
    const right =
      judge(other, certified.taus[0]).accuracy * other.entries.length +
      judge(one, certified.taus[1]).accuracy * one.entries.length;
    expect(certified.accuracy).toBeCloseTo(right / 901, 12);
    expect(certified.drop).toBeCloseTo(judge(test1, null).accuracy - certified.accuracy, 12);
  });

  test('of one tau for all rows the figures are those of the rows at that tau', () => {
    const { accuracy, speedup } = judge(test1, chosen.taus[0], { dense: smallShape });
    expect(chosen.accuracy).toBeCloseTo(accuracy, 12);
    for (const count of ['paper', 'actual'] as const)
      expect(chosen.speedup[count]! / speedup[count]!).toBeCloseTo(1, 9);
  });

  test('what is read off the test rows is within the drop there, and no slower than what was certified', () => {
    expect(readOff.drop).toBeLessThanOrEqual(0.05 + 1e-9);
    expect(readOff.speedup.actual).toBeGreaterThanOrEqual(certified.speedup.actual!);
  });
});

test('halves are of the seed, disjoint and whole, and the first has the odd row', () => {
  const [one, other] = halves(test1, 3);
  expect([one.entries.length, other.entries.length]).toEqual([451, 450]);
  expect(new Set([...one.entries, ...other.entries]).size).toBe(901);
  expect(halves(test1, 3)[0].entries).toEqual(one.entries);
  expect(halves(test1, 4)[0].entries).not.toEqual(one.entries);
});

test('with rows kept apart those certify, and all test rows judge', () => {
  const calibration = agreeingTrace({ texts: 500 });
  const [certified] = dialPoints({ validation, calibration, test: test1 }, terms);
  expect(certified).toMatchObject({ way: 'certified', rows: 500 });
  // rows on which nothing is ever lost certify the fastest setting: the promise is for rows like them
  expect(certified.drop).toBeGreaterThan(0.05);
});

test('where too few rows certify anything, every text goes to the end and nothing is lost', () => {
  const [certified] = dialPoints({ validation, calibration: null, test: randomTrace({ texts: 20, seed: 6 }) }, terms);
  expect(certified).toMatchObject({ taus: [null, null], drop: 0 });
  expect(certified.speedup.paper).toBeGreaterThan(0);
});

test('a floor 0 that answers all leaves no layer to count as the paper does', () => {
  const all = agreeingTrace({ texts: 800 });
  const entries = all.entries.map((entry) => ({ ...entry, floor: entry.logits.at(-1)! }));
  const trace = { ...all, floor: floored, entries };
  const [certified] = dialPoints({ validation: trace, calibration: trace, test: trace }, terms);
  expect(certified).toMatchObject({ drop: 0, speedup: { paper: null } });
  expect(certified.speedup.actual).toBeGreaterThan(100);
});
