/**
 * The exit rule, the only place that compares an uncertainty with tau (eq. 2, FastBERT's normalised entropy):
 *   u = H(p) / log C in [0, 1]; a text exits at the first exit with u ≤ tau; the last layer always answers. Exits are
 *   counted by layers; floor 0, before the network, is 0.
 * Engine, evaluation, planning, server and page call it. An `Uncertainty` is a number at run time, but its type cannot be
 * compared with numbers. So nobody can write the rule a second time by accident.
 */
import { PyramidError } from '../../errors.ts';
import type { ProblemType } from '../../problem-type.ts';
import { type Logits, maximum, notFinite } from '../logits.ts';
import type { NetworkShape } from '../shape.ts';
import type { HeadKind } from './exits.ts';

declare const brand: unique symbol;

/** u of one row of logits, 0 (certain) to 1 (knows nothing). */
export interface Uncertainty {
  readonly [brand]: 'uncertainty';
}

/** The dial: the highest uncertainty at which a layer may answer, from 0 to 1; null is off. */
export type Tau = number | null;

/**
 * u = H(p) / log C for p = softmax(logits).
 * H = log Z − (Σ z_i e^{z_i}) / Z with z = x − max x ≤ 0 and Z = Σ e^{z_i}: both terms are at least 0, so nothing
 * cancels, and p log p of an underflowed p is 0, not NaN, which would keep the surest texts from ever leaving. One logit
 * has no entropy to speak of (a softmax over it always says 1): asking is a fault of ours. Allocates nothing.
 */
export function uncertainty(logits: Logits): Uncertainty {
  if (logits.length < 2) throw new Error(`internal: uncertainty needs two logits or more, got ${logits.length}`);
  const largest = maximum(logits);
  let total = 0;
  let weighted = 0;
  for (let i = 0; i < logits.length; i++) {
    const z = logits[i] - largest;
    const e = Math.exp(z);
    total += e;
    if (e !== 0) weighted += z * e;
  }
  if (!Number.isFinite(total)) throw notFinite(logits);
  return fromNumber(Math.min(1, (Math.log(total) - weighted / total) / Math.log(logits.length)));
}

/** Whether a text leaves at an exit that is so uncertain. */
export const leaves = (u: Uncertainty, tau: Tau): boolean => tau !== null && toNumber(u) <= tau;

/**
 * The layer at which a text answers: the first that has an exit and lets it leave, else the last. `uncertainties` [L]: null
 * where no exit is asked; the last layer's is not looked at. `floor`: floor 0's, whose layer is 0; null where it is not
 * asked. A model of floor 0 alone has no layers (L = 0): its floor always answers.
 */
export function exitLayer(
  uncertainties: readonly (Uncertainty | null)[],
  tau: Tau,
  floor: Uncertainty | null = null,
): number {
  const last = uncertainties.length;
  if (floor !== null && leaves(floor, tau)) return 0;
  for (let layer = 1; layer < last; layer++) {
    const u = uncertainties[layer - 1];
    if (u !== null && leaves(u, tau)) return layer;
  }
  return last;
}

/** What `exitLayer` reads of the logits [L] of [C]; [] where no exit is asked. The last layer's is null. */
export const uncertaintiesOf = (logitsByLayer: readonly Logits[]): (Uncertainty | null)[] =>
  logitsByLayer.map((logits, i) =>
    logits.length === 0 || i === logitsByLayer.length - 1 ? null : uncertainty(logits),
  );

/**
 * The shortest decimal tau at which a text of uncertainty `low` leaves and one of `high` stays, so that a printed tau
 * means what the exact one meant; `low` itself where 15 places are not enough.
 */
export function tauBetween(low: Uncertainty, high: Uncertainty | null): number {
  for (let places = 0; places <= 15; places++) {
    const tau = Math.ceil(toNumber(low) * 10 ** places) / 10 ** places;
    if (leaves(low, tau) && (high === null || !leaves(high, tau))) return tau;
  }
  return toNumber(low);
}

/** What of a model says whether tau means anything to it. */
export interface MayExit {
  readonly headKind: HeadKind;
  readonly problemType: ProblemType;
  readonly hasFloor: boolean;
  readonly shape: Pick<NetworkShape, 'layers'>;
}

/** Whether tau means anything to a model: it has exits, and its answers have the uncertainty that they leave by. */
export const mayExit = ({ headKind, problemType, hasFloor, shape }: MayExit): boolean =>
  // floor 0 without a network always answers
  (headKind !== 'none' || (hasFloor && shape.layers > 0)) && hasUncertainty(problemType);

/** Equation 2 is for answers that are one of several labels: a softmax. */
export const hasUncertainty = (problemType: ProblemType): boolean => problemType === 'single_label_classification';

/** Throws MP_TAU_RANGE unless `tau` is null or a number from 0 to 1. */
export function assertTau(tau: unknown): asserts tau is Tau {
  if (tau === null) return;
  if (typeof tau !== 'number' || !(tau >= 0 && tau <= 1)) throw new PyramidError('MP_TAU_RANGE', { tau });
}

/** To be printed, sorted or sent; to be compared with a tau, use `leaves`. */
export const toNumber = (u: Uncertainty): number => u as unknown as number;

/** Of a value that `toNumber` gave, read again from JSON. */
export const fromNumber = (value: number): Uncertainty => value as unknown as Uncertainty;
