/**
 * The exit rule, the only place that compares an uncertainty with tau (eq. 2, FastBERT's normalised entropy). A text exits at the first
 * exit with u ≤ tau; the last layer always answers. Exits are counted by layers; floor 0, before the network, is 0.
 *   one label:   u = H(p) / log C
 *   any number:  u = max_c H(p_c, 1 − p_c) / log 2: it leaves when every label is sure
 *   a number z:  u = min(1, |z_l − z_k| / s), k the exit asked before l, s the deviation of the training rows' numbers: when two agree
 * exit-rule-graph.ts writes the same into files for other runtimes. An `Uncertainty` is a number at run time, but its type cannot
 * be compared with numbers: nobody writes the rule again by accident.
 */
import { PyramidError } from '../../errors.ts';
import { type Logits, maximum, notFinite } from '../logits.ts';
import type { NetworkShape } from '../shape.ts';
import { type AnswerRule, ONE_LABEL } from './answer-rule.ts';
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

/**
 * u of an exit by what its model answers with; null where there is nothing to go by: the first exit that is asked for a number.
 * `before`: the logits of the exit asked before it, null where there is none; only numbers are compared with it.
 */
export function uncertaintyOf(rule: AnswerRule, logits: Logits, before: Logits | null): Uncertainty | null {
  switch (rule.problemType) {
    case 'single_label_classification':
      return uncertainty(logits);
    case 'multi_label_classification':
      return leastSure(logits);
    case 'regression':
      return before === null || rule.spread === null ? null : distance(logits, before, rule.spread);
    default:
      return rule satisfies never;
  }
}

/**
 * max_c H(σ(z_c)) / log 2. H(σ(z)) = log(1 + e^−|z|) + |z| e^−|z| / (1 + e^−|z|) falls with |z|: the least |z| has the largest.
 * Every p is taken from e^−|z|, so that nothing overflows.
 * Thresholds of labels are left out on purpose: p says how much deeper layers will still move a label, wherever its threshold is. Moved so
 * that p is ½ at the threshold, exits flipped as many answers at the same cost, and at low thresholds up to three times as many.
 */
function leastSure(logits: Logits): Uncertainty {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) least = Math.min(least, Math.abs(logits[i]));
  if (!Number.isFinite(least)) throw notFinite(logits);
  const tail = Math.exp(-least);
  return fromNumber(Math.min(1, (Math.log1p(tail) + (least * tail) / (1 + tail)) / Math.LN2));
}

function distance(logits: Logits, before: Logits, spread: number): Uncertainty {
  let largest = 0;
  for (let i = 0; i < logits.length; i++) largest = Math.max(largest, Math.abs(logits[i] - before[i]));
  if (!Number.isFinite(largest)) throw notFinite(logits);
  return fromNumber(Math.min(1, largest / spread));
}

/** Whether an exit is surer than another. */
export const isLess = (u: Uncertainty, other: Uncertainty): boolean => toNumber(u) < toNumber(other);

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
export const uncertaintiesOf = (
  logitsByLayer: readonly Logits[],
  rule: AnswerRule = ONE_LABEL,
): (Uncertainty | null)[] =>
  logitsByLayer.map((logits, i) =>
    logits.length === 0 || i === logitsByLayer.length - 1
      ? null
      : uncertaintyOf(rule, logits, askedBefore(logitsByLayer, i)),
  );

/** The logits of the last exit asked before entry `i` of the logits [L]; null where none was. */
export function askedBefore<T extends Logits>(logitsByLayer: readonly T[], i: number): T | null {
  for (let layer = i - 1; layer >= 0; layer--) if (logitsByLayer[layer].length > 0) return logitsByLayer[layer];
  return null;
}

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
  readonly hasFloor: boolean;
  readonly shape: Pick<NetworkShape, 'layers'>;
}

/** Whether tau means anything to a model: it has exits before its end. */
export const mayExit = ({ headKind, hasFloor, shape }: MayExit): boolean =>
  // floor 0 without a network always answers
  headKind !== 'none' || (hasFloor && shape.layers > 0);

/** Throws MP_TAU_RANGE unless `tau` is null or a number from 0 to 1. */
export function assertTau(tau: unknown): asserts tau is Tau {
  if (tau === null) return;
  if (typeof tau !== 'number' || !(tau >= 0 && tau <= 1)) throw new PyramidError('MP_TAU_RANGE', { tau });
}

/** To be printed, sorted or sent; to be compared with a tau, use `leaves`. */
export const toNumber = (u: Uncertainty): number => u as unknown as number;

/** Of a value that `toNumber` gave, read again from JSON. */
export const fromNumber = (value: number): Uncertainty => value as unknown as Uncertainty;
