/** What both readers give: the buckets of a text's n-grams, or of a pair's with its overlap figures. */
import type { FloorReading } from './floor-info.ts';
import { PairReader } from './pair-reader.ts';
import { TextReader } from './text-reader.ts';

/** Holds the features of what it read last; its arrays are its own and may be others after the next text. */
export interface FeatureReader {
  /** Distinct buckets; 0: the text has no n-gram. */
  readonly size: number;
  /** The first `size` entries are buckets, each once. */
  readonly buckets: Int32Array;
  /** How often each occurs, 1 or more. */
  readonly counts: Int32Array;
  /** [F] as they are, not standardised; empty where texts are single. */
  readonly figures: Float64Array;
  /**
   * @param ids the texts' token ids within `from` and `to`, special tokens may be among them
   * @param second where the second text begins; `to` where there is none
   */
  read(ids: Int32Array, from: number, second: number, to: number): void;
  /** The n-grams of what was read last, by place in `buckets`: [place, from, length in tokens] each. For explaining; allocates. */
  occurrences(): readonly Occurrence[];
}

export interface Occurrence {
  /** Index into `buckets`. */
  readonly at: number;
  /** Index of the first token in `ids`. */
  readonly token: number;
  /** 1: a unigram, 2: a bigram. */
  readonly tokens: 1 | 2;
}

/** @param pieceIdf [V], of pairs alone */
export const featureReader = (
  reading: FloorReading,
  kinds: Uint8Array,
  pieceIdf: Float32Array | null,
): FeatureReader => (reading.pairs ? new PairReader(reading, kinds, pieceIdf!) : new TextReader(reading, kinds));
