/**
 * A text to ids where words part at a blank between two other ASCII characters whatever stands around (byte-level BPE, and
 * Unigram over words): the text is parted there, and the ids of plain parts that come again are remembered by their
 * characters, so that for most of a text neither an expression is run nor a string made.
 */
import { IdList, type IdSink } from './id-list.ts';
import type { Push } from './piece-model.ts';
import { hashStart, hashWith, LONGEST, WordCache } from './word-cache.ts';

/** Whether a part may begin at the blank `at`. */
export function partsAt(text: string, at: number): boolean {
  return text.charCodeAt(at) === 0x20 && isMark(text.charCodeAt(at - 1)) && isMark(text.charCodeAt(at + 1));
}

/** A printable ASCII character other than a blank; NaN, beyond the ends, is none. */
const isMark = (code: number): boolean => code > 0x20 && code < 0x7f;

/** The function that appends the ids of a text. `slow` does so for any part. */
export function segmentIds(slow: Push): Push {
  const cache = new WordCache();
  const part = new Uint8Array(LONGEST); // the characters of the one that is read
  const found = new IdList();
  return (text, into) => {
    const { length } = text;
    for (let from = 0; from < length; ) {
      let to = from;
      let isPlain = true;
      let hash = hashStart;
      do {
        const code = text.charCodeAt(to);
        if (code > 0x7f) isPlain = false;
        if (to - from < LONGEST) part[to - from] = code;
        hash = hashWith(hash, code);
        to++;
      } while (to < length && !partsAt(text, to));
      give(text, from, to, isPlain, hash ^ (hash >>> 15), into);
      from = to;
    }
  };

  function give(text: string, from: number, to: number, isPlain: boolean, hash: number, into: IdSink): void {
    const length = to - from;
    if (!isPlain || length > LONGEST) {
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
