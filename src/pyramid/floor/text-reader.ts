/**
 * The buckets of one text's unigrams and bigrams, each once with its count. A token that makes no n-gram ends a bigram
 * too. No objects a token, no allocation but for a text longer than all before it: this runs for each text that arrives.
 */
import type { FeatureReader, Occurrence } from './feature-reader.ts';
import type { FloorReading } from './floor-info.ts';
import { HashTable } from './hash-table.ts';
import { FIRST, modulo, SECOND } from './hashing.ts';
import { SKIPPED } from './piece-kinds.ts';

export class TextReader implements FeatureReader {
  readonly figures = new Float64Array(0);
  counts = new Int32Array(0);
  readonly #table = new HashTable();
  readonly #kinds: Uint8Array;
  readonly #mask: number;
  readonly #bigrams: boolean;
  readonly #most: number;
  #last: { readonly ids: Int32Array; readonly from: number; readonly to: number } | null = null;

  constructor({ buckets, bigrams, maxTokens }: FloorReading, kinds: Uint8Array) {
    this.#kinds = kinds;
    this.#mask = buckets - 1;
    this.#bigrams = bigrams;
    this.#most = maxTokens ?? Number.POSITIVE_INFINITY;
  }

  get size(): number {
    return this.#table.size;
  }

  get buckets(): Int32Array {
    return this.#table.keys;
  }

  read(ids: Int32Array, from: number, _second: number, to: number): void {
    const table = this.#table;
    if (table.clear(2 * (to - from))) this.counts = new Int32Array(table.keys.length);
    const { counts } = this;
    const kinds = this.#kinds;
    const mask = this.#mask;
    const bigrams = this.#bigrams;
    let left = this.#most;
    let before = -1; // FIRST · (id + 1) of the token before, −1 if there is none
    for (let i = from; i < to; i++) {
      const id = ids[i];
      if (kinds[id] === SKIPPED) {
        before = -1;
        continue;
      }
      if (left-- <= 0) break;
      const first = FIRST * (id + 1);
      table.count(modulo(first) & mask, counts);
      if (bigrams && before >= 0) table.count(modulo(before + SECOND * (id + 1)) & mask, counts);
      before = first;
    }
    this.#last = { ids, from, to };
  }

  occurrences(): readonly Occurrence[] {
    const found: Occurrence[] = [];
    if (!this.#last) return found;
    const { ids, from, to } = this.#last;
    let left = this.#most;
    let before = -1;
    for (let i = from; i < to; i++) {
      const id = ids[i];
      if (this.#kinds[id] === SKIPPED) {
        before = -1;
        continue;
      }
      if (left-- <= 0) break;
      const first = FIRST * (id + 1);
      found.push({ at: this.#table.place(modulo(first) & this.#mask), token: i, tokens: 1 });
      if (this.#bigrams && before >= 0) {
        const at = this.#table.place(modulo(before + SECOND * (id + 1)) & this.#mask);
        found.push({ at, token: i - 1, tokens: 2 });
      }
      before = first;
    }
    return found;
  }
}
