import { describe, expect, it } from 'vitest';
import { certify } from '../../src/certify/certify.ts';
import { DIAL } from '../../src/certify/dial.ts';
import { judge } from '../../src/evaluate/judge.ts';
import { randomStream } from '../../src/random.ts';
import { randomTrace } from '../support/random-trace.ts';
import { syntheticTrace } from '../support/synthetic-path.ts';

const trace = randomTrace({ seed: 5, texts: 1500 });
const safe = { lost: 0.004, gained: 0.004 };
const bad = { lost: 0.3, gained: 0.1 };
const good = syntheticTrace(randomStream(1, 'good'), 2000, safe, bad);

describe('the dial', () => {
  it('rises from 0 to 1 in short decimals, and is fine near 0', () => {
    expect(DIAL).toEqual([...new Set(DIAL)].sort((a, b) => a - b));
    expect([DIAL[0], DIAL.at(-1), DIAL.length]).toEqual([0, 1, 146]);
    expect(DIAL.filter((tau) => tau < 0.01)).toHaveLength(37);
    for (const tau of DIAL) expect(String(tau).length).toBeLessThanOrEqual(7);
  });
});

describe('a certificate', () => {
  it('is the same for the same seed, however the rows are sorted', () => {
    const again = { ...trace, entries: trace.entries.toSorted((a, b) => a.label - b.label || a.length - b.length) };
    const options = { maxRisk: 0.05, seed: 3 };
    expect(certify(again, options)).toEqual(certify(trace, options));
  });

  it('is for the fastest setting before the first that loses too much', () => {
    const { certificate, rowsNeeded } = certify(good, { maxRisk: 0.01, seed: 0 });
    // texts of the last third leave from here on
    const { tau } = certify(syntheticTrace(randomStream(1, 'good'), 2000, safe, safe), {
      maxRisk: 0.01,
      seed: 0,
    }).certificate;
    expect(tau).toBe(1);
    expect(certificate.tau).toBeGreaterThan(0.3);
    expect(certificate.tau).toBeLessThan(1);
    expect(judge(good, 1).accuracy).toBeLessThan(judge(good, null).accuracy - 0.03);
    expect(rowsNeeded).toBeNull();
  });

  it('says what is lost at its setting, below the risk asked for, and who leaves where', () => {
    for (const risk of ['net-drop', 'harm', 'disagreement'] as const) {
      const maxRisk = risk === 'net-drop' ? 0.01 : 0.02;
      const { certificate } = certify(good, { risk, maxRisk, confidence: 0.9, seed: 0 });
      const { tau, atTau, exits, disagreement, texts } = certificate;
      const judged = judge(good, tau);
      expect(atTau.upper).toBeGreaterThan(atTau.estimate);
      expect(atTau.upper).toBeLessThanOrEqual(maxRisk + 1e-7);
      if (risk === 'net-drop') expect(atTau.estimate).toBeCloseTo(judge(good, null).accuracy - judged.accuracy, 12);
      if (risk === 'disagreement') expect(disagreement).toEqual(atTau);
      expect(exits.slice(1).map((share) => Math.round(share * 2000))).toEqual(judged.exitsByLayer);
      expect(certificate).toMatchObject({ rows: 2000, labelled: risk === 'disagreement' ? 0 : 2000, confidence: 0.9 });
      expect(texts.length).toBeCloseTo(good.entries.reduce((sum, { length }) => sum + length, 0) / 2000, 9);
    }
  });

  it('says which share of the tokens was unknown, where the trace counts them', () => {
    const counted = { ...good, entries: good.entries.map((entry, i) => ({ ...entry, unknown: i % 2 })) };
    const tokens = good.entries.reduce((sum, { length }) => sum + length, 0);
    const sharesOf = (one: typeof good) => certify(one, { maxRisk: 0.01, seed: 0 }).certificate.texts.unknown;
    expect(sharesOf(counted)).toBeCloseTo(1000 / tokens, 12);
    expect(sharesOf(good)).toBeNull();
  });

  it('is for no setting at which every text goes to the end: that would save nothing', () => {
    // every text leaves at a large tau alone, and loses often
    const late = syntheticTrace(randomStream(2, 'late'), 1200, bad, bad);
    const only = { ...late, entries: late.entries.filter(({ logits: [[a, b]] }) => Math.abs(a - b) < 1) };
    const { certificate, rowsNeeded } = certify(only, { maxRisk: 0.01, seed: 0 });
    expect(only.entries.length).toBeGreaterThan(308);
    expect(certificate).toMatchObject({ tau: null, exits: [0, 0, 1], atTau: { estimate: 0, upper: 0 } });
    expect(rowsNeeded).toBeNull(); // it loses more than allowed, however many rows there are
  });

  it('reads no label for disagreement', () => {
    const without = { ...good, entries: good.entries.map((entry) => ({ ...entry, label: 0 })) };
    const options = { risk: 'disagreement', maxRisk: 0.02, seed: 0 } as const;
    expect(certify(without, options)).toEqual(certify(good, options));
    expect(certify(without, { maxRisk: 0.02, seed: 0 })).not.toEqual(certify(good, { maxRisk: 0.02, seed: 0 }));
  });

  it('is for nothing where the rows are too few, and says how many it would take', () => {
    const few = { ...good, entries: good.entries.slice(0, 250) };
    const { certificate, rowsNeeded } = certify(few, { maxRisk: 0.01, seed: 0 });
    expect(certificate).toMatchObject({ tau: null, atTau: { estimate: 0, upper: 0 }, exits: [0, 0, 1] });
    // the slowest setting loses nothing: no more than it takes without a differing row
    expect(rowsNeeded).toBeGreaterThanOrEqual(299);
    expect(rowsNeeded).toBeLessThan(330);
    const enough = { ...good, entries: good.entries.slice(0, rowsNeeded!) };
    expect(certify(enough, { maxRisk: 0.01, seed: 0 }).certificate.tau).not.toBeNull();
  });

  it('has no number of rows to name where the slowest setting loses too much', () => {
    const worse = syntheticTrace(randomStream(2, 'worse'), 400, bad, bad);
    const reference = worse.entries.map(({ label }) => label);
    expect(certify(worse, { maxRisk: 0.01, seed: 0, reference })).toMatchObject({ rowsNeeded: null });
  });

  it('counts from given answers where there are some, and says what full depth loses against them where nothing is certified', () => {
    const reference = good.entries.map(({ label }, i) => (i % 10 === 0 ? 1 - label : label));
    const { certificate } = certify(good, { maxRisk: 0.01, seed: 0, reference });
    expect(certificate).toMatchObject({ against: 'reference' });
    expect(certificate.atTau.estimate).toBeCloseTo(0.9 - judge(good, certificate.tau).accuracy, 9);
    const perfect = good.entries.map(({ label }) => label);
    const none = certify(good, { maxRisk: 0.001, seed: 0, reference: perfect }).certificate;
    expect(none.tau).toBeNull();
    expect(none.atTau.estimate).toBeCloseTo(1 - judge(good, null).accuracy, 9);
    expect(none.disagreement).toEqual({ estimate: 0, upper: 0 });
  });

  it('refuses what makes no promise', () => {
    expect(() => certify(good, { maxRisk: 1, seed: 0 })).toThrow(/maxRisk is 1; give a fraction between 0 and 1/);
    expect(() => certify(good, { maxRisk: 0.01, confidence: 95, seed: 0 })).toThrow(/confidence is 95; give/);
    expect(() => certify(good, { maxRisk: 0.01, seed: 0, reference: [1] })).toThrow(
      /1 reference answers for 2000 rows/,
    );
    const plain = randomTrace({ seed: 1, headKind: 'none' });
    expect(() => certify(plain, { maxRisk: 0.01, seed: 0 })).toThrow(/no exit before its end/);
  });
});
