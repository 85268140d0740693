/** The tau that a run leaves: certified where there are rows for it, else chosen with care, and called that. */
import { describe, expect, test } from 'vitest';
import { chooseCautiously } from '../../../src/certify/index.ts';
import { judge } from '../../../src/evaluate/index.ts';
import { setDial } from '../../../src/train/trace/set-dial.ts';
import { agreeingTrace } from '../../support/agreeing-trace.ts';
import { randomTrace } from '../../support/random-trace.ts';

const options = { maxDrop: 0.01, confidence: 0.95, seed: 0 };
const validation = randomTrace({ texts: 300, seed: 4 });
const cautious = chooseCautiously(validation, { maxDrop: 0.01, by: 'actual' });

describe('with calibration rows', () => {
  test('tau is certified on them, whatever the validation rows say', () => {
    const dial = setDial({ validation, calibration: agreeingTrace({ texts: 600 }) }, options);
    expect(dial).toMatchObject({ from: 'certified', short: null });
    expect(dial.certificate).toMatchObject({
      ...{ risk: 'net-drop', against: 'network', maxRisk: 0.01, confidence: 0.95, rows: 600, tau: dial.tau },
    });
    // nothing is ever lost there, so the fastest setting is certified; these validation rows would not have it
    expect(judge(validation, dial.tau).accuracy).toBeLessThan(judge(validation, cautious.tau).accuracy);
  });

  test('that certify nothing, tau is chosen on the validation rows, and it is said how many it would take', () => {
    const dial = setDial({ validation, calibration: agreeingTrace({ texts: 100 }) }, options);
    expect(dial).toMatchObject({ tau: cautious.tau, from: 'chosen', certificate: null });
    expect(dial.short!.rows).toBe(100);
    expect(dial.short!.needed).toBeGreaterThanOrEqual(299);
  });

  test('certify nothing where no drop at all is allowed, and need not be more', () => {
    const dial = setDial({ validation, calibration: agreeingTrace({ texts: 600 }) }, { ...options, maxDrop: 0 });
    expect(dial).toMatchObject({ from: 'chosen', certificate: null, short: { rows: 600, needed: null } });
  });

  test('a larger drop or a lower confidence certifies a faster setting, and never a slower one', () => {
    const calibration = randomTrace({ texts: 3000, seed: 9 });
    const tau = (more: object) => setDial({ validation, calibration }, { ...options, ...more }).tau ?? -1;
    const taus = [0.01, 0.05, 0.2].map((maxDrop) => tau({ maxDrop }));
    expect(taus).toEqual([...taus].sort((a, b) => a - b));
    expect(taus[2]).toBeGreaterThan(taus[0]);
    expect(tau({ maxDrop: 0.05, confidence: 0.6 })).toBeGreaterThanOrEqual(tau({ maxDrop: 0.05 }));
  });
});

test('without them it is the fastest whose estimated drop and two standard errors are within what is asked for', () => {
  const dial = setDial({ validation, calibration: null }, options);
  expect(dial).toEqual({ tau: cautious.tau, from: 'chosen', certificate: null, short: null });
  const wider = setDial({ validation, calibration: null }, { ...options, maxDrop: 0.2 });
  expect(judge(validation, wider.tau).gflops.actual).toBeLessThan(judge(validation, dial.tau).gflops.actual);
});
