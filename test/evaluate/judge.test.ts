import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge } from '../../src/evaluate/judge.ts';
import { exitOf, outcomes } from '../../src/evaluate/outcomes.ts';
import type { Trace } from '../../src/evaluate/trace.ts';
import { tradeoff } from '../../src/evaluate/tradeoff.ts';
import { exitLayer, toNumber, uncertaintiesOf, uncertainty } from '../../src/pyramid/exits/exit-rule.ts';
import { actualFlops, denseFlops, paperFlops } from '../../src/pyramid/flops.ts';
import { randomTrace, smallShape } from '../support/random-trace.ts';

const shape = { layers: 2, hiddenSize: 4, heads: 2, intermediateSize: 16, labels: 2 };
const sure0 = [9, 0];
const sure1 = [0, 9];
const unsure0 = [0.1, 0];
// right at layer 1; right at layer 2 only; wrong at layer 1, right at layer 2; wrong
const hand: Trace = {
  shape,
  labels: ['ham', 'spam'],
  headKind: 'cls',
  pairs: false,
  entries: [
    { label: 1, length: 10, tokens: [10, 6, 3], logits: [sure1, sure1] },
    { label: 1, length: 36, tokens: [36, 30, 20], logits: [unsure0, sure1] },
    { label: 0, length: 35, tokens: [35, 35, 35], logits: [sure1, sure0] },
    { label: 1, length: 71, tokens: [71, 50, 10], logits: [unsure0, unsure0] },
  ],
};

describe('an evaluated trace with a floor', () => {
  // w = 0.5, k log π = (0, 1), s = 2
  const floor = { weight: 0.5, prior: [0, 1], scale: 2 };
  const entries = [
    { ...hand.entries[0], floor: [-4, 4] }, // right and sure at floor 0
    { ...hand.entries[1], floor: [0.05, 0] }, // unsure; adds (0.025, −0.5), so that layer 1 says ham, unsure; right at 2
    { ...hand.entries[2], floor: null }, // without a feature: as the network alone
    { ...hand.entries[3], floor: [0, 30] }, // sure and right at floor 0, where the network is wrong
  ];
  const trace: Trace = { ...hand, floor, entries };

  it('has the figures that four texts give by hand', () => {
    const on = judge(trace, 0.5);
    expect(on.exitsAtFloor).toBe(2);
    expect(on.exitsByLayer).toEqual([1, 1]);
    expect(on.meanExit).toBe(0.75);
    expect(on.accuracy).toBe(0.75); // the third is taken for spam at layer 1
    const options = { headKind: 'cls', pairs: false, peeks: 'all' } as const;
    const used = paperFlops(shape, entries[1].tokens, 2) + paperFlops(shape, entries[2].tokens, 1);
    expect(on.gflops.paper).toBeCloseTo(used / 4 / 1e9, 15);
    const actual =
      actualFlops(shape, entries[0].tokens, 0, { ...options, floor: true }) +
      actualFlops(shape, entries[1].tokens, 2, { ...options, floor: true }) +
      actualFlops(shape, entries[2].tokens, 1, options) +
      actualFlops(shape, entries[3].tokens, 0, { ...options, floor: true });
    expect(on.gflops.actual).toBeCloseTo(actual / 4 / 1e9, 15);
    expect(actualFlops(shape, entries[0].tokens, 0, { ...options, floor: true })).toBe(2 * 19 * 2);
  });

  it('sums floor 0 into the last layer too, and is off where it says so', () => {
    const off = judge(trace, null);
    expect(off.exitsAtFloor).toBe(0);
    expect(off.exitsByLayer).toEqual([0, 4]);
    expect(off.accuracy).toBe(1); // the fourth by 0.5 (30 − 1) against 0.1
    expect(judge(hand, null).accuracy).toBe(0.75);
    expect(judge(hand, null).exitsAtFloor).toBeNull();
  });

  it('has no speed-up as the paper counts where no layer ran', () => {
    const all = judge({ ...trace, entries: [entries[0], entries[3]] }, 0.5);
    expect(all.speedup.paper).toBeNull();
    expect(all.speedup.actual).toBeGreaterThan(1);
    expect(all.gflops.paper).toBe(0);
  });

  it('of a floor alone answers every text there, at any tau, and has no network to be faster than', () => {
    const alone: Trace = {
      ...trace,
      shape: { ...shape, layers: 0, hiddenSize: 0, heads: 0, intermediateSize: 0 },
      headKind: 'none',
      entries: [0, 1, 3].map((i) => ({ ...entries[i], tokens: [entries[i].length], logits: [] })),
    };
    const judged = judge(alone, null);
    expect(judged).toMatchObject({ exitsAtFloor: 3, exitsByLayer: [], meanExit: 0, tokensByLayer: [39] });
    expect(judged.accuracy).toBe(2 / 3);
    expect(judged.speedup).toEqual({ paper: null, actual: null });
    expect(judge(alone, null, { dense: shape }).speedup.actual).toBeGreaterThan(1);
    expect(tradeoff(alone)).toHaveLength(1);
  });
});

describe('an evaluated trace', () => {
  it('has the figures that four texts give by hand', () => {
    const on = judge(hand, 0.5);
    expect(on.exitsByLayer).toEqual([2, 2]);
    expect(on.meanExit).toBe(1.5);
    expect(on.accuracy).toBe(0.5); // spam at 1, spam at 2, not: ham taken for spam at 1, spam taken for ham at 2
    expect(on.f1).toBeCloseTo(4 / 6, 12);
    expect(on.tokensByLayer).toEqual([38, 30.25, 17]);
    const exits = [1, 2, 1, 2];
    const used = hand.entries.map(({ tokens }, i) => paperFlops(shape, tokens, exits[i])).reduce((a, b) => a + b);
    const dense = hand.entries.map(({ length }) => denseFlops(shape, length)).reduce((a, b) => a + b);
    const options = { headKind: 'cls', pairs: false, peeks: 'all' } as const;
    const actual = hand.entries
      .map(({ tokens }, i) => actualFlops(shape, tokens, exits[i], options))
      .reduce((a, b) => a + b);
    expect(on.gflops).toEqual({ paper: used / 4e9, actual: actual / 4e9 });
    expect(on.speedup).toEqual({ paper: dense / used, actual: dense / actual });
  });

  it('with exits off asks the main classifier only', () => {
    const off = judge(hand, null);
    expect(off.accuracy).toBe(0.75);
    expect(off.exitsByLayer).toEqual([0, 4]);
    const options = { headKind: 'none', pairs: false, peeks: 'all' } as const;
    const actual = hand.entries.map(({ tokens }) => actualFlops(shape, tokens, 2, options)).reduce((a, b) => a + b);
    expect(off.gflops.actual).toBe(actual / 4e9);
    expect(judge(hand, 0).gflops.actual).toBeGreaterThan(off.gflops.actual);
  });

  it('has the length buckets 1 to 35, 36 to 70 and over 70 tokens', () => {
    const [short, middle, long] = judge(hand, 0.5).byLength;
    expect([short, middle, long].map(({ from, to, n }) => [from, to, n])).toEqual([
      [1, 35, 2],
      [36, 70, 1],
      [71, null, 1],
    ]);
    expect(short).toMatchObject({ accuracy: 0.5, meanExit: 1, pruned: 1 - (6 + 3 + 35 + 35) / (2 * 45) });
    expect(middle).toMatchObject({ accuracy: 1, meanExit: 2, pruned: 1 - 50 / 72 });
    expect(long).toMatchObject({ accuracy: 0, meanExit: 2, pruned: 1 - 60 / 142 });
    expect(short.speedup?.paper).toBeGreaterThan(middle.speedup?.paper as number);
  });

  it('has null figures for a length that does not occur', () => {
    const { byLength } = judge({ ...hand, entries: hand.entries.slice(0, 1) }, 0.5);
    expect(byLength[2]).toEqual({
      from: 71,
      to: null,
      n: 0,
      accuracy: null,
      speedup: null,
      pruned: null,
      meanExit: null,
    });
  });

  it('has F1 of the positive label with two labels, and macro F1 always', () => {
    const many = judge(randomTrace({ seed: 1 }), 0.5);
    expect(many.f1).toBeNull();
    expect(many.macroF1).toBeGreaterThan(0.3);
  });

  it('refuses a tau outside [0, 1], and any where there are no heads', () => {
    expect(() => judge(hand, 1.5)).toThrow(expect.objectContaining({ code: 'MP_TAU_RANGE' }));
    const headless = randomTrace({ seed: 1, headKind: 'none' });
    expect(() => judge(headless, 0.5)).toThrow(expect.objectContaining({ code: 'MP_USAGE' }));
    expect(judge(headless, null).meanExit).toBe(6);
  });

  it('passes over layers without a head', () => {
    const entries = hand.entries.map((entry) => ({ ...entry, logits: [[], entry.logits[1]] }));
    const { exitsByLayer, gflops } = judge({ ...hand, entries }, 1);
    expect(exitsByLayer).toEqual([0, 4]);
    expect(gflops.actual).toBe(judge(hand, null).gflops.actual);
  });

  it('counts what the engine without peeks would compute when told so', () => {
    const trace = randomTrace({ seed: 7 });
    const [all, none] = (['all', 'none'] as const).map((peeks) => judge(trace, 0.4, { peeks }));
    expect(all.speedup.paper).toBe(none.speedup.paper);
    expect(all.speedup.actual).toBeGreaterThan(none.speedup.actual! * 1.1);
  });

  it("has a half-depth student's speed-up over its teacher", () => {
    const student = randomTrace({ seed: 9, headKind: 'none', pruned: false, shape: { ...smallShape, layers: 3 } });
    expect(judge(student, null).speedup.paper).toBe(1);
    const over = judge(student, null, { dense: smallShape });
    expect(over.speedup.paper).toBe(2);
    expect(over.gflops).toEqual(judge(student, null).gflops);
  });

  it('adds up: its buckets to the whole, and plain BERT to a speed-up of one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.constantFrom('cls', 'fastbert', 'pooled') as fc.Arbitrary<'cls' | 'fastbert' | 'pooled'>,
        fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
        (seed, headKind, tau) => {
          const result = judge(randomTrace({ seed, texts: 40, headKind }), tau);
          expect(result.exitsByLayer.reduce((a, b) => a + b)).toBe(40);
          const right = result.byLength.reduce((sum, { n, accuracy }) => sum + n * (accuracy ?? 0), 0);
          expect(right / 40).toBeCloseTo(result.accuracy, 10);
          const plain = judge(randomTrace({ seed, texts: 40, headKind: 'none', pruned: false }), null);
          expect(plain.speedup.paper).toBe(1);
          expect(plain.speedup.actual).toBeGreaterThan(1); // the last layer is only a peek
          expect(plain.speedup.actual).toBeLessThan(6 / 5);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('lets each text leave where exitLayer says it does', () => {
    const trace = randomTrace({ seed: 11, texts: 500 });
    const all = outcomes(trace);
    const exact = trace.entries.slice(0, 20).map(({ logits }) => toNumber(uncertainty(logits[2])));
    for (const tau of [null, 0, 0.05, 0.3, 0.7, 1, ...exact]) {
      trace.entries.forEach(
        ({ logits }, i) => void expect(exitOf(all[i], tau)).toBe(exitLayer(uncertaintiesOf(logits), tau)),
      );
    }
  });
});
