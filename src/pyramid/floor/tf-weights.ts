/** What an n-gram weighs by how often a text has it, before idf. */
import type { Weighting } from './floor-info.ts';

/** Beyond this a count is taken for this: no logarithm a text. */
const MOST_COUNT = 4096;

/** By count, from 0: 1 + ln tf, tf itself, or 1. */
export const tfWeights = (weighting: Weighting): Float64Array =>
  Float64Array.from({ length: MOST_COUNT }, (_, count) => {
    if (count === 0) return 0;
    if (weighting === 'binary') return 1;
    return weighting === 'tf' ? count : 1 + Math.log(count);
  });
