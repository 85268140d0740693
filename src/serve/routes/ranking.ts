/** The order of labels by score, as protocols that give every label want it. Knows no protocol. */

/** Indices from the largest value to the smallest; of equal values the first label comes first. */
export const ranking = (values: readonly number[]): number[] =>
  values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b);
