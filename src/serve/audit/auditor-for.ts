/**
 * The auditor of a model that is served: which tau is audited, what it is held against, and how the engine runs a text that
 * nobody waits for.
 */
import type { Pyramid } from '../../engine/index.ts';
import type { ServerOptions } from '../defaults.ts';
import type { TauPolicy } from '../served-pyramid.ts';
import { Auditor, type AuditSettings, type AuditState } from './auditor.ts';

/** Of a tau that is certified, where the server is not told. */
const RATE = 0.01;
/** Of the order of sampling where there is no certificate to name one. */
const SEED = 1;

type AuditOptions = Pick<ServerOptions, 'auditRate' | 'auditBudget' | 'onDrift'>;

/** Null: nothing is audited, since early exit is off or nobody asks for it. */
export function auditSettings(
  { info: { certificate }, shape }: Pick<Pyramid, 'info' | 'shape'>,
  policy: TauPolicy,
  { auditRate, auditBudget, onDrift }: AuditOptions,
): AuditSettings | null {
  // `auto` moves below the certified tau, and only what is answered at that one can be held against its certificate
  const tau = policy.kind === 'fixed' ? policy.tau : (certificate?.tau ?? null);
  if (tau === null) return null;
  const own = certificate?.tau === tau ? certificate : null;
  const rate = auditRate ?? (own ? RATE : 0);
  if (rate === 0) return null;
  const seed = certificate?.seed ?? SEED;
  const isSafeOnDrift = onDrift === 'safe';
  return { rate, budget: auditBudget, seed, tau, layers: shape.layers, certificate: own, isSafeOnDrift };
}

export function auditorFor(
  pyramid: Pyramid,
  policy: TauPolicy,
  options: AuditOptions,
  warn: (state: AuditState, sentence: string) => void,
): Auditor | null {
  const settings = auditSettings(pyramid, policy, options);
  if (settings === null) return null;
  return new Auditor(settings, {
    run: async (input, { truncate, signal }) => {
      const [full] = await pyramid.detail([input], { tau: null, truncate, signal }, { background: true });
      return full;
    },
    isIdle: () => {
      const { waiting, running } = pyramid.load;
      return waiting === 0 && running < pyramid.workers.length;
    },
    onAlarm: (state) => warn(state, alarmSentence(state)),
  });
}

function alarmSentence({ recent, certified, safe }: AuditState): string {
  const percent = (share: number) => `${Number((100 * share).toPrecision(2))} %`;
  const then = safe
    ? 'every text that names no tau goes through all layers until the model is reloaded; run magic-pyramid calibrate with texts of now'
    : 'run magic-pyramid calibrate with texts of now, or send texts through all layers (--tau off, or --on-drift safe)';
  return `early and full answers differ more often than was certified: in ${percent(recent!.share)} of the last ${recent!.texts} audited texts, where at most ${percent(certified!)} was certified: ${then}`;
}
