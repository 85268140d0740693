/**
 * Σ tf' idf w and Σ (tf' idf)² over a text's n-grams, by the rows of those that training saw. Places first, then sums, so
 * that one look in memory does not wait for another; the loops are functions of their own, since within a method they are
 * compiled to slower code. Knows nothing of how n-grams are read.
 */
import { ones, type SeenBuckets } from './seen-buckets.ts';

export class RowSums {
  /** [K], of what was added last. */
  readonly sums: Float64Array;
  /** N-grams that training saw. */
  known = 0;
  /** Σ (tf' idf)², of those that it never saw too. */
  squares = 0;
  readonly #seen: SeenBuckets;
  /** [seen, 1 + K]: idf², then weights times idf: one place in memory for each n-gram of a text. */
  readonly #table: Float32Array;
  readonly #tf: Float64Array;
  readonly #unseen: number;
  /** Of the n-grams that were seen: where their row begins, and what it is multiplied by. */
  #places = new Int32Array(0);
  #values = new Float64Array(0);
  readonly #unseenSquares = new Float64Array(1);

  /**
   * @param tf by count, see tf-weights.ts
   * @param unseen idf² of an n-gram that was never seen
   */
  constructor(seen: SeenBuckets, table: Float32Array, outputs: number, tf: Float64Array, unseen: number) {
    this.#seen = seen;
    this.#table = table;
    this.sums = new Float64Array(outputs);
    this.#tf = tf;
    this.#unseen = unseen;
  }

  /** The first `size` buckets of a text, each once, and how often it has them. */
  add(buckets: Int32Array, counts: Int32Array, size: number): void {
    if (this.#places.length < size) {
      this.#places = new Int32Array(buckets.length);
      this.#values = new Float64Array(buckets.length);
    }
    const width = this.sums.length + 1;
    const [places, values, unseen] = [this.#places, this.#values, this.#unseenSquares];
    this.known = gather(this.#seen.words, buckets, counts, size, this.#tf, this.#unseen, width, places, values, unseen);
    this.squares = addRows(this.#table, width, places, values, this.known, this.sums, unseen[0]);
  }
}

/**
 * Of the buckets that were seen: where their rows begin and their values, closed up; gives how many. The others' Σ value²
 * idf² goes into `unseenSquares`. Without a branch, which would be guessed wrong for every fifth n-gram: what is not seen
 * is written over by the next, and what is seen adds 0 to the squares.
 */
function gather(
  words: Int32Array,
  buckets: Int32Array,
  counts: Int32Array,
  size: number,
  tf: Float64Array,
  unseen: number,
  width: number,
  places: Int32Array,
  values: Float64Array,
  unseenSquares: Float64Array,
): number {
  const most = tf.length - 1;
  let known = 0;
  let squares = 0;
  for (let i = 0; i < size; i++) {
    const bucket = buckets[i];
    const at = (bucket >> 5) << 1;
    const word = words[at];
    const isSeen = (word >>> (bucket & 31)) & 1;
    const count = counts[i];
    const value = tf[Math.min(count, most)];
    places[known] = (words[at + 1] + ones(word & ((1 << (bucket & 31)) - 1))) * width;
    values[known] = value;
    known += isSeen;
    squares += (1 - isSeen) * (value * value * unseen);
  }
  unseenSquares[0] = squares;
  return known;
}

/** Σ value · weights of the table's rows at `places`, into `sums`, four outputs at a time; gives `before` + Σ value² idf². */
function addRows(
  table: Float32Array,
  width: number,
  places: Int32Array,
  values: Float64Array,
  known: number,
  sums: Float64Array,
  before: number,
): number {
  let squares = before;
  for (let i = 0; i < known; i++) {
    const value = values[i];
    squares += value * value * table[places[i]];
  }
  let k = 1;
  for (; k + 3 < width; k += 4) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let i = 0; i < known; i++) {
      const at = places[i] + k;
      const value = values[i];
      a += value * table[at];
      b += value * table[at + 1];
      c += value * table[at + 2];
      d += value * table[at + 3];
    }
    sums[k - 1] = a;
    sums[k] = b;
    sums[k + 1] = c;
    sums[k + 2] = d;
  }
  for (; k < width; k++) {
    let sum = 0;
    for (let i = 0; i < known; i++) sum += values[i] * table[places[i] + k];
    sums[k - 1] = sum;
  }
  return squares;
}
