import { describe, expect, it } from 'vitest';
import { certify, chooseCautiously } from '../../src/certify/index.ts';
import { pearson, spearman } from '../../src/evaluate/correlation.ts';
import { judge } from '../../src/evaluate/judge.ts';
import { hammingLoss, macroF1OfSets, microF1 } from '../../src/evaluate/label-sets.ts';
import { outcomes } from '../../src/evaluate/outcomes.ts';
import { qualityOf, targetQuality } from '../../src/evaluate/quality.ts';
import type { Trace, TraceEntry } from '../../src/evaluate/trace.ts';
import { metaText, parseEntry, parseMeta } from '../../src/evaluate/trace-lines.ts';
import type { TargetRule } from '../../src/pyramid/exits/answer-rule.ts';
import { randomStream } from '../../src/random.ts';

/** Two layers; `rows`: target, logits of layer 1 and of layer 2. */
const traceOf = (answers: TargetRule, rows: readonly (readonly [number[], number[], number[]])[]): Trace => {
  const labels = rows[0][1].map((_, i) => `l${i}`);
  return {
    shape: { layers: 2, hiddenSize: 8, heads: 2, intermediateSize: 16, labels: labels.length },
    labels,
    headKind: 'cls',
    pairs: false,
    answers,
    entries: rows.map(
      ([target, ...logits]): TraceEntry => ({ label: -1, target, length: 5, tokens: [5, 5, 5], logits }),
    ),
  };
};
const thresholds = { problemType: 'multi_label_classification', thresholds: [0.5, 0.5] } as const;
const spread = { problemType: 'regression', spread: 1 } as const;

describe('figures of sets of labels', () => {
  const truth = [
    [1, 1, 0],
    [0, 1, 0],
    [0, 0, 0],
    [1, 0, 0],
  ];
  const answers = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 1, 0],
    [1, 0, 0],
  ];
  it('are F1 over all decisions, its mean over the labels met, and the share of wrong decisions', () => {
    expect(microF1(truth, answers)).toBeCloseTo(6 / 8, 12); // 3 right, 1 missed, 1 too many
    expect(macroF1OfSets(truth, answers)).toBeCloseTo((1 + 0.5) / 2, 12); // the third label is met nowhere
    expect(hammingLoss(truth, answers)).toBeCloseTo(2 / 12, 12);
  });
  it('of a trace count a set as right only as a whole', () => {
    const trace = traceOf(thresholds, [
      [
        [1, 0],
        [4, -4],
        [4, -4],
      ],
      [
        [1, 1],
        [4, -4],
        [4, 4],
      ],
      [
        [0, 0],
        [-4, 0.1],
        [-4, -4],
      ],
    ]);
    const off = judge(trace, null);
    expect(off).toMatchObject({ accuracy: 1, microF1: 1, hammingLoss: 0, f1: null });
    const early = judge(trace, 1);
    expect(early).toMatchObject({ accuracy: 1 / 3, meanExit: 1, exitsByLayer: [3, 0] });
    expect(early.microF1).toBeCloseTo(4 / 6, 12);
    // the third text is unsure of one label, and stays
    expect(judge(trace, 0.5).exitsByLayer).toEqual([2, 1]);
    expect(qualityOf(early)).toBe(early.microF1);
  });
  it('take the thresholds of scores with their temperature', () => {
    const trace = traceOf({ ...thresholds, thresholds: [0.8, 0.5] }, [
      [
        [1, 0],
        [1, -1],
        [1, -1],
      ],
    ]);
    expect(judge(trace, null).accuracy).toBe(0); // sigmoid(1) is 0.73
    expect(judge({ ...trace, temperatures: [1, 2] }, null).accuracy).toBe(1); // sigmoid(2) is 0.88
  });
});

describe('correlations', () => {
  it("are Pearson's of the numbers and Spearman's of their ranks", () => {
    expect(pearson([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 12);
    expect(pearson([1, 2, 3, 4], [1, 3, 2, 5])).toBeCloseTo(0.8315218, 6);
    expect(spearman([1, 2, 3], [1, 10, 100])).toBeCloseTo(1, 12);
    expect(spearman([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(0.9486833, 6);
    expect(pearson([1, 1], [1, 2])).toBe(0);
  });
  it('judge a trace of numbers, where there is no accuracy', () => {
    const rows = [0, 1, 2, 3].map((y): [number[], number[], number[]] => [[y], [y + (y % 2)], [y]]);
    const off = judge(traceOf(spread, rows), null);
    expect(off).toMatchObject({ accuracy: Number.NaN, meanSquaredError: 0, r2: 1 });
    expect(off.standardDeviation).toBeCloseTo(Math.sqrt(1.25), 12);
    expect(off.pearson).toBeCloseTo(1, 12);
    expect(qualityOf(off)).toBe(1);
  });
  it('see no scale, which the share of the variance explained does', () => {
    const of = (answer: (y: number) => number) =>
      judge(
        traceOf(
          spread,
          [0, 1, 2, 3].map((y) => [[y], [y], [answer(y)]]),
        ),
        null,
      );
    const small = of((y) => y / 100);
    expect(small.pearson).toBeCloseTo(1, 12);
    expect(small.r2).toBeLessThan(-1);
    expect(of(() => 1.5).r2).toBe(0);
    expect(of((y) => y + 0.5).r2).toBeCloseTo(1 - 0.25 / 1.25, 12);
    expect(qualityOf(small)).toBe(small.r2);
  });
});

it('what each row moves a figure by is its derivative: a row that counts a little more changes it by that much', () => {
  const random = randomStream(3, 'influence');
  for (const answers of [thresholds, spread]) {
    const width = answers === spread ? 1 : 2;
    const row = (): [number[], number[], number[]] => {
      const target = Array.from({ length: width }, () => (answers === spread ? random.normal() : random.integer(2)));
      const logits = target.map((t) => 2 * t - 1 + 1.5 * random.normal());
      return [target, logits, logits];
    };
    const rows = Array.from({ length: 400 }, row);
    const value = (some: typeof rows) => targetQuality(outcomes(traceOf(answers, some)), null).value;
    const { influence } = targetQuality(outcomes(traceOf(answers, rows)), null);
    expect(Math.abs(influence.reduce((a, b) => a + b, 0) / rows.length)).toBeLessThan(1e-9);
    // a row given twice: 1 / (n + 1) of it, to first order
    const [first] = rows;
    const moved = (value([...rows, first]) - value(rows)) * (rows.length + 1);
    expect(moved).toBeCloseTo(influence[0], 1);
  }
});

describe('the dial', () => {
  const random = randomStream(5, 'dial');
  const rows = Array.from({ length: 600 }, (): [number[], number[], number[]] => {
    const target = [random.integer(2), random.integer(2)];
    const full = target.map((t) => 8 * (2 * t - 1));
    const isHard = random.integer(10) === 0;
    return [target, isHard ? full.map((z) => -z / 40) : full, full];
  });
  it('is chosen by micro F1, as far as that stays within what may be lost', () => {
    const trace = traceOf(thresholds, rows);
    const { tau, microF1, meanExit } = chooseCautiously(trace, { maxDrop: 0.01 });
    expect(tau).toBeLessThan(0.99); // at 1 the tenth that is hard would leave too
    expect(microF1).toBeGreaterThan(0.99);
    expect(meanExit).toBeLessThan(1.2);
    expect(chooseCautiously(trace, { maxDrop: 0.5 }).tau).toBeGreaterThan(0.9);
  });
  it('is certified by whole sets, and by no numbers', () => {
    const { certificate } = certify(traceOf(thresholds, rows), { maxRisk: 0.02, seed: 1 });
    expect(certificate.tau).toBeGreaterThan(0);
    expect(certificate.atTau.estimate).toBe(0);
    const numbers = traceOf(spread, [[[1], [1], [1]]]);
    expect(() => certify(numbers, { maxRisk: 0.02, seed: 1 })).toThrow('numbers are neither');
    expect(() => certify(traceOf(thresholds, rows), { maxRisk: 0.02, seed: 1, reference: rows.map(() => 0) })).toThrow(
      'reference answers are one label a row',
    );
  });
  it('of numbers is chosen by the share of their variance that answers explain', () => {
    const numbers = Array.from({ length: 300 }, (_, i): [number[], number[], number[]] => [
      [i % 7],
      [(i % 7) + (i % 10 === 0 ? 5 : 0.01)],
      [i % 7],
    ]);
    const trace = traceOf(spread, numbers);
    // one exit has none before it to agree with
    expect(chooseCautiously(trace, { maxDrop: 0.01 }).tau).toBeNull();
    const three: Trace = {
      ...trace,
      shape: { ...trace.shape, layers: 3 },
      entries: trace.entries.map((entry) => ({
        ...entry,
        tokens: [5, 5, 5, 5],
        logits: [[entry.target![0]], ...entry.logits],
      })),
    };
    const chosen = chooseCautiously(three, { maxDrop: 0.01 });
    expect(chosen.tau).toBeLessThan(1);
    expect(chosen.meanExit).toBeCloseTo(0.9 * 2 + 0.1 * 3, 1);
    expect(chosen.r2).toBeCloseTo(1, 3);
  });
  it('of numbers is left off where early answers have the right order on the wrong scale', () => {
    const numbers = Array.from({ length: 300 }, (_, i): [number[], number[], number[]] => {
      const y = (i % 7) / 7;
      return [[y], [y / 10], [y]];
    });
    const trace = traceOf(spread, numbers);
    const three: Trace = {
      ...trace,
      shape: { ...trace.shape, layers: 3 },
      entries: trace.entries.map((entry) => ({
        ...entry,
        tokens: [5, 5, 5, 5],
        logits: [entry.logits[0], ...entry.logits],
      })),
    };
    expect(judge(three, 1).pearson).toBeCloseTo(1, 12);
    expect(judge(three, 1).meanExit).toBe(2);
    expect(chooseCautiously(three, { maxDrop: 0.01 }).tau).toBeNull();
  });
});

describe('a trace on disk', () => {
  const trace = traceOf(thresholds, [
    [
      [1, 0],
      [4, -4],
      [4, -4],
    ],
  ]);
  const { entries, ...rest } = trace;
  it('keeps thresholds and targets, as version 4', () => {
    const meta = parseMeta(metaText(rest), 'meta');
    expect(JSON.parse(metaText(rest)).version).toBe(4);
    expect(meta).toEqual(rest);
    expect(parseEntry(JSON.stringify(entries[0]), meta, 'trace', 1)).toEqual(entries[0]);
  });
  it('is refused with a target that does not fit', () => {
    const bad = JSON.stringify({ ...entries[0], target: [1] });
    expect(() => parseEntry(bad, rest, 'trace', 1)).toThrow('"target" is not 0 or 1 for each of 2 labels');
    const text = metaText({ ...rest, answers: { ...thresholds, thresholds: [0.5] } });
    expect(() => parseMeta(text, 'meta')).toThrow('"answers" are neither a threshold for each of 2 labels');
  });
});
