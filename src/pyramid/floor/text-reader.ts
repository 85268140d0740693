/** The buckets of one text's unigrams and bigrams, each once with its count. Allocates as ngrams.ts does. */
import type { FeatureReader, Occurrence } from './feature-reader.ts';
import type { FloorReading } from './floor-info.ts';
import { HashTable } from './hash-table.ts';
import { Ngrams } from './ngrams.ts';

export class TextReader implements FeatureReader {
  readonly figures = new Float64Array(0);
  counts = new Int32Array(0);
  readonly #table = new HashTable();
  readonly #grams: Ngrams;
  readonly #mask: number;
  readonly #bigrams: boolean;
  #ids: Int32Array = new Int32Array(0);
  #from = 0;

  constructor({ buckets, bigrams, maxTokens }: FloorReading, kinds: Uint8Array) {
    this.#grams = new Ngrams(kinds, maxTokens);
    this.#mask = buckets - 1;
    this.#bigrams = bigrams;
  }

  get size(): number {
    return this.#table.size;
  }

  get buckets(): Int32Array {
    return this.#table.keys;
  }

  read(ids: Int32Array, from: number, _second: number, to: number): void {
    const grams = this.#grams;
    const table = this.#table;
    grams.read(ids, from, to, this.#bigrams);
    if (table.clear(grams.size)) this.counts = new Int32Array(table.keys.length);
    table.countAll(grams.hashes, grams.size, this.#mask, this.counts);
    this.#ids = ids;
    this.#from = from;
  }

  occurrences(): readonly Occurrence[] {
    return Array.from(this.#grams.places(this.#ids, this.#from, this.#bigrams), (place, i) => ({
      at: this.#table.place(this.#grams.hashes[i] & this.#mask),
      ...place,
    }));
  }
}
