/** The overlap figures of a pair: how much two texts have in common, by their pieces. Names, for explaining; pair-reader.ts computes them. */

export const OVERLAP_FIGURES = [
  'share in common', // Σ idf of common pieces / Σ idf of all
  'share only in the first', // Σ idf of pieces that only the first has / Σ idf of the first's
  'share only in the second',
  'common pieces', // Jaccard: |common| / |all|
  'common bigrams', // |common| / (|all| + 1)
  'difference of lengths', // in tokens
  'shorter length',
  'same first piece', // 1 or 0
  'rarest piece not shared', // its idf; 0 if all are shared
  'same numbers', // 1 or 0
] as const;

export type OverlapFigure = (typeof OVERLAP_FIGURES)[number];
export const FIGURES = OVERLAP_FIGURES.length;
