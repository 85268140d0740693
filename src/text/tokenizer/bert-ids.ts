/**
 * A text straight to WordPiece ids, for texts in which no added token stands: one pass over plain ASCII, BERT's
 * normaliser and words for the rest, and each word's ids remembered. The same ids as going through tokens. Remembering
 * is exact, since a word's pieces depend on nothing around it.
 */
import { type BertNormalization, bertWords, normalizeBert } from './bert-words.ts';

const CACHED_WORDS = 50_000;
// V8 copies a substring of up to 12 units; a longer one would keep its whole text in memory
const CACHED_LENGTH = 12;

/** What an ASCII character is to the words: of a word, white space, or a mark that is a word by itself. */
const WORD = 0;
const BLANK = 1;
const MARK = 2;
/** It needs the normaliser. */
const OTHER = 3;

const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code === 0x20 || code === 9 || code === 10 || code === 13) return BLANK;
  if (code < 0x20 || code === 0x7f) return OTHER;
  return /[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]/.test(String.fromCharCode(code)) ? MARK : WORD;
});

type Push = (from: string, into: number[]) => void;

/** The function that appends a word's ids to `into`. `cut` gives a word's pieces, `idOf` a piece's id. */
export function wordIds(cut: (word: string) => readonly string[], idOf: (piece: string) => number): Push {
  const cache = new Map<string, readonly number[]>();
  return (word, into) => {
    let ids = cache.get(word);
    if (!ids) {
      ids = cut(word).map(idOf);
      if (word.length <= CACHED_LENGTH) {
        if (cache.size >= CACHED_WORDS) cache.clear();
        cache.set(word, ids);
      }
    }
    for (let i = 0; i < ids.length; i++) into.push(ids[i]);
  };
}

/** The function that appends the ids of a text, as it was given, to `into`; `push` does so for a word. */
export function bertIds(
  how: BertNormalization,
  cut: (word: string) => readonly string[],
  idOf: (piece: string) => number,
  push: Push = wordIds(cut, idOf),
): Push {
  return (text, into) => {
    if (!isPlain(text)) {
      for (const word of bertWords(normalizeBert(text, how))) push(word, into);
      return;
    }
    const cased = how.lowerCase ? text.toLowerCase() : text;
    let start = 0; // of the word that `at` is in
    for (let at = 0; at < cased.length; at++) {
      const kind = kinds[cased.charCodeAt(at)];
      if (kind === WORD) continue;
      if (at > start) push(cased.slice(start, at), into);
      if (kind === MARK) push(cased[at], into);
      start = at + 1;
    }
    if (start < cased.length) push(cased.slice(start), into);
  };
}

function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7e || kinds[code] === OTHER) return false;
  }
  return true;
}
