/**
 * A text to ids where words part at a single blank whatever stands around (byte-level BPE, and Unigram over words): the
 * text is parted there, and the ids of short parts that come again are remembered by their characters, so that for most of a text neither an expression is run nor a string made.
 */
import { IdList, type IdSink } from './id-list.ts';
import type { Push } from './piece-model.ts';
import { hashStart, hashWith, LONGEST, WordCache } from './word-cache.ts';

/** Whether a part may begin at the blank `at` of a text. */
export type PartsAt = (text: string, at: number) => boolean;

/** Between two other ASCII characters. */
export const partsInAscii: PartsAt = (text, at) =>
  text.charCodeAt(at) === 0x20 && isMark(text.charCodeAt(at - 1)) && isMark(text.charCodeAt(at + 1));

/** Between any two characters that are no white space. */
export const partsAtBlank: PartsAt = (text, at) =>
  text.charCodeAt(at) === 0x20 && isOpen(text.charCodeAt(at - 1)) && isOpen(text.charCodeAt(at + 1));

/** Before a letter that no table of normal forms reads together with the blank, as it may a mark. */
export const partsAtLetter: PartsAt = (text, at) => partsAtBlank(text, at) && isLetter(text.charCodeAt(at + 1));

/** A printable ASCII character other than a blank; NaN, beyond the ends, is none. */
const isMark = (code: number): boolean => code > 0x20 && code < 0x7f;

/** Not white space, nor one of the signs that a table of normal forms may read together with what follows them. */
const isOpen = (code: number): boolean => isMark(code) || (code > 0xa0 && !OTHERS.has(code));

/** ASCII, or of the scripts of most texts a letter that is no mark. */
const isLetter = (code: number): boolean =>
  code < 0x300 || LETTERS.some(([first, last]) => code >= first && code <= last);

const LETTERS: readonly (readonly [number, number])[] = [
  [0x370, 0x482], // Greek, Cyrillic
  [0x48a, 0x52f],
  [0x4e00, 0x9fff], // Chinese
  [0xac00, 0xd7a3], // Korean
  [0x620, 0x64a], // Arabic
  [0x5d0, 0x5ea], // Hebrew
  [0x3041, 0x3096], // Japanese
  [0x30a1, 0x30fa],
  [0x904, 0x939], // Devanagari
  [0xe01, 0xe30], // Thai
];

const OTHERS: ReadonlySet<number> = new Set([
  ...[0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000],
  ...Array.from({ length: 11 }, (_, i) => 0x2000 + i),
  ...[0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6dd, 0x70f],
]);

/** The function that appends the ids of a text. `slow` does so for any part that begins where `partsAt` says. */
export function segmentIds(slow: Push, partsAt: PartsAt): Push {
  const cache = new WordCache();
  const part = new Uint16Array(LONGEST); // the characters of the one that is read
  const found = new IdList();
  return (text, into) => {
    const { length } = text;
    for (let from = 0; from < length; ) {
      let to = from;
      let hash = hashStart;
      do {
        const code = text.charCodeAt(to);
        if (to - from < LONGEST) part[to - from] = code;
        hash = hashWith(hash, code);
        to++;
      } while (to < length && !partsAt(text, to));
      give(text, from, to, hash ^ (hash >>> 15), into);
      from = to;
    }
  };

  function give(text: string, from: number, to: number, hash: number, into: IdSink): void {
    const length = to - from;
    if (length > LONGEST) {
      slow(text.slice(from, to), into);
      return;
    }
    if (cache.give(part, length, hash, into)) return;
    found.clear();
    slow(text.slice(from, to), found);
    const ids = Array.from(found.part(0, found.length));
    cache.add(part, length, hash, ids);
    for (const id of ids) into.push(id);
  }
}
