/**
 * What floor 0 is, in numbers and typed arrays: how it reads a text, its tables, and how it is summed with the network.
 * The same from training, from a folder and across threads.
 */

/** How a text becomes features. Weights belong to one such reading. */
export interface FloorReading {
  /** Features of two texts that belong together, rather than of one. */
  readonly pairs: boolean;
  /** Power of two from 32 to 2^18. */
  readonly buckets: number;
  /** Bigrams beside unigrams. */
  readonly bigrams: boolean;
  /** At most so many tokens of each text, from its beginning; null: all. */
  readonly maxTokens: number | null;
  /**
   * `tfidf`: (1 + ln tf) · idf, the text's values then divided by their L2 norm; `tf`: the same with tf itself;
   * `binary`: 1 for what is there.
   */
  readonly weighting: Weighting;
}

export type Weighting = 'tfidf' | 'tf' | 'binary';
export const WEIGHTINGS: readonly Weighting[] = ['tfidf', 'tf', 'binary'];

/** How floor 0 is added to the network's exits: z_l + w (z_0 − k log π). */
export interface FloorSum {
  /** w, 0 or more; 0: nothing is added. */
  readonly weight: number;
  /** k, from 0 to 1. */
  readonly priorShare: number;
}

export const PLAIN_SUM: FloorSum = { weight: 1, priorShare: 0 };

/** The JSON object `floor` within config.json's `pyramid`. */
export interface FloorInfo extends FloorReading {
  readonly format: 1;
  /** C. */
  readonly labels: number;
  /** A text may have any number of labels: a logistic regression for each. Left out: it has one of them. */
  readonly several?: true;
  /** V, the tokenizer's. */
  readonly vocabulary: number;
  /** Buckets seen in training, rows of the tables. */
  readonly seen: number;
  /** idf of a bucket that was never seen: such an n-gram has no weight and counts in the norm. */
  readonly unseenIdf: number;
  /** s: floor 0 by itself answers softmax(s · z_0). */
  readonly temperature: number;
  readonly sum: FloorSum;
}

/** Floor 0 as training makes it and a folder keeps it. K = C weights a feature; one where C = 2 and a text has one label. */
export interface FloorParts {
  readonly info: FloorInfo;
  /** [V], see piece-kinds.ts. */
  readonly kinds: Uint8Array;
  /** [buckets / 8], see seen-buckets.ts. */
  readonly bits: Uint8Array;
  /** [seen]; empty where the weighting is binary. */
  readonly idf: Float32Array;
  /** [seen, K] */
  readonly weights: Float32Array;
  /** [K] */
  readonly bias: Float32Array;
  /** π, [C]: shares of the labels among the rows that trained it, class weights applied; they sum to 1 where a row has one. */
  readonly prior: Float32Array;
  /** Of pairs alone. */
  readonly overlap: OverlapParts | null;
}

/** The overlap figures of a pair, F of them, see overlap.ts. */
export interface OverlapParts {
  /** [V]: idf of a piece over single texts. */
  readonly pieceIdf: Float32Array;
  /** [F] */
  readonly mean: Float32Array;
  /** [F], standard deviations, above 0. */
  readonly spread: Float32Array;
  /** [2F, K]: of the standardised figures, then of their squares. */
  readonly weights: Float32Array;
}

/** K: two labels of which a text has one share one vector, z_0 = (−s/2, s/2). */
export const outputsFor = (labels: number, several: boolean | undefined = false): number =>
  labels === 2 && !several ? 1 : labels;

/** Whether a vector is shared by two labels. */
export const sharesVector = ({ labels, several }: Pick<FloorInfo, 'labels' | 'several'>): boolean =>
  labels === 2 && !several;

/**
 * [C]: what a prior π says as logits, log π, or for labels that do not exclude each other log π / (1 − π).
 */
export const priorLogits = (prior: ArrayLike<number>, several = false): Float64Array =>
  Float64Array.from(prior, (share) => Math.log(share) - (several ? Math.log1p(-share) : 0));
