import { describe, expect, test } from 'vitest';
import { startServer } from '../../src/serve/index.ts';
import { beyondCertificate, calibratedMax, policyFor, runOrderFor } from '../../src/serve/tau-policy.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const curve = [
  [0.2, 0.9],
  [0.4, 0.895],
  [0.6, 0.88],
  [0.8, 0.891],
] as const;
const calibration = { baseline: 0.9, curve };
const model = {
  info: { tau: 0.3, calibration, method: 'mp' },
  headKind: 'pooled',
  problemType: 'single_label_classification',
};
const policy = (options: object, other: object = {}) =>
  policyFor(
    { ...model, ...other } as never,
    { tau: null, maxTau: null, maxDrop: 0.01, sloP95: null, ...options } as never,
  );

describe('with a certificate', () => {
  const certified = (tau: number | null) => ({ info: { ...model.info, certificate: { tau, rows: 400 } } });

  test('--tau auto stays inside the certified range, whatever the curve of the calibration says', () => {
    expect(policy({ tau: 'auto', maxDrop: 0.02 }, certified(0.3))).toEqual({
      kind: 'auto',
      limits: { low: 0, high: 0.3, sloMs: 50 },
    });
    expect(policy({ tau: 'auto', maxTau: 0.2 }, certified(0.3))).toMatchObject({ limits: { low: 0, high: 0.2 } });
  });

  test('--max-tau goes beyond it, and this is said', () => {
    const beyond = policy({ tau: 'auto', maxTau: 0.7 }, certified(0.3));
    expect(beyond).toMatchObject({ limits: { low: 0.3, high: 0.7 } });
    expect(beyondCertificate(beyond, certified(0.3) as never)).toContain('only taus up to 0.3 are certified');
    expect(beyondCertificate(beyond, certified(null) as never)).toContain('no tau is certified');
    expect(beyondCertificate(beyond, model as never)).toBeNull();
    const inside = policy({ tau: 'auto', maxTau: 0.3 }, certified(0.3));
    expect(beyondCertificate(inside, certified(0.3) as never)).toBeNull();
  });

  test('of no tau, --tau auto needs --max-tau', () => {
    expect(() => policy({ tau: 'auto' }, certified(null))).toThrow(
      'the certificate of the model folder, from 400 rows, certifies none',
    );
    expect(policy({ tau: 'auto', maxTau: 0.1 }, certified(null))).toMatchObject({ limits: { low: 0.1, high: 0.1 } });
  });
});

describe('the highest tau of --tau auto', () => {
  test('loses no more accuracy than allowed by the calibration, at this tau and at every lower one', () => {
    const max = (maxDrop: number) => calibratedMax({ tau: 0.3, calibration } as never, maxDrop);
    expect(max(0.01)).toBe(0.4); // 0.8 is good again, but 0.6 on the way is not
    expect(max(0.02)).toBe(0.8);
    expect(max(0)).toBe(0.3); // never below the model's own
    expect(calibratedMax({ tau: 0.3 }, 0.01)).toBeNull();
  });

  test('is --max-tau if given; one of the two is needed', () => {
    expect(policy({ tau: 'auto' })).toEqual({ kind: 'auto', limits: { low: 0.3, high: 0.4, sloMs: 50 } });
    expect(policy({ tau: 'auto', maxTau: 0.7, sloP95: 20 })).toEqual({
      kind: 'auto',
      limits: { low: 0.3, high: 0.7, sloMs: 20 },
    });
    expect(policy({ tau: 'auto', maxTau: 0.1 })).toMatchObject({ limits: { low: 0.1, high: 0.1 } });
    expect(() => policy({ tau: 'auto' }, { info: { tau: 0.3 } })).toThrow('run magic-pyramid calibrate');
  });

  test("does not exist if tau is a number, off, or the model's own", () => {
    expect(policy({})).toEqual({ kind: 'fixed', tau: 0.3, sloMs: null });
    expect(policy({ tau: 'off', sloP95: 9 })).toEqual({ kind: 'fixed', tau: null, sloMs: 9 });
    expect(policy({ tau: 0.9 })).toEqual({ kind: 'fixed', tau: 0.9, sloMs: null });
  });

  test('is refused for a model without exits', () => {
    expect(() => policy({ tau: 0.5 }, { headKind: 'none' })).toThrow('cannot exit early');
    expect(() => policy({ tau: 'auto' }, { headKind: 'none' })).toThrow('cannot exit early');
    expect(policy({}, { headKind: 'none', info: { tau: null } })).toEqual({ kind: 'fixed', tau: null, sloMs: null });
  });
});

test('with a target time the engine takes texts in their order, else it fills its batches', () => {
  expect(runOrderFor({ tau: null, sloP95: null })).toBe('throughput');
  expect(runOrderFor({ tau: 0.5, sloP95: 50 })).toBe('arrival');
  expect(runOrderFor({ tau: 'auto', sloP95: null })).toBe('arrival');
});

test('--otlp-endpoint names the packages that are missing, before a model is loaded', async () => {
  const { dir } = await randomModel(temporaryFolder(), 'mails', { seed: 11, kind: 'pooled', prunes: true });
  const start = startServer({ model: [{ name: 'mails', dir }], port: 0, otlpEndpoint: 'http://127.0.0.1:4318' });
  await expect(start).rejects.toMatchObject({
    code: 'MP_OTEL_PACKAGE',
    message: expect.stringContaining('npm install @opentelemetry/api'),
  });
});
