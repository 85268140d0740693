import { describe, expect, it } from 'vitest';
import { cautiousDrop, chooseCautiously } from '../../src/certify/choose-cautiously.ts';
import { DIAL } from '../../src/certify/dial.ts';
import { dropByGroup } from '../../src/certify/groups.ts';
import { leastRisk } from '../../src/certify/least-risk.ts';
import { judge } from '../../src/evaluate/judge.ts';
import { chooseTau, tradeoff } from '../../src/evaluate/tradeoff.ts';
import { randomTrace } from '../support/random-trace.ts';

const trace = randomTrace({ seed: 5, texts: 1500 });
const full = judge(trace, null).accuracy;

describe('a cautious choice', () => {
  it('adds two standard errors of the paired difference', () => {
    // mean 0.1, s² = (3 − 10 · 0.01) / 9
    expect(cautiousDrop([1, 1, -1, 0, 0, 0, 0, 0, 0, 0])).toBeCloseTo(0.1 + 2 * Math.sqrt(2.9 / 9 / 10), 12);
    expect(cautiousDrop([0])).toBe(Number.POSITIVE_INFINITY);
    // three rows that do not differ are no sign that none does
    expect(cautiousDrop([0, 0, 0])).toBe(1);
    expect(cautiousDrop(new Array(20).fill(0))).toBe(0);
  });

  it('is the cheapest point of the curve that loses so little even with bad luck', () => {
    const chosen = chooseCautiously(trace, { maxDrop: 0.03 });
    const lucky = chooseTau(trace, { baseline: full, maxDrop: 0.03 });
    expect(tradeoff(trace)).toContainEqual(chosen);
    expect(full - chosen.accuracy).toBeLessThan(0.03);
    expect(chosen.gflops.actual).toBeGreaterThan(lucky.gflops.actual);
    expect(chosen.gflops.actual).toBeLessThan(judge(trace, null).gflops.actual);
  });

  it('is off where every setting loses too much', () => {
    expect(chooseCautiously(trace, { maxDrop: 0, reference: trace.entries.map(({ label }) => label) }).tau).toBeNull();
  });
});

describe('the least risk at a speed', () => {
  it('is that of the slowest setting that is fast enough', () => {
    const found = leastRisk(trace, { minSpeedup: 3, seed: 0 })!;
    const tau = found.certificate.tau!;
    expect(judge(trace, tau).speedup.actual).toBe(found.speedup);
    expect(found.speedup).toBeGreaterThanOrEqual(3);
    expect(judge(trace, DIAL[DIAL.indexOf(tau) - 1]).speedup.actual).toBeLessThan(3);
    expect(found.certificate.maxRisk).toBe(found.certificate.atTau.upper);
    expect(found.certificate.atTau.estimate).toBeCloseTo(full - judge(trace, tau).accuracy, 12);
    const slower = leastRisk(trace, { minSpeedup: 2, seed: 0 })!;
    expect(slower.certificate.maxRisk).toBeLessThan(found.certificate.maxRisk);
  });

  it('is none where no setting is so fast', () => {
    expect(leastRisk(trace, { minSpeedup: 1e6, seed: 0 })).toBeNull();
  });
});

describe('drops by group', () => {
  const tau = 0.6;
  const groups = dropByGroup(trace, tau, { confidence: 0.9 });

  it('make up the drop of all rows, by label, by exit and by length', () => {
    for (const by of ['label', 'exit', 'length'] as const) {
      const inside = groups.filter((group) => group.by === by);
      expect(inside.reduce((sum, { n }) => sum + n, 0)).toBe(1500);
      const drop = inside.reduce((sum, { n, drop }) => sum + n * (drop ?? 0), 0) / 1500;
      expect(drop).toBeCloseTo(full - judge(trace, tau).accuracy, 12);
    }
    expect(groups.filter(({ by }) => by === 'exit').map(({ group }) => group)).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  it('lie in their intervals, wider for small groups; an empty group has no figure', () => {
    for (const { n, drop, lower, upper } of groups) {
      if (n === 0) expect([drop, lower, upper]).toEqual([null, -1, 1]);
      else expect(lower <= drop! && drop! <= upper).toBe(true);
    }
    const small = dropByGroup({ ...trace, entries: trace.entries.slice(0, 60) }, tau, { confidence: 0.9 });
    for (let label = 0; label < 4; label++)
      expect(small[label].upper - small[label].lower).toBeGreaterThan(groups[label].upper - groups[label].lower);
    expect(dropByGroup({ ...trace, entries: trace.entries.filter(({ label }) => label > 0) }, tau)[0]).toMatchObject({
      n: 0,
      drop: null,
    });
  });
});
