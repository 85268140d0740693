/**
 * The tau that a model is left with, once all of it is learned: certified on rows kept apart, where there are some; else, and
 * where those certify nothing, the fastest that is safe enough on the validation rows, and called "chosen". Pure functions of
 * traces. Knows nothing of how a certificate is made (src/certify).
 */
import { type CertificateFacts, type Certified, certify, chooseCautiously } from '../../certify/index.ts';
import type { CountOptions, Trace } from '../../evaluate/index.ts';
import type { TauOrigin } from '../../pyramid/folder/certificate.ts';
import type { TrainOptions } from '../options/defaults.ts';

/** How a run set its tau. */
export interface DialChoice {
  /** null: every text goes to the end. */
  readonly tau: number | null;
  /** `certified` on rows kept apart, or `chosen` on the validation rows. */
  readonly from: Extract<TauOrigin, 'certified' | 'chosen'>;
  /** What stands behind a certified tau, but for the fingerprint of what it holds for. */
  readonly certificate: CertificateFacts | null;
  /** What rows that certified nothing were short of; null: there were none, or they were enough. */
  readonly short: { readonly rows: number; readonly needed: number | null } | null;
}

export interface DialRows {
  readonly validation: Trace;
  /** Of rows that nothing was trained or chosen on; null: there are none. */
  readonly calibration: Trace | null;
}

/** Of a model that has exits. `by`: the operations that a chosen tau makes fewest. */
export function setDial(
  { validation, calibration }: DialRows,
  { maxDrop, confidence, seed }: Pick<TrainOptions, 'maxDrop' | 'confidence' | 'seed'>,
  { by = 'actual', ...count }: CountOptions & { readonly by?: 'actual' | 'paper' } = {},
): DialChoice {
  const tried = calibration && certifyDrop(calibration, { maxDrop, confidence, seed });
  const certificate = tried?.certificate ?? null;
  if (certificate && certificate.tau !== null)
    return { tau: certificate.tau, from: 'certified', certificate, short: null };
  const { tau } = chooseCautiously(validation, { maxDrop, by, ...count });
  const short = calibration && { rows: calibration.entries.length, needed: tried?.rowsNeeded ?? null };
  return { tau, from: 'chosen', certificate: null, short };
}

/** null: no rows certify that nothing at all is lost, nor does it take any to say that all may be. */
export const certifyDrop = (
  trace: Trace,
  { maxDrop, confidence, seed }: Pick<TrainOptions, 'maxDrop' | 'confidence' | 'seed'>,
): Certified | null =>
  maxDrop > 0 && maxDrop < 1 ? certify(trace, { risk: 'net-drop', maxRisk: maxDrop, confidence, seed }) : null;

/** Of a tau that was chosen by another rule on the validation rows. */
export const chosenDial = (tau: number | null): DialChoice => ({ tau, from: 'chosen', certificate: null, short: null });

/** Of a model without exits. */
export const NO_DIAL: DialChoice = chosenDial(null);
