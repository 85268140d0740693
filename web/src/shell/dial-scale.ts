/**
 * Where tau stands on the slider. Uncertainties crowd near 0 (sure) and near 1, and little happens between: so both ends are
 * spread out, by smoothstep, tau = 3p² − 2p³. Knows nothing of the slider.
 */

/** Places of tau that are told apart. */
const PLACES = 1000;

/** @param position 0 to 1 */
export const tauAt = (position: number): number => Math.round(PLACES * position ** 2 * (3 - 2 * position)) / PLACES;

/** 0 to 1; the inverse of `tauAt`. */
export const positionOf = (tau: number): number => 0.5 - Math.sin(Math.asin(1 - 2 * tau) / 3);
