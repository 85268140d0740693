/**
 * Where tau stands on the slider. Uncertainties crowd near 0 (sure) and near 1, and little happens between: so both ends are
 * spread out, by smoothstep, tau = 3p² − 2p³. Knows nothing of the slider.
 */

/** Places of tau that are told apart. */
const PLACES = 1000;

/** @param position 0 to 1 */
export const tauAt = (position: number): number => Math.round(PLACES * position ** 2 * (3 - 2 * position)) / PLACES;

/** Steps of the slider. */
export const STEPS = 200;

/**
 * The tau of the step that the slider was moved to from the tau `from` (null: off). Where the ends are spread out several steps round
 * to one tau: then the next tau on the way, so that every key changes something until the slider is at an end.
 */
export function tauAtStep(step: number, from: number | null): number {
  const way = Math.sign(step - Math.round(STEPS * positionOf(from ?? 0)));
  let at = step;
  while (way !== 0 && tauAt(at / STEPS) === from && at > 0 && at < STEPS) at += way;
  return tauAt(at / STEPS);
}

/** 0 to 1; the inverse of `tauAt`. */
export const positionOf = (tau: number): number => 0.5 - Math.sin(Math.asin(1 - 2 * tau) / 3);
