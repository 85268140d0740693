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
  const tau = highest(policy);
  const own = tau !== null && certificate?.tau === tau ? certificate : null;
  // `auto` moves below its highest tau, and rests at that one alone: another one would hardly ever be seen
  if (tau === null || (policy.kind === 'auto' && own === null)) return null;
  const rate = auditRate ?? (own ? RATE : 0);
  if (rate === 0) return null;
  const seed = certificate?.seed ?? SEED;
  const isSafeOnDrift = onDrift === 'safe';
  return { rate, budget: auditBudget, seed, tau, layers: shape.layers, certificate: own, isSafeOnDrift };
}

/** The tau that most texts are answered at, or could be; null: early exit is off. */
const highest = (policy: TauPolicy): number | null => (policy.kind === 'fixed' ? policy.tau : policy.limits.high);

/** What is to be said in the log of audits that somebody may count on, and that there are none of; null: nothing. */
export function withoutEffect(
  pyramid: Pick<Pyramid, 'info' | 'shape'>,
  policy: TauPolicy,
  options: AuditOptions,
): string | null {
  const { auditRate, onDrift } = options;
  const why = whyNotHeld(pyramid, policy) ?? (auditRate === 0 ? '--audit-rate is 0' : null);
  if (why === null) return null;
  const isSafe = onDrift === 'safe';
  if (auditSettings(pyramid, policy, options) !== null)
    // held against nothing, so that there is no alarm
    return isSafe ? `--on-drift safe has no effect: ${why}` : null;
  const asked = [...(auditRate ? [`--audit-rate ${auditRate}`] : []), ...(isSafe ? ['--on-drift safe'] : [])];
  if (asked.length > 0)
    return `nothing is audited, and ${asked.join(' and ')} ${asked.length === 1 ? 'has' : 'have'} no effect: ${why}`;
  // who certified a tau and lets the load choose one counts on audits unasked
  const isExpected = policy.kind === 'auto' && pyramid.info.certificate?.tau != null && auditRate !== 0;
  return isExpected ? `nothing is audited: ${why}` : null;
}

/** Why the model's answers cannot be held against a certificate; null: they can. */
function whyNotHeld({ info }: Pick<Pyramid, 'info'>, policy: TauPolicy): string | null {
  const { certificate, certificateVoid } = info;
  const tau = highest(policy);
  if (tau === null) return 'every text goes through all layers';
  if (certificateVoid) return `the certificate of the model folder holds no longer, ${certificateVoid}`;
  if (!certificate) return 'the model folder has no certificate';
  if (certificate.tau === null) return 'the certificate of the model folder certifies no tau';
  if (certificate.tau === tau) return null;
  return `${policy.kind === 'auto' ? 'the highest tau' : 'tau'} is ${tau}, and the certified one is ${certificate.tau}`;
}

/** `warn` is told of an alarm, with what was found, and of audits without effect. */
export function auditorFor(
  pyramid: Pyramid,
  policy: TauPolicy,
  options: AuditOptions,
  warn: (sentence: string, state?: AuditState) => void,
): Auditor | null {
  const idle = withoutEffect(pyramid, policy, options);
  if (idle !== null) warn(idle);
  const settings = auditSettings(pyramid, policy, options);
  if (settings === null) return null;
  if (pyramid.problemType === 'regression') {
    warn('nothing is audited: numbers of early and full answers are never quite the same');
    return null;
  }
  return new Auditor(settings, {
    run: async (input, { truncate, signal }) => {
      const [full] = await pyramid.detail([input], { tau: null, truncate, signal }, { background: true });
      return full;
    },
    isIdle: () => {
      const { waiting, running } = pyramid.load;
      return waiting === 0 && running < pyramid.workers.length;
    },
    onAlarm: (state) => warn(alarmSentence(state), state),
  });
}

/** Of a state with an alarm. */
export function alarmSentence({
  recent,
  disagreement,
  texts,
  certified,
  safe,
}: Pick<AuditState, 'recent' | 'disagreement' | 'texts' | 'certified' | 'safe'>): string {
  const percent = (share: number) => `${Number((100 * share).toPrecision(2))} %`;
  const then = safe
    ? 'every text that names no tau goes through all layers until the model is reloaded; run magic-pyramid calibrate with texts of now'
    : 'run magic-pyramid calibrate with texts of now, or send texts through all layers (--tau off, or --on-drift safe)';
  // a rise that was slow, or long before, does not show in the last ones
  const found =
    recent!.share > certified!
      ? `${percent(recent!.share)} of the last ${recent!.texts} audited texts`
      : `${percent(disagreement!.mean)} of all ${texts} audited texts`;
  return `early and full answers differ more often than was certified: in ${found}, where at most ${percent(certified!)} was certified: ${then}`;
}
