/** What cuts words into pieces, whatever its kind; and the ids of words that come again. */
import type { IdSink } from './id-list.ts';

export interface PieceModel {
  readonly ids: ReadonlyMap<string, number>;
  /** Of what the vocabulary does not have; −1: nothing is unknown, or it leaves no piece. */
  readonly unknownId: number;
  /** The ids of a word; they depend on nothing around it. */
  idsOf(word: string): readonly number[];
}

/** Appends what comes of a text or word to `into`. */
export type Push = (from: string, into: IdSink) => void;

const CACHED_WORDS = 50_000;
// V8 copies a substring of up to 12 units; a longer one would keep its whole text in memory
const CACHED_LENGTH = 12;
// letters for bytes are a string of their own, up to three to a character
const CACHED_BYTES = 48;

/** The function that appends a word's ids, and remembers those of short words. `inBytes`: words are letters for bytes. */
export function wordIds(idsOf: (word: string) => readonly number[], inBytes = false): Push {
  const longest = inBytes ? CACHED_BYTES : CACHED_LENGTH;
  const cache = new Map<string, readonly number[]>();
  return (word, into) => {
    let ids = cache.get(word);
    if (!ids) {
      ids = idsOf(word);
      if (word.length <= longest) {
        if (cache.size >= CACHED_WORDS) cache.clear();
        cache.set(word, ids);
      }
    }
    for (let i = 0; i < ids.length; i++) into.push(ids[i]);
  };
}
