/**
 * The word embedding in training. A step reads and changes only the rows of its own words, so the graph takes only those
 * rows and gives back their gradients. The gradients of a word that occurs twice are added here, because onnxruntime's
 * ScatterND loses additions when it runs on several threads. The result is still PyTorch's AdamW over the whole table: an
 * untouched row has zero moments, so only weight decay changes it, and that is applied later in one go.
 */
import { AdamW, type AdamWOptions, type Moments, padded, stepFactors } from './adamw.ts';

export class WordRows {
  readonly #table: Float32Array;
  readonly #width: number;
  readonly #rows: number;
  readonly #kernel: AdamW;
  readonly moments: Moments;
  /** 1: the row has had a gradient. */
  readonly touched: Uint8Array;
  /** Product of all decays so far, and what it was when an untouched row was last brought up to date. */
  #decay = 1;
  readonly #applied: Float64Array;
  /** For each row, its place among the rows of the batch; −1 outside. */
  readonly #place: Int32Array;
  #unique: Int32Array = new Int32Array(0);
  #count = 0;
  #buffer = new Float32Array(0);
  #sums = new Float32Array(0);

  /** `learns`: whether the table is going to be updated. */
  constructor(table: Float32Array, width: number, learns: boolean) {
    this.#table = table;
    this.#width = width;
    this.#rows = table.length / width;
    const length = learns ? table.length : 0;
    this.#kernel = new AdamW(2 * padded(length));
    this.moments = this.#kernel.moments(length);
    this.touched = new Uint8Array(this.#rows);
    this.#applied = new Float64Array(this.#rows).fill(1);
    this.#place = new Int32Array(this.#rows).fill(-1);
  }

  /** The embedding of each id, [ids, width]; valid until the next call. */
  take(ids: Int32Array): Float32Array {
    for (let i = 0; i < this.#count; i++) this.#place[this.#unique[i]] = -1;
    const width = this.#width;
    if (this.#unique.length < ids.length) {
      this.#unique = new Int32Array(Math.ceil(ids.length * 1.25));
      this.#buffer = new Float32Array(this.#unique.length * width);
      this.#sums = new Float32Array(this.#unique.length * width);
    }
    this.#count = 0;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      if (this.#place[id] < 0) {
        this.#place[id] = this.#count;
        this.#unique[this.#count++] = id;
        this.#bringUpToDate(id);
      }
      this.#buffer.set(this.#table.subarray(id * width, (id + 1) * width), i * width);
    }
    return this.#buffer.subarray(0, ids.length * width);
  }

  /** Adds up the gradients of rows with one id; returns their sum of squares. `ids` and `gradient` are of the last `take`. */
  gather(ids: Int32Array, gradient: Float32Array): number {
    const sums = this.#sums.subarray(0, this.#count * this.#width);
    sums.fill(0);
    addRows(sums, gradient, this.#width, (row) => this.#place[ids[row]]);
    return this.#kernel.sumOfSquares(sums);
  }

  /** One AdamW step of the whole table with the gradients of the last `gather`. */
  update(clip: number, learningRate: number, step: number, options: AdamWOptions): void {
    const width = this.#width;
    const factors = stepFactors(options, learningRate, step, true, clip);
    for (let place = 0; place < this.#count; place++) this.touched[this.#unique[place]] = 1;
    for (let row = 0; row < this.#rows; row++) {
      if (!this.touched[row]) continue;
      const place = this.#place[row];
      const own = place < 0 ? null : this.#sums.subarray(place * width, (place + 1) * width);
      this.#kernel.update(this.#table, this.moments, row * width, (row + 1) * width, own, factors);
    }
    this.#decay *= 1 - factors.decay;
  }

  /** The decay that rows without a gradient are still to have: with it, a run goes on as if nothing had been read. */
  get decay(): number {
    return this.#decay;
  }

  /** Right after the table and `touched` were. */
  restoreDecay(decay: number): void {
    this.#decay = decay;
  }

  /** Applies all saved-up decay: before the table is written or read as a whole. */
  settle(): void {
    for (let row = 0; row < this.#rows; row++) this.#bringUpToDate(row);
    this.#applied.fill(1);
    this.#decay = 1;
  }

  #bringUpToDate(row: number): void {
    if (!this.touched[row] && this.#applied[row] !== this.#decay) {
      const factor = this.#decay / this.#applied[row];
      const end = (row + 1) * this.#width;
      for (let i = row * this.#width; i < end; i++) this.#table[i] *= factor;
    }
    this.#applied[row] = this.#decay;
  }
}

/** into[at(row)] += rows[row], for each row of `width` values. */
export function addRows(into: Float32Array, rows: Float32Array, width: number, at: (row: number) => number): void {
  const count = rows.length / width;
  for (let row = 0; row < count; row++) {
    const from = row * width;
    const to = at(row) * width;
    for (let i = 0; i < width; i++) into[to + i] += rows[from + i];
  }
}
