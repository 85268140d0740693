import { describe, expect, it } from 'vitest';
import { certify } from '../../src/certify/certify.ts';
import { certifyFewLabels, textsWorthLabelling } from '../../src/certify/few-labels.ts';
import { judge } from '../../src/evaluate/judge.ts';
import { exitOf, outcomes } from '../../src/evaluate/outcomes.ts';
import type { Trace } from '../../src/evaluate/trace.ts';
import { randomStream } from '../../src/random.ts';
import { syntheticTrace } from '../support/synthetic-path.ts';

const labelled = syntheticTrace(
  randomStream(4, 'few'),
  6000,
  { lost: 0.06, gained: 0.06 },
  { lost: 0.25, gained: 0.05 },
);
const withoutLabels = (trace: Trace): Trace => ({
  ...trace,
  entries: trace.entries.map((entry) => ({ ...entry, label: 0 })),
});
const texts = withoutLabels(labelled);
const options = { maxRisk: 0.01, budget: 200, seed: 7 };
const plan = textsWorthLabelling(texts, options);
const truth = (indices: readonly number[]) => new Map(indices.map((i) => [i, labelled.entries[i].label]));

describe('the texts worth labelling', () => {
  it('are texts whose early and full answers differ before the fast end of the path, and no more than the budget', () => {
    const all = outcomes(texts);
    expect(plan.texts).toHaveLength(200);
    expect(new Set(plan.texts).size).toBe(200);
    for (const i of plan.texts)
      expect(all[i].predicted[exitOf(all[i], plan.end)]).not.toBe(all[i].predicted[exitOf(all[i], null)]);
    expect(plan.differing.estimate).toBeLessThan(plan.differing.upper);
    // the last third of the texts differs far too often
    expect(plan.end).toBeLessThan(judgeEnd());
  });

  it('hang on the seed and on the texts, not on their labels or their order', () => {
    expect(textsWorthLabelling(labelled, options).end).toBe(plan.end);
    expect(textsWorthLabelling(texts, { ...options, seed: 8 }).texts).not.toEqual(plan.texts);
    const turned = { ...texts, entries: texts.entries.toReversed() };
    expect(textsWorthLabelling(turned, options).texts.map((i) => turned.entries[i])).toEqual(
      plan.texts.map((i) => texts.entries[i]),
    );
  });

  it('are none where U is too large at every setting', () => {
    const bad = withoutLabels(
      syntheticTrace(randomStream(5, 'bad'), 500, { lost: 0.9, gained: 0.05 }, { lost: 0.9, gained: 0.05 }),
    );
    const all = { ...bad, entries: bad.entries.filter(({ logits: [[a, b]] }) => Math.abs(a - b) < 8) };
    // every setting at which a text leaves is too fast; at those before it nothing differs, and no label is needed
    expect(textsWorthLabelling(all, options).texts).toEqual([]);
  });
});

describe('a certificate from few labels', () => {
  it('needs no label where no answer differs, or fewer than may be wrong', () => {
    const same = withoutLabels(
      syntheticTrace(randomStream(6, 'same'), 2000, { lost: 0, gained: 0 }, { lost: 0, gained: 0 }),
    );
    const { certificate } = certifyFewLabels(same, new Map(), options);
    expect(certificate).toMatchObject({ tau: 1, labelled: 0, atTau: { estimate: 0 } });
    expect(certificate.atTau.upper).toBeGreaterThan(0);
    expect(certificate.atTau.upper).toBeLessThan(0.01);
    const few = syntheticTrace(randomStream(6, 'few'), 2000, { lost: 0, gained: 0.006 }, { lost: 0, gained: 0.006 });
    const plan = textsWorthLabelling(withoutLabels(few), options);
    expect(plan.texts.length).toBeGreaterThan(3);
    const gains = new Map(plan.texts.map((i) => [i, few.entries[i].label]));
    const found = certifyFewLabels(withoutLabels(few), gains, options);
    expect(found.certificate.tau).toBe(1);
    expect(found.rowsNeeded).toBeNull();
  });

  it('is for a setting like that of a certificate from ten times as many', () => {
    const { certificate } = certifyFewLabels(texts, truth(plan.texts), options);
    const many = certify({ ...labelled, entries: labelled.entries.slice(0, 2000) }, { maxRisk: 0.01, seed: 7 });
    expect(certificate).toMatchObject({ rows: 6000, labelled: 200, against: 'network', risk: 'net-drop' });
    expect(certificate.tau).not.toBeNull();
    expect(judge(labelled, certificate.tau).meanExit).toBeLessThanOrEqual(
      judge(labelled, many.certificate.tau).meanExit,
    );
    expect(certificate.atTau.upper).toBeLessThanOrEqual(0.01);
  });

  it('is slower where the labels say that more is lost', () => {
    const all = outcomes(labelled);
    const full = new Map(plan.texts.map((i) => [i, all[i].predicted[exitOf(all[i], null)]]));
    const lost = certifyFewLabels(texts, full, options).certificate.tau ?? -1;
    expect(lost).toBeLessThan(certifyFewLabels(texts, truth(plan.texts), options).certificate.tau!);
  });

  it('refuses labels for some of the texts only', () => {
    expect(() => certifyFewLabels(texts, truth(plan.texts.slice(0, 190)), options)).toThrow(
      /10 of the 200 texts to be labelled have no label; label all of them/,
    );
    expect(() => textsWorthLabelling(texts, { ...options, budget: 0 })).toThrow(/the budget is 0 labels/);
  });
});

/** The smallest tau of the dial at which texts of the last third leave. */
function judgeEnd(): number {
  const all = outcomes(labelled);
  const late = all.filter((_, i) => Math.abs(labelled.entries[i].logits[0][0] - labelled.entries[i].logits[0][1]) < 1);
  return [0.5, 0.6, 0.7, 0.8, 0.9, 1].find((tau) => late.some((outcome) => exitOf(outcome, tau) === 1))!;
}
