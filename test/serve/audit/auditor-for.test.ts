/** Which models are audited, and what the log says of audits that can have no effect and of an alarm. */
import { describe, expect, test } from 'vitest';
import type { Pyramid } from '../../../src/engine/index.ts';
import { alarmSentence, auditSettings, withoutEffect } from '../../../src/serve/audit/auditor-for.ts';
import type { TauPolicy } from '../../../src/serve/served-pyramid.ts';
import { certificateOf } from '../../support/certificate.ts';

const TAU = 0.6;
const modelOf = (info: object) => ({ info, shape: { layers: 4 } }) as unknown as Pick<Pyramid, 'info' | 'shape'>;
const certified = modelOf({ tau: TAU, certificate: certificateOf(4, TAU) });
const chosen = modelOf({ tau: TAU });
const fixed = (tau: number | null): TauPolicy => ({ kind: 'fixed', tau, sloMs: null });
const auto = (high: number): TauPolicy => ({ kind: 'auto', limits: { low: 0, high, sloMs: 50 } });
const silent = { auditRate: null, auditBudget: 0.05, onDrift: 'warn' } as const;
const safe = { ...silent, onDrift: 'safe' } as const;
const both = { ...safe, auditRate: 0.1 };

describe('audits that can have no effect are said in the log', () => {
  test.each([
    [
      'no certificate',
      chosen,
      fixed(TAU),
      safe,
      'nothing is audited, and --on-drift safe has no effect: the model folder has no',
    ],
    [
      'no certificate, audited',
      chosen,
      fixed(TAU),
      both,
      '--on-drift safe has no effect: the model folder has no certificate',
    ],
    ['a void one', modelOf({ tau: TAU, certificateVoid: 'since' }), fixed(TAU), safe, 'holds no longer, since'],
    ['one of no tau', modelOf({ tau: null, certificate: certificateOf(4, null) }), auto(0.2), both, 'certifies no tau'],
    ['another tau', certified, fixed(0.3), safe, 'tau is 0.3, and the certified one is 0.6'],
    ['no tau', certified, fixed(null), both, '--audit-rate 0.1 and --on-drift safe have no effect: every text goes'],
    ['rate 0', certified, fixed(TAU), { ...safe, auditRate: 0 }, '--on-drift safe has no effect: --audit-rate is 0'],
    [
      'auto below',
      certified,
      auto(0.4),
      silent,
      'nothing is audited: the highest tau is 0.4, and the certified one is 0.6',
    ],
    ['auto above', certified, auto(0.9), both, 'have no effect: the highest tau is 0.9, and the certified one is 0.6'],
  ] as const)('%s', (_, model, policy, options, sentence) => {
    expect(withoutEffect(model, policy, options)).toContain(sentence);
  });

  test.each([
    ['the certified tau', certified, fixed(TAU), both],
    ['auto up to it', certified, auto(TAU), safe],
    ['nothing was asked for', chosen, fixed(TAU), silent],
    ['audits that are held against nothing, as asked', chosen, fixed(TAU), { ...silent, auditRate: 0.1 }],
    ['audits are off, as asked', certified, auto(0.4), { ...silent, auditRate: 0 }],
  ] as const)('and not where they have: %s', (_, model, policy, options) => {
    expect(withoutEffect(model, policy, options)).toBeNull();
  });
});

test('under auto only a highest tau that is certified is audited', () => {
  expect(auditSettings(certified, auto(TAU), silent)).toMatchObject({ tau: TAU, rate: 0.01 });
  for (const high of [0.4, 0.9]) expect(auditSettings(certified, auto(high), both)).toBeNull();
  expect(auditSettings(chosen, auto(TAU), both)).toBeNull();
});

test('an alarm is told by the last texts, or by all where the last ones do not show it', () => {
  const state = {
    disagreement: { mean: 0.025, lower: 0.021, upper: 0.03 },
    texts: 9000,
    certified: 0.02,
    safe: false,
  };
  expect(alarmSentence({ ...state, recent: { texts: 500, share: 0.05 } })).toContain(
    'in 5 % of the last 500 audited texts, where at most 2 % was certified',
  );
  expect(alarmSentence({ ...state, recent: { texts: 500, share: 0.018 } })).toContain(
    'in 2.5 % of all 9000 audited texts, where at most 2 % was certified',
  );
});
