/**
 * Floor 0: an exit before the network, logistic regression over hashed n-grams of the token ids.
 *   z_0 = W x + b, x_j = (1 + ln tf_j) idf_j / ‖·‖; with two labels one vector w, s = w · x + b, z_0 = (−s/2, s/2).
 * Immutable; what is written while it reads is scratch of its own. Knows no sessions and no training.
 */
import { type Contribution, contributionsOf } from './contributions.ts';
import { type FeatureReader, featureReader } from './feature-reader.ts';
import { type FloorInfo, type FloorParts, outputsFor } from './floor-info.ts';
import { FIGURES } from './overlap.ts';
import { SeenBuckets } from './seen-buckets.ts';
import { tfWeights } from './tf-weights.ts';

export class Floor {
  readonly info: FloorInfo;
  readonly parts: FloorParts;
  readonly #reader: FeatureReader;
  readonly #seen: SeenBuckets;
  /** [seen, 1 + K]: idf², then weights times idf: one place in memory for each n-gram of a text. */
  readonly #table: Float32Array;
  readonly #outputs: number;
  readonly #tf: Float64Array;
  readonly #unseen: number;
  readonly #sums: Float64Array;
  /** Of the n-grams that were seen: where their row begins, and what it is multiplied by. */
  #places = new Int32Array(0);
  #values = new Float64Array(0);

  /** Sizes must fit, as stored-floor.ts holds them to. */
  constructor(parts: FloorParts) {
    const { info, kinds, bits, idf, weights } = parts;
    const binary = info.weighting === 'binary';
    const outputs = outputsFor(info.labels);
    this.info = info;
    this.parts = parts;
    this.#reader = featureReader(info, kinds, parts.overlap?.pieceIdf ?? null);
    this.#seen = new SeenBuckets(bits);
    this.#outputs = outputs;
    this.#tf = tfWeights(info.weighting);
    this.#unseen = binary ? 0 : info.unseenIdf ** 2;
    this.#sums = new Float64Array(outputs);
    this.#table = new Float32Array(info.seen * (1 + outputs));
    for (let row = 0; row < info.seen; row++) {
      const scale = binary ? 1 : idf[row];
      this.#table[row * (1 + outputs)] = binary ? 0 : scale * scale;
      for (let k = 0; k < outputs; k++) this.#table[row * (1 + outputs) + 1 + k] = weights[row * outputs + k] * scale;
    }
  }

  /**
   * z_0 [C] of the tokens `ids`, special ones included or not; undefined if floor 0 knows nothing of them: an empty text,
   * one of unknown pieces only, or of n-grams that training never saw.
   * @param second where the second text of a pair begins; left out, there is none
   * @param into where z_0 is written and which is returned; a new array if left out
   */
  logits(ids: Int32Array, second = ids.length, into?: Float64Array): Float64Array | undefined {
    this.#reader.read(ids, 0, second, ids.length);
    const norm = this.#sum();
    if (norm === 0) return undefined;
    const sums = this.#sums;
    const outputs = this.#outputs;
    const { bias, overlap } = this.parts;
    for (let k = 0; k < outputs; k++) sums[k] = sums[k] * norm + bias[k];
    if (overlap) this.#addFigures(overlap);
    const z = into ?? new Float64Array(this.info.labels);
    if (outputs === 1) {
      z[0] = -sums[0] / 2;
      z[1] = sums[0] / 2;
    } else for (let k = 0; k < outputs; k++) z[k] = sums[k];
    return z;
  }

  /** b [C], what floor 0 answers where a text has no feature and something has to answer. */
  get bias(): Float64Array {
    const { bias } = this.parts;
    return this.#outputs === 1 ? Float64Array.of(-bias[0] / 2, bias[0] / 2) : Float64Array.from(bias);
  }

  /**
   * What z_0 is made of: each n-gram's part and each overlap figure's; with the bias they sum to `logits`. undefined where
   * `logits` is.
   */
  contributions(ids: Int32Array, second = ids.length): readonly Contribution[] | undefined {
    this.#reader.read(ids, 0, second, ids.length);
    const norm = this.#sum();
    return norm === 0 ? undefined : contributionsOf(this.parts, this.#reader, this.#seen, norm);
  }

  /** 2 · features · C of the text that was last read: multiplications and additions. */
  get lastFlops(): number {
    const figures = this.parts.overlap ? 2 * FIGURES : 0;
    return 2 * (this.#reader.size + figures) * this.info.labels;
  }

  /**
   * Σ tf' idf w of what was read, before the norm; gives 1 / ‖x‖, 0 if nothing of it was seen in training. Places first,
   * then sums: so one look in memory does not wait for another.
   */
  #sum(): number {
    const { size, buckets, counts } = this.#reader;
    if (this.#places.length < size) {
      this.#places = new Int32Array(counts.length);
      this.#values = new Float64Array(counts.length);
    }
    const places = this.#places;
    const values = this.#values;
    const tf = this.#tf;
    const unseen = this.#unseen;
    const outputs = this.#outputs;
    const width = outputs + 1;
    let squares = 0;
    let known = 0;
    this.#seen.rowsOf(buckets, size, places);
    for (let i = 0; i < size; i++) {
      const count = counts[i];
      const value = count < tf.length ? tf[count] : tf[tf.length - 1];
      const row = places[i];
      if (row < 0) squares += value * value * unseen;
      else {
        places[known] = row * width;
        values[known++] = value;
      }
    }
    // a pair of rare words still has its overlap figures
    if (size === 0 || (known === 0 && !this.parts.overlap)) return 0;
    squares = addRows(this.#table, width, places, values, known, this.#sums, squares);
    return squares === 0 ? 1 : 1 / Math.sqrt(squares);
  }

  #addFigures({ mean, spread, weights }: NonNullable<FloorParts['overlap']>): void {
    const { figures } = this.#reader;
    const outputs = this.#outputs;
    for (let f = 0; f < FIGURES; f++) {
      const value = (figures[f] - mean[f]) / spread[f];
      for (let k = 0; k < outputs; k++)
        this.#sums[k] += value * weights[f * outputs + k] + value * value * weights[(FIGURES + f) * outputs + k];
    }
  }
}

/**
 * Σ value · weights of the table's rows at `places`, into `sums`, four outputs at a time; gives `before` + Σ value² idf². A function of
 * its own: within the method that calls it it is compiled to slower code.
 */
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
