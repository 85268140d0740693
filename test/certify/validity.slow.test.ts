import { describe, expect, it } from 'vitest';
import { certify } from '../../src/certify/certify.ts';
import { certifyFewLabels, textsWorthLabelling } from '../../src/certify/few-labels.ts';
import { allowed, errorRate } from '../support/error-rate.ts';
import { syntheticTrace } from '../support/synthetic-path.ts';
import { dropFamilies, wrongly } from '../support/validity.ts';

const TIMES = 2000;

describe('over 2,000 repetitions at the boundary', () => {
  it.each(dropFamilies)('a test of net drops is wrong no more often than alpha, with $name', (family) => {
    expect(wrongly('net-drop', family, TIMES)).toBeLessThanOrEqual(allowed(family.alpha, TIMES));
  });

  it.each(dropFamilies)('a test of harm is wrong no more often than alpha, with $name', (family) => {
    expect(wrongly('harm', family, TIMES)).toBeLessThanOrEqual(allowed(family.alpha, TIMES));
  });
});

// Texts of the last third leave from tau 0.94 on, where a point is lost: (0.005 + 0.025) / 3. Up to there it is a sixth of one. So a
// certificate for a point is broken where its tau is 0.94 or more.
const middle = { lost: 0.015, gained: 0.01 };
const late = { lost: 0.035, gained: 0.01 };
const FAST = 0.94;

describe('along the whole dial', () => {
  it('a certificate is broken no more often than alpha', () => {
    const broken = errorRate(500, 'certify', (random, seed) => {
      const { tau } = certify(syntheticTrace(random, 700, middle, late), { maxRisk: 0.01, seed }).certificate;
      return tau !== null && tau >= FAST;
    });
    expect(broken).toBeLessThanOrEqual(allowed(0.05, 500));
  });

  it('a certificate from few labels is broken no more often than alpha', () => {
    const broken = errorRate(500, 'few labels', (random, seed) => {
      const trace = syntheticTrace(random, 1200, middle, late);
      const options = { maxRisk: 0.01, budget: 60, seed };
      const labels = new Map(
        textsWorthLabelling(trace, options).texts.map((i) => [i, trace.entries[i].label] as const),
      );
      const { tau } = certifyFewLabels(trace, labels, options).certificate;
      return tau !== null && tau >= FAST;
    });
    expect(broken).toBeLessThanOrEqual(allowed(0.05, 500));
  });
});
