/**
 * The features of a pair: the buckets of n-grams that both texts have and of those that only one has, as two name spaces,
 * and the overlap figures of overlap.ts. As text-reader.ts it allocates nothing that grows with the number of texts.
 */
import type { FeatureReader, Occurrence } from './feature-reader.ts';
import type { FloorReading } from './floor-info.ts';
import { HashTable } from './hash-table.ts';
import { FIRST, inSpace, modulo, SECOND, SPACES } from './hashing.ts';
import { FIGURES } from './overlap.ts';
import { NUMBER, SKIPPED } from './piece-kinds.ts';

/** Which texts have an n-gram: bits. */
const IN_FIRST = 1;
const IN_SECOND = 2;
const IN_BOTH = 3;

export class PairReader implements FeatureReader {
  readonly figures = new Float64Array(FIGURES);
  counts = new Int32Array(0);
  readonly #buckets = new HashTable();
  /** n-grams by their hash in the name space 0, before it is known who has them. */
  readonly #grams = new HashTable();
  /** Of each n-gram: bits of the texts that have it, its token id (−1 for a bigram). */
  #within = new Uint8Array(0);
  #piece = new Int32Array(0);
  readonly #kinds: Uint8Array;
  readonly #pieceIdf: Float32Array;
  readonly #mask: number;
  readonly #bigrams: boolean;
  readonly #most: number;
  readonly #length = new Int32Array(2);
  readonly #firstPiece = new Int32Array(2);
  #last: { readonly ids: Int32Array; readonly from: number; readonly second: number; readonly to: number } | null =
    null;

  constructor({ buckets, bigrams, maxTokens }: FloorReading, kinds: Uint8Array, pieceIdf: Float32Array) {
    this.#kinds = kinds;
    this.#pieceIdf = pieceIdf;
    this.#mask = buckets - 1;
    this.#bigrams = bigrams;
    this.#most = maxTokens ?? Number.POSITIVE_INFINITY;
  }

  get size(): number {
    return this.#buckets.size;
  }

  get buckets(): Int32Array {
    return this.#buckets.keys;
  }

  read(ids: Int32Array, from: number, second: number, to: number): void {
    const most = 2 * (to - from);
    const grams = this.#grams;
    if (grams.clear(most)) {
      this.#within = new Uint8Array(grams.keys.length);
      this.#piece = new Int32Array(grams.keys.length);
    }
    if (this.#buckets.clear(most)) this.counts = new Int32Array(this.#buckets.keys.length);
    this.#collect(ids, from, second, IN_FIRST);
    this.#collect(ids, second, to, IN_SECOND);
    this.#figures();
    for (let i = 0; i < grams.size; i++) {
      if (this.#piece[i] < 0 && !this.#bigrams) continue;
      const place = this.#buckets.place(this.#bucketOf(i));
      this.counts[place] = 1;
    }
    this.#last = { ids, from, second, to };
  }

  #bucketOf(gram: number): number {
    const space = this.#within[gram] === IN_BOTH ? SPACES.both : SPACES.apart;
    return inSpace(this.#grams.keys[gram], space) & this.#mask;
  }

  #collect(ids: Int32Array, from: number, to: number, text: number): void {
    const kinds = this.#kinds;
    let left = this.#most;
    let length = 0;
    let before = -1;
    let firstPiece = -1;
    for (let i = from; i < to; i++) {
      const id = ids[i];
      if (kinds[id] === SKIPPED) {
        before = -1;
        continue;
      }
      if (left-- <= 0) break;
      if (length++ === 0) firstPiece = id;
      const first = FIRST * (id + 1);
      this.#add(modulo(first), id, text);
      // Jaccard of bigrams is a figure even where bigrams are no features
      if (before >= 0) this.#add(modulo(before + SECOND * (id + 1)), -1, text);
      before = first;
    }
    this.#length[text - 1] = length;
    this.#firstPiece[text - 1] = firstPiece;
  }

  #add(hash: number, piece: number, text: number): void {
    const known = this.#grams.size;
    const place = this.#grams.place(hash);
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
    for (let i = 0; i < this.#grams.size; i++) {
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
    const found: Occurrence[] = [];
    if (!this.#last) return found;
    const { ids, from, second, to } = this.#last;
    const add = (hash: number, token: number, tokens: 1 | 2) =>
      found.push({ at: this.#buckets.place(this.#bucketOf(this.#grams.place(hash))), token, tokens });
    for (const [start, end] of [
      [from, second],
      [second, to],
    ]) {
      let left = this.#most;
      let before = -1;
      for (let i = start; i < end; i++) {
        const id = ids[i];
        if (this.#kinds[id] === SKIPPED) {
          before = -1;
          continue;
        }
        if (left-- <= 0) break;
        const first = FIRST * (id + 1);
        add(modulo(first), i, 1);
        if (this.#bigrams && before >= 0) add(modulo(before + SECOND * (id + 1)), i - 1, 2);
        before = first;
      }
    }
    return found;
  }
}
