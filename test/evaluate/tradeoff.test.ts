import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge } from '../../src/evaluate/judge.ts';
import { chooseTau, tradeoff } from '../../src/evaluate/tradeoff.ts';
import { randomTrace } from '../support/random-trace.ts';

const large = randomTrace({ seed: 21, texts: 600 });
const curve = tradeoff(large);

describe('the curve over tau', () => {
  it('begins with exits off, then rises from 0 to 1 in at most 200 taus', () => {
    expect(curve[0].tau).toBeNull();
    const taus = curve.slice(1).map(({ tau }) => tau as number);
    expect(taus).toEqual(taus.toSorted((a, b) => a - b));
    expect(taus.length).toBeGreaterThanOrEqual(101);
    expect(taus.length).toBeLessThanOrEqual(200);
    expect([taus[0], taus.at(-1)]).toEqual([0, 1]);
  });

  it('agrees with the judgement at each of its points', () => {
    for (const point of [0, 1, 40, 90].map((i) => curve[i])) expect(judge(large, point.tau)).toMatchObject(point);
  });

  it('costs less with every step, and ends where all leave at the first head', () => {
    for (let i = 2; i < curve.length; i++) {
      expect(curve[i].meanExit).toBeLessThanOrEqual(curve[i - 1].meanExit);
      expect(curve[i].gflops.paper).toBeLessThanOrEqual(curve[i - 1].gflops.paper);
      expect(curve[i].gflops.actual).toBeLessThanOrEqual(curve[i - 1].gflops.actual + 1e-12);
    }
    expect(curve.at(-1)?.meanExit).toBe(1);
  });

  it('is exact for few texts: every tau has the figures of one of its points', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 0, max: 1, noNaN: true }), (seed, tau) => {
        const trace = randomTrace({ seed, texts: 12 });
        const { meanExit, gflops, accuracy } = judge(trace, tau);
        fc.pre(meanExit < 6);
        expect(tradeoff(trace)).toContainEqual(expect.objectContaining({ meanExit, gflops, accuracy }));
      }),
      { numRuns: 60 },
    );
  });

  it('is the single point "off" for a network without exit heads', () => {
    const points = tradeoff(randomTrace({ seed: 3, headKind: 'none' }));
    expect(points.map(({ tau }) => tau)).toEqual([null]);
  });
});

describe('the choice of tau', () => {
  const off = curve[0];

  it('is the cheapest point that loses no more than allowed', () => {
    for (const by of ['actual', 'paper'] as const) {
      for (const maxDrop of [0, 0.005, 0.02, 0.1]) {
        const chosen = chooseTau(large, { baseline: off.accuracy, maxDrop, by });
        expect(chosen.accuracy).toBeGreaterThanOrEqual(off.accuracy - maxDrop - 1e-9);
        for (const point of curve) {
          if (point.accuracy >= off.accuracy - maxDrop)
            expect(point.gflops[by]).toBeGreaterThanOrEqual(chosen.gflops[by]);
        }
      }
    }
  });

  it('spends less when more may be lost', () => {
    const [little, much] = [0.005, 0.1].map((maxDrop) => chooseTau(large, { baseline: off.accuracy, maxDrop }));
    expect(much.gflops.actual).toBeLessThan(little.gflops.actual);
    expect(much.tau).toBeGreaterThan(little.tau as number);
  });

  it('uses the given count: asking heads that seldom answer is cheaper only as the paper counts', () => {
    const shape = { layers: 3, hiddenSize: 64, heads: 2, intermediateSize: 256, labels: 2 };
    const entries = Array.from({ length: 100 }, (_, i) => ({
      label: 1,
      length: 9,
      tokens: [9, 9, 9, 9],
      logits: [i === 0 ? [0, 9] : [1, 0], i === 0 ? [0, 9] : [1, 0], [0, 5]],
    }));
    const trace = { shape, labels: ['a', 'b'], headKind: 'cls', pairs: false, entries } as const;
    expect(chooseTau(trace, { baseline: 1, maxDrop: 0, by: 'paper' })).toMatchObject({ accuracy: 1, meanExit: 2.98 });
    expect(chooseTau(trace, { baseline: 1, maxDrop: 0 }).tau).toBeNull();
  });

  it('is off where no point is accurate enough', () => {
    expect(chooseTau(large, { baseline: 1, maxDrop: 0 }).tau).toBeNull();
  });

  it('allows a drop of exactly the limit, despite floating-point rounding', () => {
    expect(0.8 - 0.1).toBeGreaterThan(0.7);
    const shape = { layers: 2, hiddenSize: 8, heads: 2, intermediateSize: 16, labels: 2 };
    const entries = Array.from({ length: 10 }, (_, i) => ({
      label: 1,
      length: 5,
      tokens: [5, 5, 5],
      logits: [i < 7 ? [0, 9] : [9, 0], i < 8 ? [0, 9] : [9, 0]],
    }));
    const trace = { shape, labels: ['a', 'b'], headKind: 'cls', pairs: false, entries } as const;
    expect(chooseTau(trace, { baseline: 0.8, maxDrop: 0.1 })).toMatchObject({ accuracy: 0.7, meanExit: 1 });
    expect(chooseTau(trace, { baseline: 0.8, maxDrop: 0.09 }).tau).toBeNull();
  });

  it('is a short decimal that leaves the answers as they are', () => {
    const { tau } = chooseTau(large, { baseline: off.accuracy, maxDrop: 0.01 });
    expect(String(tau).length).toBeLessThanOrEqual(8);
  });

  it('refuses a drop given in points rather than as a fraction', () => {
    expect(() => chooseTau(large, { baseline: 97.5, maxDrop: 0.5 })).toThrow(/baseline is 97.5; give a fraction/);
  });
});
