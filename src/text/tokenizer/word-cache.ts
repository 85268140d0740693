/**
 * The ids of words that have come before, by their UTF-16 units: no string is made to look one up, and none is kept.
 * Bounded: 3 MiB, words of up to LONGEST characters; a full cache begins anew. Exact, since a word's pieces depend on
 * nothing around it and its characters are compared.
 */
import type { IdSink } from './id-list.ts';

/** Of a word that is remembered. */
export const LONGEST = 32;
/** The hash of no characters, and with one more (Fowler, Noll and Vo); what is given is to be mixed: h ^ (h >>> 15). */
export const hashStart = -2128831035;
export const hashWith = (hash: number, code: number): number => Math.imul(hash ^ code, 16777619);
const WORDS = 50_000;
const SLOTS = 2 ** 17;
const CHARACTERS = 2 ** 19;
const IDS = 2 ** 18;

export class WordCache {
  /** Word + 1; 0: empty. */
  readonly #slots = new Int32Array(SLOTS);
  readonly #hashes = new Int32Array(WORDS);
  /** Where the characters and ids of word i begin; those of word i + 1 begin where they end. */
  readonly #characterAt = new Int32Array(WORDS + 1);
  readonly #idAt = new Int32Array(WORDS + 1);
  readonly #characters = new Uint16Array(CHARACTERS);
  readonly #ids = new Int32Array(IDS);
  #size = 0;

  /** Appends the ids of the word of the first `length` characters of `word` to `into`; false: it is not known. */
  give(word: Uint16Array, length: number, hash: number, into: IdSink): boolean {
    const slots = this.#slots;
    for (let slot = hash & (SLOTS - 1); slots[slot] !== 0; slot = (slot + 1) & (SLOTS - 1)) {
      const at = slots[slot] - 1;
      if (this.#hashes[at] !== hash || !this.#is(at, word, length)) continue;
      const to = this.#idAt[at + 1];
      for (let i = this.#idAt[at]; i < to; i++) into.push(this.#ids[i]);
      return true;
    }
    return false;
  }

  /** Remembers a word that is not known. */
  add(word: Uint16Array, length: number, hash: number, ids: readonly number[]): void {
    const isFull =
      this.#size === WORDS ||
      this.#characterAt[this.#size] + length > CHARACTERS ||
      this.#idAt[this.#size] + ids.length > IDS;
    if (isFull) {
      this.#slots.fill(0);
      this.#size = 0;
    }
    const at = this.#size++;
    this.#hashes[at] = hash;
    const first = this.#characterAt[at];
    for (let i = 0; i < length; i++) this.#characters[first + i] = word[i];
    this.#characterAt[at + 1] = first + length;
    this.#ids.set(ids, this.#idAt[at]);
    this.#idAt[at + 1] = this.#idAt[at] + ids.length;
    let slot = hash & (SLOTS - 1);
    while (this.#slots[slot] !== 0) slot = (slot + 1) & (SLOTS - 1);
    this.#slots[slot] = at + 1;
  }

  #is(at: number, word: Uint16Array, length: number): boolean {
    const first = this.#characterAt[at];
    if (this.#characterAt[at + 1] - first !== length) return false;
    for (let i = 0; i < length; i++) if (this.#characters[first + i] !== word[i]) return false;
    return true;
  }
}
