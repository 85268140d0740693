import { describe, expect, it } from 'vitest';
import { certify } from '../../src/certify/certify.ts';
import { randomTrace } from '../support/random-trace.ts';

const trace = randomTrace({ seed: 5, texts: 1500 });

describe('a certificate', () => {
  it('is the same for the same seed, however the rows are sorted', () => {
    const again = { ...trace, entries: trace.entries.toSorted((a, b) => a.label - b.label || a.length - b.length) };
    const options = { maxRisk: 0.05, seed: 3 };
    expect(certify(again, options)).toEqual(certify(trace, options));
  });
});
