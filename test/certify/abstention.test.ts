import { describe, expect, it, test } from 'vitest';
import { certifyAbstention, SCORES } from '../../src/certify/abstention.ts';
import { fallback } from '../../src/certify/fallback.ts';
import { fixedSequence } from '../../src/certify/fixed-sequence.ts';
import type { Trace } from '../../src/evaluate/trace.ts';
import type { RandomStream } from '../../src/random.ts';
import { randomStream } from '../../src/random.ts';
import { allowed, errorRate } from '../support/error-rate.ts';
import { randomTrace } from '../support/random-trace.ts';

const shape = { layers: 1, hiddenSize: 8, heads: 2, intermediateSize: 16, labels: 2 };

/** Texts of which each is answered with a score out of `kinds`, right with that kind's chance. */
function scored(random: RandomStream, n: number, kinds: readonly { score: number; right: number }[]): Trace {
  const entries = Array.from({ length: n }, () => {
    const { score, right } = kinds[random.integer(kinds.length)];
    const label = random.integer(2);
    const answer = random.next() < right ? label : 1 - label;
    const z = Math.log(score / (1 - score));
    return { label, length: 3, tokens: [3, 3], logits: [answer === 1 ? [0, z] : [z, 0]] };
  });
  return { shape, labels: ['no', 'yes'], headKind: 'none', pairs: false, entries };
}

describe('the fallback procedure', () => {
  it('with all of α at the first hypothesis is fixed-sequence testing', () => {
    const p = [0.01, 0.04, 0.2, 0.001];
    const rejected = fallback([0.05, 0, 0, 0], (i, level) => p[i] <= level);
    expect(rejected).toEqual([true, true, false, false]);
    expect(rejected.lastIndexOf(true)).toBe(fixedSequence(4, (i) => p[i] <= 0.05));
  });

  it('begins anew where a level stands, and adds it to what is carried there', () => {
    const asked: number[] = [];
    const rejected = fallback([0.02, 0, 0.03, 0], (i, level) => {
      asked.push(level);
      return i !== 1;
    });
    expect(rejected).toEqual([true, false, true, true]);
    expect(asked).toEqual([0.02, 0.02, 0.03, 0.03]);
    expect(fallback([0.02, 0.03], (_, level) => level > 0.04)).toEqual([false, false]);
    asked.length = 0;
    fallback([0.02, 0.03], (_, level) => asked.push(level) > 0);
    expect(asked).toEqual([0.02, 0.05]);
  });
});

describe('an abstention', () => {
  const kinds = [
    { score: 0.995, right: 0.995 },
    { score: 0.9, right: 0.99 },
    { score: 0.6, right: 0.6 },
  ];
  const trace = scored(randomStream(3, 'scored'), 2000, kinds);

  it('has the lowest score at which enough of the answers are right', () => {
    const { abstention } = certifyAbstention(trace, null, { accuracy: 0.97 });
    const given = trace.entries.filter(({ logits: [row] }) => Math.abs(row[0] - row[1]) > 1);
    const right = given.filter(({ label, logits: [row] }) => row[label] > row[1 - label]).length / given.length;
    // texts of 0.9 are answered, those of 0.6 are not
    expect(abstention!.minScore).toBeGreaterThan(0.6);
    expect(abstention!.minScore).toBeLessThanOrEqual(0.9);
    expect(abstention).toMatchObject({ rows: 2000, answered: given.length / 2000, tau: null, confidence: 0.95 });
    expect(abstention!.right.estimate).toBeCloseTo(right, 12);
    expect(abstention!.right.lower).toBeGreaterThanOrEqual(0.97);
    expect(abstention!.right.lower).toBeLessThan(right);
  });

  it('says about how many rows it takes where there are too few, and nothing where more would not help', () => {
    const few = { ...trace, entries: trace.entries.slice(0, 900) };
    const how = { accuracy: 0.985, confidence: 0.99 };
    const { abstention, rowsNeeded } = certifyAbstention(few, null, how);
    expect(abstention).toBeNull();
    expect(rowsNeeded).toBeGreaterThan(900);
    const certified = Array.from({ length: 20 }, (_, i) => {
      const enough = scored(randomStream(i, 'enough'), rowsNeeded!, kinds);
      return certifyAbstention(enough, null, how).abstention !== null;
    });
    expect(certified.filter(Boolean).length).toBeGreaterThan(12);
    const bad = scored(randomStream(5, 'scored'), 2000, [{ score: 0.99, right: 0.8 }]);
    expect(certifyAbstention(bad, null, { accuracy: 0.97 })).toEqual({ abstention: null, rowsNeeded: null });
  });

  it('is of the answers at the tau, with the temperature of the exit that gives them', () => {
    const deep = randomTrace({ seed: 8, texts: 3000, floor: { weight: 0.5, prior: [0, 0, 0, 0], scale: 1 } });
    const early = certifyAbstention(deep, 0.5, { accuracy: 0.97 }).abstention!;
    const full = certifyAbstention(deep, null, { accuracy: 0.97 }).abstention!;
    expect([early.tau, full.tau]).toEqual([0.5, null]);
    expect(early.answered).toBeLessThan(full.answered);
    // scores that say less than they could: the same texts are answered, at a lower score
    const flat = { ...deep, temperatures: Array.from({ length: 6 }, () => 0.3) };
    const shy = certifyAbstention(flat, null, { accuracy: 0.97 }).abstention!;
    expect(shy.minScore).toBeLessThan(full.minScore - 0.1);
    expect(Math.abs(shy.answered - full.answered)).toBeLessThan(0.1);
  });

  it('needs rows, and shares that mean something', () => {
    const none = { ...trace, entries: [] };
    expect(() => certifyAbstention(none, null, { accuracy: 0.9 })).toThrow(/there are no rows/);
    expect(() => certifyAbstention(trace, null, { accuracy: 1 })).toThrow(/accuracy is 1/);
    expect(() => certifyAbstention(trace, null, { accuracy: 0.9, confidence: 0 })).toThrow(/confidence is 0/);
  });
});

test('scores are tried from strict to lenient, in short decimals', () => {
  expect(SCORES).toEqual([...new Set(SCORES)].sort((a, b) => b - a));
  for (const start of [0.99, 0.95, 0.8, 0.5]) expect(SCORES).toContain(start);
});

// Answers of 0.7 are right so often that from there on exactly 97 % of all that are given are: at the boundary, and beyond it
// with those of 0.55. Whatever lower score is certified is wrongly so.
const BOUNDARY = [
  { name: 'early', kinds: [{ score: 0.996, right: 0.97 }], least: 1 },
  {
    name: 'at a middle score',
    kinds: [
      { score: 0.97, right: 0.99 },
      { score: 0.7, right: 0.95 },
    ],
    least: 0.7,
  },
  {
    name: 'at a low score, with few sure answers',
    kinds: [
      { score: 0.9, right: 0.98 },
      { score: 0.6, right: 0.96 },
      { score: 0.55, right: 0.9 },
    ],
    least: 0.6,
  },
];
test.each(BOUNDARY)('a score at the boundary, $name, is certified no more often than alpha', ({ kinds, least }) => {
  const times = 400;
  const broken = errorRate(times, 'abstention', (random) => {
    const { abstention } = certifyAbstention(scored(random, 800, kinds), null, { accuracy: 0.97, confidence: 0.9 });
    return abstention !== null && abstention.minScore <= least;
  });
  expect(broken).toBeLessThanOrEqual(allowed(0.1, times));
});
