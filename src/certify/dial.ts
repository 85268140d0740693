/**
 * The settings that may be certified: taus from slow to fast. A constant, so that it is frozen before any row is seen: a grid read
 * off the rows' own uncertainties would be chosen by what it is to be tested on. Knows no trace.
 */

/** Two figures a decade: the uncertainties of a good model crowd near 0. */
const STEPS = [10, 12, 14, 16, 18, 20, 23, 26, 30, 35, 40, 45, 50, 56, 63, 70, 80, 90];
const DECADES = [1e5, 1e4, 1e3];

/** The path: 146 rising taus, from 0 (the slow end) over 0.0001, …, 0.1 to 1 in hundredths (the fast end). */
export const DIAL: readonly number[] = [
  0,
  ...DECADES.flatMap((over) => STEPS.map((step) => step / over)),
  ...Array.from({ length: 91 }, (_, i) => (i + 10) / 100),
];
