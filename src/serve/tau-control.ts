/**
 * `--tau auto`: the dial as a function of the load. tau rises while answers are slower than promised, stays while they
 * are nearly so, and falls back slowly once they have been fast for a while; it never leaves [low, high]. Beside it how
 * long an answer may be expected to take before requests are refused: the promise itself, and less where the promise
 * is broken all the same. One pure step of a controller; knows nothing of clocks and of models.
 */

export interface TauLimits {
  /** The tau of an idle server. */
  readonly low: number;
  /** Never past this one: the floor of accuracy. */
  readonly high: number;
  /** What 95 of 100 answers should take at most, in milliseconds. */
  readonly sloMs: number;
}

export interface TauState {
  readonly tau: number;
  /** Requests that should take longer than this are refused. */
  readonly allowedMs: number;
  /** How long answers have been fast. */
  readonly calmMs: number;
}

export interface Observed {
  /** Since the last step. */
  readonly elapsedMs: number;
  /** What the answer to a request of now should take. */
  readonly expectedMs: number;
  /** What 95 of 100 of the last answers took at most; null where there were none. */
  readonly p95Ms: number | null;
}

/** Shares of the promise above which tau rises, and below which answers count as fast. */
const RISE_ABOVE = 0.6;
const CALM_BELOW = 0.3;
/**
 * From low to high, in milliseconds, with a queue as long as promised. By the answers of the last second alone it takes
 * longer: they tell of a queue that may be gone, and tau would overshoot.
 */
const RISE_MS = 200;
const RISE_BY_ANSWERS_MS = 4000;
/** From high to low, once answers have been fast for CALM_MS. */
const FALL_MS = 12_000;
const CALM_MS = 1000;
/** Answers that come sooner than this share of the promise let the allowed time grow again. */
const ROOM_BELOW = 0.8;
/** Milliseconds in which the allowed time falls, or grows, by a factor of e. */
const TIGHTEN_MS = 700;
const LOOSEN_MS = 3000;
/** The allowed time is never less than this share of the promise. */
const LEAST_ALLOWED = 0.2;

export const firstState = ({ low, sloMs }: TauLimits): TauState => ({ tau: low, allowedMs: sloMs, calmMs: 0 });

export function nextState(state: TauState, observed: Observed, { low, high, sloMs }: TauLimits): TauState {
  const { elapsedMs, expectedMs, p95Ms } = observed;
  const queue = expectedMs / sloMs;
  const answers = (p95Ms ?? 0) / sloMs;
  const rise =
    (queue > RISE_ABOVE ? queue / RISE_MS : 0) + (answers > RISE_ABOVE ? Math.min(2, answers) / RISE_BY_ANSWERS_MS : 0);
  const isCalm = queue < CALM_BELOW && answers < CALM_BELOW;
  const calmMs = isCalm ? state.calmMs + elapsedMs : 0;
  const fall = calmMs > CALM_MS ? 1 / FALL_MS : 0;
  const tau = Math.min(high, Math.max(low, state.tau + (high - low) * elapsedMs * (rise - fall)));

  let { allowedMs } = state;
  if (p95Ms !== null && p95Ms > sloMs) allowedMs *= Math.exp(-elapsedMs / TIGHTEN_MS);
  else if (p95Ms === null || p95Ms < ROOM_BELOW * sloMs) allowedMs *= Math.exp(elapsedMs / LOOSEN_MS);
  allowedMs = Math.min(sloMs, Math.max(LEAST_ALLOWED * sloMs, allowedMs));
  return { tau, allowedMs, calmMs };
}

/** The quantile of times in any order (nearest rank); null of none. Sorts `times`. */
export function quantile(times: Float64Array, q: number): number | null {
  if (times.length === 0) return null;
  times.sort();
  return times[Math.min(times.length - 1, Math.max(0, Math.ceil(q * times.length) - 1))];
}
