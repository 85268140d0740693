/**
 * The features of a pair: the buckets of n-grams that both texts have and of those that only one has, as two name spaces,
 * and the overlap figures of overlap.ts. Allocates as ngrams.ts does.
 */
import type { FeatureReader, Occurrence } from './feature-reader.ts';
import type { FloorReading } from './floor-info.ts';
import { HashTable } from './hash-table.ts';
import { inSpace, SPACES } from './hashing.ts';
import { Ngrams } from './ngrams.ts';
import { FIGURES } from './overlap.ts';
import { NUMBER } from './piece-kinds.ts';

/** Which texts have an n-gram: bits. */
const IN_FIRST = 1;
const IN_SECOND = 2;
const IN_BOTH = 3;

export class PairReader implements FeatureReader {
  readonly figures = new Float64Array(FIGURES);
  counts = new Int32Array(0);
  readonly #buckets = new HashTable();
  /** Distinct n-grams by their hash in the name space 0, before it is known who has them. */
  readonly #distinct = new HashTable();
  /** Of each distinct n-gram: bits of the texts that have it, its token id (−1 for a bigram). */
  #within = new Uint8Array(0);
  #piece = new Int32Array(0);
  readonly #grams: Ngrams;
  readonly #kinds: Uint8Array;
  readonly #pieceIdf: Float32Array;
  readonly #mask: number;
  readonly #bigrams: boolean;
  readonly #length = new Int32Array(2);
  readonly #firstPiece = new Int32Array(2);
  #ids: Int32Array = new Int32Array(0);
  /** Where the two texts begin, and the second ends. */
  readonly #bounds = new Int32Array(3);

  constructor({ buckets, bigrams, maxTokens }: FloorReading, kinds: Uint8Array, pieceIdf: Float32Array) {
    this.#grams = new Ngrams(kinds, maxTokens, { withPieces: true });
    this.#kinds = kinds;
    this.#pieceIdf = pieceIdf;
    this.#mask = buckets - 1;
    this.#bigrams = bigrams;
  }

  get size(): number {
    return this.#buckets.size;
  }

  get buckets(): Int32Array {
    return this.#buckets.keys;
  }

  read(ids: Int32Array, from: number, second: number, to: number): void {
    const most = 2 * (to - from);
    const distinct = this.#distinct;
    if (distinct.clear(most)) {
      this.#within = new Uint8Array(distinct.keys.length);
      this.#piece = new Int32Array(distinct.keys.length);
    }
    if (this.#buckets.clear(most)) this.counts = new Int32Array(this.#buckets.keys.length);
    this.#collect(ids, from, second, IN_FIRST);
    this.#collect(ids, second, to, IN_SECOND);
    this.#figures();
    for (let i = 0; i < distinct.size; i++) {
      if (this.#piece[i] < 0 && !this.#bigrams) continue;
      const place = this.#buckets.place(this.#bucketOf(i));
      this.counts[place] = 1;
    }
    this.#ids = ids;
    this.#bounds.set([from, second, to]);
  }

  #bucketOf(gram: number): number {
    const space = this.#within[gram] === IN_BOTH ? SPACES.both : SPACES.apart;
    return inSpace(this.#distinct.keys[gram], space) & this.#mask;
  }

  #collect(ids: Int32Array, from: number, to: number, text: number): void {
    const grams = this.#grams;
    // Jaccard of bigrams is a figure even where bigrams are no features
    this.#length[text - 1] = grams.read(ids, from, to, true);
    const { hashes, pieces, size } = grams;
    this.#firstPiece[text - 1] = size === 0 ? -1 : pieces[0];
    for (let i = 0; i < size; i++) this.#add(hashes[i], pieces[i], text);
  }

  #add(hash: number, piece: number, text: number): void {
    const known = this.#distinct.size;
    const place = this.#distinct.place(hash);
    if (place < known) this.#within[place] |= text;
    else {
      this.#within[place] = text;
      this.#piece[place] = piece;
    }
  }

  /** Sums over the distinct n-grams; 10⁻⁹ keeps an empty text from a division by 0. */
  #figures(): void {
    const idf = this.#pieceIdf;
    let both = 0; // Σ idf of common pieces, and of those that only one text has
    let onlyFirst = 0;
    let onlySecond = 0;
    let common = 0;
    let pieces = 0;
    let commonBigrams = 0;
    let bigrams = 0;
    let rarest = 0;
    let sameNumbers = 1;
    for (let i = 0; i < this.#distinct.size; i++) {
      const within = this.#within[i];
      const piece = this.#piece[i];
      if (piece < 0) {
        bigrams++;
        if (within === IN_BOTH) commonBigrams++;
        continue;
      }
      pieces++;
      const weight = idf[piece];
      if (within === IN_BOTH) {
        common++;
        both += weight;
        continue;
      }
      if (within === IN_FIRST) onlyFirst += weight;
      else onlySecond += weight;
      if (weight > rarest) rarest = weight;
      if (this.#kinds[piece] === NUMBER) sameNumbers = 0;
    }
    const [n1, n2] = this.#length;
    const { figures } = this;
    figures[0] = both / (both + onlyFirst + onlySecond + 1e-9);
    figures[1] = onlyFirst / (both + onlyFirst + 1e-9);
    figures[2] = onlySecond / (both + onlySecond + 1e-9);
    figures[3] = common / (pieces + 1e-9);
    figures[4] = commonBigrams / (bigrams + 1);
    figures[5] = Math.abs(n1 - n2);
    figures[6] = Math.min(n1, n2);
    figures[7] = this.#firstPiece[0] === this.#firstPiece[1] ? 1 : 0;
    figures[8] = rarest;
    figures[9] = sameNumbers;
  }

  occurrences(): readonly Occurrence[] {
    const grams = this.#grams;
    return [0, 1].flatMap((text) => {
      const [from, to] = this.#bounds.subarray(text);
      grams.read(this.#ids, from, to, this.#bigrams);
      return Array.from(grams.places(this.#ids, from, this.#bigrams), (place, i) => ({
        at: this.#buckets.place(this.#bucketOf(this.#distinct.place(grams.hashes[i]))),
        ...place,
      }));
    });
  }
}
