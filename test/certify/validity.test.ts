import { describe, expect, it } from 'vitest';
import { allowed } from '../support/error-rate.ts';
import { dropFamilies, wrongly } from '../support/validity.ts';

const TIMES = 400;

describe('at the boundary, where the risk is exactly the one asked for, a setting is certified no more often than alpha', () => {
  it.each(dropFamilies)('by betting on net drops, with $name', (family) => {
    expect(wrongly('net-drop', family, TIMES)).toBeLessThanOrEqual(allowed(family.alpha, TIMES));
  });

  it.each(dropFamilies)('by an exact test of harm, with $name', (family) => {
    expect(wrongly('harm', family, TIMES)).toBeLessThanOrEqual(allowed(family.alpha, TIMES));
  });
});
