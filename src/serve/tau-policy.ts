/**
 * How far the dial may go for a model: from the options and from what its calibration left in the model folder: a certificate
 * of the fastest tau that keeps its promise, or a curve that says how accurate each tau was on rows that were held back.
 */
import type { LoadOptions, Pyramid } from '../engine/index.ts';
import { PyramidError } from '../errors.ts';
import { mayExit } from '../pyramid/exits/exit-rule.ts';
import type { Calibration } from '../pyramid/folder/dial.ts';
import type { ServerOptions } from './defaults.ts';
import type { TauPolicy } from './served-pyramid.ts';

const DEFAULT_SLO_MS = 50;

type DialOptions = Pick<ServerOptions, 'tau' | 'maxTau' | 'maxDrop' | 'sloP95'>;
type Model = Pick<Pyramid, 'info' | 'headKind' | 'problemType' | 'hasFloor' | 'shape'>;

/** Throws MP_MODEL_HEADS (a tau for a model that cannot exit early), MP_USAGE (auto without a bound). */
export function policyFor(model: Model, { tau, maxTau, maxDrop, sloP95 }: DialOptions): TauPolicy {
  const { info } = model;
  if (tau === 'off') return { kind: 'fixed', tau: null, sloMs: sloP95 };
  if (tau === null) return { kind: 'fixed', tau: info.tau, sloMs: sloP95 };
  if (!mayExit(model)) throw new PyramidError('MP_MODEL_HEADS', { method: info.method });
  if (tau !== 'auto') return { kind: 'fixed', tau, sloMs: sloP95 };
  const { certificate } = info;
  const high = maxTau ?? (certificate ? certificate.tau : calibratedMax(info, maxDrop));
  if (high === null)
    throw new PyramidError('MP_USAGE', {
      what: certificate
        ? `--tau auto has no highest tau: the certificate of the model folder, from ${certificate.rows} rows, certifies none`
        : '--tau auto has no highest tau: the model folder has no calibration',
      todo: certificate
        ? 'run magic-pyramid calibrate with more rows, or give --max-tau'
        : 'run magic-pyramid calibrate on it, or give --max-tau',
    });
  // the path up to a certified setting is certified too: a server with time to spare loses nothing
  const isCertified = certificate?.tau != null && !certificate.single && certificate.tau >= high;
  const low = isCertified ? 0 : Math.min(info.tau ?? 0, high);
  return { kind: 'auto', limits: { low, high, sloMs: sloP95 ?? DEFAULT_SLO_MS } };
}

/** What is to be said in the log of a highest tau that no certificate covers, though the model has one; null: nothing. */
export function beyondCertificate(policy: TauPolicy, { info: { certificate } }: Pick<Model, 'info'>): string | null {
  if (!certificate || policy.kind === 'fixed') return null;
  const { tau: certified } = certificate;
  const { high } = policy.limits;
  if (certified !== null && high <= certified) return null;
  const only = certified === null ? 'no tau is certified' : `only taus up to ${certified} are certified`;
  return `--max-tau is ${high}, and ${only}: answers above that may lose more than was promised`;
}

/** Whoever promises a time, as `--tau auto` does by itself, cares for the slowest answers. */
export const runOrderFor = ({ tau, sloP95 }: Pick<ServerOptions, 'tau' | 'sloP95'>): LoadOptions['order'] =>
  sloP95 === null && tau !== 'auto' ? 'throughput' : 'arrival';

/**
 * The largest tau of the curve that loses at most `maxDrop` of the accuracy without exits, as does every smaller one;
 * null: there is no curve.
 */
export function calibratedMax(
  { tau, calibration }: { readonly tau: number | null; readonly calibration?: Calibration },
  maxDrop: number,
): number | null {
  if (!calibration?.curve) return null;
  let high = tau ?? 0;
  for (const [at, accuracy] of [...calibration.curve].sort(([a], [b]) => a - b)) {
    if (accuracy < calibration.baseline - maxDrop) break;
    high = Math.max(high, at);
  }
  return high;
}
