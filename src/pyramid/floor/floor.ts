/**
 * Floor 0: an exit before the network, logistic regression over hashed n-grams of the token ids.
 *   z_0 = W x + b, x_j = (1 + ln tf_j) idf_j / ‖·‖; with two labels one vector w, s = w · x + b, z_0 = (−s/2, s/2).
 * Immutable; what is written while it reads is scratch of its own. Knows no sessions and no training.
 */
import { type Contribution, contributionsOf } from './contributions.ts';
import { type FeatureReader, featureReader } from './feature-reader.ts';
import { type FloorInfo, type FloorParts, outputsFor, sharesVector } from './floor-info.ts';
import { FIGURES } from './overlap.ts';
import { RowSums } from './row-sums.ts';
import { SeenBuckets } from './seen-buckets.ts';
import { tfWeights } from './tf-weights.ts';

export class Floor {
  readonly info: FloorInfo;
  readonly parts: FloorParts;
  readonly #reader: FeatureReader;
  readonly #seen: SeenBuckets;
  readonly #rows: RowSums;
  readonly #outputs: number;

  /** Sizes must fit, as stored-floor.ts holds them to. */
  constructor(parts: FloorParts) {
    const { info, kinds, bits, idf, weights } = parts;
    const binary = info.weighting === 'binary';
    const outputs = outputsFor(info.labels, info.several);
    this.info = info;
    this.parts = parts;
    this.#reader = featureReader(info, kinds, parts.overlap?.pieceIdf ?? null);
    this.#seen = new SeenBuckets(bits);
    this.#outputs = outputs;
    const table = new Float32Array(info.seen * (1 + outputs));
    for (let row = 0; row < info.seen; row++) {
      const scale = binary ? 1 : idf[row];
      table[row * (1 + outputs)] = binary ? 0 : scale * scale;
      for (let k = 0; k < outputs; k++) table[row * (1 + outputs) + 1 + k] = weights[row * outputs + k] * scale;
    }
    const unseen = binary ? 0 : info.unseenIdf ** 2;
    this.#rows = new RowSums(this.#seen, table, outputs, tfWeights(info.weighting), unseen);
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
    const { sums } = this.#rows;
    const outputs = this.#outputs;
    const { bias, overlap } = this.parts;
    for (let k = 0; k < outputs; k++) sums[k] = sums[k] * norm + bias[k];
    if (overlap) this.#addFigures(overlap);
    const z = into ?? new Float64Array(this.info.labels);
    if (sharesVector(this.info)) {
      z[0] = -sums[0] / 2;
      z[1] = sums[0] / 2;
    } else for (let k = 0; k < outputs; k++) z[k] = sums[k];
    return z;
  }

  /** b [C], what floor 0 answers where a text has no feature and something has to answer. */
  get bias(): Float64Array {
    const { bias } = this.parts;
    return sharesVector(this.info) ? Float64Array.of(-bias[0] / 2, bias[0] / 2) : Float64Array.from(bias);
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

  /** Sums the rows of what was read; gives 1 / ‖x‖, 0 if nothing of it was seen in training. */
  #sum(): number {
    const { size, buckets, counts } = this.#reader;
    const rows = this.#rows;
    rows.add(buckets, counts, size);
    // a pair of rare words still has its overlap figures
    if (size === 0 || (rows.known === 0 && !this.parts.overlap)) return 0;
    return rows.squares === 0 ? 1 : 1 / Math.sqrt(rows.squares);
  }

  #addFigures({ mean, spread, weights }: NonNullable<FloorParts['overlap']>): void {
    const { figures } = this.#reader;
    const { sums } = this.#rows;
    const outputs = this.#outputs;
    for (let f = 0; f < FIGURES; f++) {
      const value = (figures[f] - mean[f]) / spread[f];
      for (let k = 0; k < outputs; k++)
        sums[k] += value * weights[f * outputs + k] + value * value * weights[(FIGURES + f) * outputs + k];
    }
  }
}
