/** How floor 0 is trained. The defaults were chosen on validation rows; docs/results/floor-choices.md has the comparison. */
import type { FloorReading } from '../../pyramid/floor/index.ts';

export interface FloorSettings extends Omit<FloorReading, 'pairs'> {
  /** n-grams of fewer training rows have no weight; null: as `leastRows` says. */
  readonly minRows: number | null;
  /** scikit-learn's C; null: by cross-validation. */
  readonly strength: number | null;
  /** Where the search for it begins. */
  readonly firstStrength: number;
  readonly folds: number;
  /** null: L-BFGS where it needs at most `maxBytes`, else averaged SGD. */
  readonly solver: 'l-bfgs' | 'averaged-sgd' | null;
  readonly maxBytes: number;
  /** Of L-BFGS: it stops where a step promises less than this share of the loss. */
  readonly tolerance: number;
  readonly maxIterations: number;
  /** Of averaged SGD. */
  readonly epochs: number;
}

const COMMON = {
  buckets: 2 ** 18, // at most; fewer for more than 64 labels
  bigrams: true,
  maxTokens: 1024, // as good as all (docs/results), and the work of one text is bounded
  strength: null,
  folds: 3,
  solver: null,
  maxBytes: 700 * 2 ** 20, // beside the rows themselves, within 1 GiB
  tolerance: 1e-4, // the same accuracy as 1e-5 in half the time
  maxIterations: 200,
  epochs: 6,
} as const;

export const FLOOR_DEFAULTS: { readonly texts: FloorSettings; readonly pairs: FloorSettings } = {
  texts: { ...COMMON, minRows: null, weighting: 'tfidf', firstStrength: 30 },
  pairs: { ...COMMON, minRows: 2, weighting: 'binary', firstStrength: 0.1 },
};

/** Up to so many rows the table is small anyway, and an n-gram of one row may be all that a text has (docs/results). */
const FEW_ROWS = 2000;

/** How many of the training rows an n-gram must have, where nobody says. */
export const leastRows = (rows: number): number => (rows <= FEW_ROWS ? 1 : 2);
