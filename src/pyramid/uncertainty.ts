/**
 * How sure an answer is, and so at which layer a text leaves (eq. 2, FastBERT's normalised entropy):
 * u = H(p) / log C in [0, 1], leave at the first layer whose head has u ≤ tau. Plain functions on logits; knows
 * nothing of graphs and allocates nothing where the engine calls it. Everything is taken from x − max x: the
 * entropy of an underflowed p is 0 · −∞ = NaN otherwise, and a NaN keeps the surest texts from ever leaving.
 */
import { PyramidError } from '../errors.ts';

/** One row of logits, [C]. */
export type Logits = readonly number[] | Float32Array;

/** log p_i = z_i − log Σ e^{z_j}, with z = x − max x: [C] → [C]. −∞ where a logit is −∞. */
export function logSoftmax(logits: Logits): number[] {
  const largest = maximum(logits);
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += Math.exp(logits[i] - largest);
  if (!Number.isFinite(total)) throw notFinite(logits);
  const logTotal = Math.log(total);
  return Array.from(logits, (x) => x - largest - logTotal);
}

/** Probabilities that sum to 1: [C] → [C]. */
export function softmax(logits: Logits): number[] {
  return logSoftmax(logits).map(Math.exp);
}

/** The index of the largest logit, the first of equal ones. */
export function argmax(logits: Logits): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  return best;
}

/**
 * H(p) / log C for p = softmax(logits), in [0, 1]: 0 is certain, 1 knows nothing.
 * H = log Z − (Σ z_i e^{z_i}) / Z with z = x − max x ≤ 0 and Z = Σ e^{z_i}: both terms are at least 0, so nothing
 * cancels. One logit has no entropy to speak of (and a softmax over it always says 1): asking is a fault of ours.
 */
export function uncertainty(logits: Logits): number {
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
  return Math.min(1, (Math.log(total) - weighted / total) / Math.log(logits.length));
}

/**
 * The layer, from 1, at which a text answers: the first with a head (a row that is not empty) and u ≤ tau, else the
 * last. `tau` null is off: only the last layer answers. Rows: [L] of [C], or [] where a layer has no head.
 */
export function exitLayer(logitsByLayer: readonly Logits[], tau: number | null): number {
  const last = logitsByLayer.length;
  if (tau !== null) {
    for (let layer = 1; layer < last; layer++) {
      const logits = logitsByLayer[layer - 1];
      if (logits.length > 0 && uncertainty(logits) <= tau) return layer;
    }
  }
  return last;
}

/** Throws MP_TAU_RANGE unless `tau` is null or a number from 0 to 1. */
export function assertTau(tau: unknown): asserts tau is number | null {
  if (tau === null) return;
  if (typeof tau !== 'number' || !(tau >= 0 && tau <= 1)) throw new PyramidError('MP_TAU_RANGE', { tau });
}

function maximum(logits: Logits): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) if (logits[i] > largest) largest = logits[i];
  return largest;
}

const notFinite = (logits: Logits) =>
  new Error(`internal: logits that are not finite: ${Array.from(logits).slice(0, 8).join(', ')}`);
