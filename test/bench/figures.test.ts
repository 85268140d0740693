import { describe, expect, test } from 'vitest';
import { figures, type Measured, quantile, type Turn } from '../../src/bench/figures.ts';

const turn = (textsPerSecond: number, ms: number, peak = 100): Turn => ({
  textsPerSecond,
  singles: [ms, ms, 3 * ms],
  peak,
});

// the machine is twice as slow in the second round, and again in the third
const drift = (textsPerSecond: number, ms: number): Turn[] =>
  [1, 2, 4].map((slower) => turn(textsPerSecond / slower, ms * slower, 100 / slower));

const common = { dtype: 'fp32', accuracy: 0.9 } as const;
const all: Measured[] = [
  { ...common, system: 'magic-pyramid', tau: 0.3, gflops: 0.01, rounds: drift(4000, 1) },
  { ...common, system: 'magic-pyramid', tau: null, gflops: 0.05, rounds: drift(1000, 4) },
  { ...common, system: 'magic-pyramid dense', tau: null, gflops: 0.1, rounds: drift(500, 8) },
  { ...common, system: 'pytorch', tau: null, gflops: 0.12, accuracy: null, rounds: drift(250, 16) },
];

describe('the figures of a benchmark', () => {
  const { rows, ratios, speedups } = figures(all);

  test('are a row for each system and mode, with medians of what was measured', () => {
    expect(rows).toHaveLength(8);
    expect(rows[3]).toEqual({
      system: 'pytorch',
      mode: 'throughput',
      textsPerSecond: 125,
      p50Ms: null,
      p99Ms: null,
      accuracy: null,
      tau: null,
      dtype: 'fp32',
      gflops: 0.12,
    });
    // singles of 1, 1, 3, 2, 2, 6, 4, 4, 12 ms
    expect(rows[4]).toMatchObject({ mode: 'latency', p50Ms: 3, p99Ms: 12, textsPerSecond: 9000 / 35, tau: 0.3 });
  });

  test('compare systems within a round, so that a machine that slows down changes no ratio', () => {
    expect(ratios.filter(({ mode }) => mode === 'throughput').map(({ ratio }) => ratio)).toEqual([1, 4, 8, 16]);
    expect(ratios.filter(({ mode }) => mode === 'latency').map(({ ratio }) => ratio)).toEqual([1, 4, 8, 16]);
    const shares = ratios.map(({ peakShare }) => peakShare);
    expect(shares.slice(0, 4).map((share) => share!.toFixed(6))).toEqual([
      '0.400000',
      '0.500000',
      '0.500000',
      '0.300000',
    ]);
    expect(shares.slice(4)).toEqual([null, null, null, null]);
  });

  test('say how far the clock follows the operations, against our own dense model', () => {
    expect(speedups).toEqual([
      { dtype: 'fp32', tau: 0.3, clock: 8, flops: 10, share: 0.8 },
      { dtype: 'fp32', tau: null, clock: 2, flops: 2, share: 1 },
    ]);
  });
});

test('a quantile is the smallest value that so large a share does not exceed', () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect([0, 0.5, 0.99, 1].map((q) => quantile(values, q))).toEqual([1, 50, 99, 100]);
  expect(quantile([7], 0.99)).toBe(7);
});
