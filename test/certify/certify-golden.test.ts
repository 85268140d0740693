import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bettingPValue, bettingUpper } from '../../src/certify/betting.ts';
import { binomialLower, binomialPValue, binomialUpper } from '../../src/certify/binomial.ts';

interface Golden {
  readonly rate: number;
  readonly betting: readonly {
    readonly n: number;
    /** Index and value of the rows that are not 0. */
    readonly differing: readonly (readonly [number, number])[];
    readonly epsilon: number;
    readonly alpha: number;
    readonly variance: number;
    readonly p: number;
    readonly upper: number;
  }[];
  readonly binomial: readonly { k: number; n: number; alpha: number; lower: number; upper: number; p: number }[];
}
const golden = JSON.parse(readFileSync(new URL('../golden/certify-golden.json', import.meta.url), 'utf8')) as Golden;

describe('beside an implementation in numpy and scipy', () => {
  it.each(golden.betting)('gives the betting p-value $p of $n rows, and the bound $upper', (row) => {
    const differences = new Int8Array(row.n);
    for (const [i, value] of row.differing) differences[i] = value;
    expect(bettingPValue(differences, row.epsilon, row)).toBeCloseTo(row.p, 10);
    // halved until 1e-7 is left
    expect(Math.abs(bettingUpper(differences, row) - row.upper)).toBeLessThan(1.1e-7);
  });

  it.each(golden.binomial)(
    'gives Clopper and Pearson’s bounds for $k of $n at alpha $alpha',
    ({ k, n, alpha, ...row }) => {
      // stdlib's inverse beta ends within a relative 1e-6, far below the share of a row
      expect(Math.abs(binomialUpper(k, n, alpha) - row.upper)).toBeLessThanOrEqual(1e-6 * row.upper);
      expect(Math.abs(binomialLower(k, n, alpha) - row.lower)).toBeLessThanOrEqual(1e-6 * row.lower);
      expect(binomialPValue(k, n, golden.rate)).toBeCloseTo(row.p, 12);
    },
  );
});
