/**
 * Which bucket an n-gram of token ids falls into: h = (A·(id₁ + 1) + B·(id₂ + 1) + c) mod P, bucket = h mod (buckets);
 * the second term is 0 for a unigram. Every product stays below 2^53, so doubles, BigInt and ONNX's int64 agree.
 * A name space has a `c` of its own. Knows nothing of texts.
 */

/** 2^31 − 1, a prime: a hash is a positive int32. */
export const MODULUS = 2 ** 31 - 1;
export const FIRST = 1_597_334_677;
export const SECOND = 1_103_515_245;

/** Ids from 0 to this: FIRST · 2^18 + SECOND · 2^18 + c < 2^50. */
export const MOST_IDS = 2 ** 18;

/** c of each name space: n-grams of a text, those that both texts of a pair have, those that only one has. */
export const SPACES = { text: 0, both: 715_225_739, apart: 1_431_655_781 } as const;

const INVERSE = 1 / MODULUS;

/**
 * x mod P of a whole number from 0 to 2^50. INVERSE is 1/P but for a share of 2^-62, so that a multiple's quotient is exact;
 * that of any other is off by less than 2^-32, and at least 1/P from a whole number.
 */
export const modulo = (x: number): number => x - Math.floor(x * INVERSE) * MODULUS;

/** The hash of a unigram (`second` −1) or a bigram in the name space 0, from 0 to P − 1. */
export const hashOf = (first: number, second = -1): number => modulo(FIRST * (first + 1) + SECOND * (second + 1));

/** The hash in another name space: (h + c) mod P. */
export function inSpace(hash: number, space: number): number {
  const moved = hash + space;
  return moved >= MODULUS ? moved - MODULUS : moved;
}

/** Of the weights of all labels together, so that a table of float32 takes 64 MiB at most. */
const MOST_WEIGHTS = 2 ** 24;
export const MOST_BUCKETS = 2 ** 18;

/** How many buckets `labels` labels have: a power of two, buckets · labels ≤ 2^24, at most 2^18. */
export function bucketsFor(labels: number): number {
  let buckets = MOST_BUCKETS;
  while (buckets * labels > MOST_WEIGHTS) buckets /= 2;
  return buckets;
}
