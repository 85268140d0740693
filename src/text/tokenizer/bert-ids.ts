/**
 * A text straight to WordPiece ids, for texts in which no added token stands: what stands between white space goes through
 * BERT's normaliser and words where it is not plain ASCII, and else a character at a time, each word's ids remembered. The
 * same ids as going through tokens: neither words nor accents reach over white space, and a word's pieces depend on nothing
 * around it.
 */
import { type BertNormalization, bertWords, normalizeBert } from './bert-words.ts';
import type { IdSink } from './id-list.ts';
import type { Push } from './piece-model.ts';
import { hashStart, hashWith, LONGEST, WordCache } from './word-cache.ts';

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

/** The function that appends the ids of a text, as it was given, to `into`; `idsOf` gives a word's, `push` appends them. */
export function bertIds(how: BertNormalization, idsOf: (word: string) => readonly number[], push: Push): Push {
  const cache = new WordCache();
  const lower = Uint8Array.from({ length: 128 }, (_, code) =>
    how.lowerCase && code >= 0x41 && code <= 0x5a ? code + 0x20 : code,
  );
  const word = new Uint16Array(LONGEST); // the characters of the one that is read
  const give = (text: string, from: number, to: number, hash: number, into: IdSink): void => {
    const length = to - from;
    const mixed = hash ^ (hash >>> 15);
    if (length <= LONGEST && cache.give(word, length, mixed, into)) return;
    const given = text.slice(from, to);
    const ids = idsOf(how.lowerCase ? given.toLowerCase() : given);
    if (length <= LONGEST) cache.add(word, length, mixed, ids);
    for (const id of ids) into.push(id);
  };
  /** Of plain characters without white space. */
  const pushPlain = (text: string, from: number, to: number, into: IdSink): void => {
    let start = from; // of the word that `at` is in
    let hash = hashStart;
    for (let at = from; at < to; at++) {
      const code = lower[text.charCodeAt(at)];
      const isMark = kinds[code] === MARK;
      if (isMark) {
        if (at > start) give(text, start, at, hash, into);
        start = at;
        hash = hashStart;
      }
      if (at - start < LONGEST) word[at - start] = code;
      hash = hashWith(hash, code);
      if (!isMark) continue;
      give(text, at, at + 1, hash, into);
      start = at + 1;
      hash = hashStart;
    }
    if (to > start) give(text, start, to, hash, into);
  };
  const pushOther = (text: string, into: IdSink): void => {
    for (const one of bertWords(normalizeBert(text, how))) push(one, into);
  };

  return (text, into) => {
    const { length } = text;
    let other = -1; // where what is not plain begins, −1 if there is none
    for (let from = 0; from < length; ) {
      let to = from;
      let isPlain = true;
      for (; to < length; to++) {
        const code = text.charCodeAt(to);
        const kind = code < 128 ? kinds[code] : OTHER;
        if (kind === BLANK) break;
        if (kind === OTHER) isPlain = false;
      }
      if (!isPlain) {
        if (other < 0) other = from;
      } else if (to > from) {
        if (other >= 0) pushOther(text.slice(other, from), into);
        other = -1;
        pushPlain(text, from, to, into);
      }
      from = to + 1;
    }
    if (other >= 0) pushOther(text.slice(other), into);
  };
}
