/**
 * Token ids gathered row by row, in blocks of shared memory that are as large as what is in them: while rows come, no more is
 * held than the ids that have come. Knows nothing of texts and targets.
 */
import { type EncodedPair, secondOf } from '../../pyramid/floor/index.ts';
import { type FloorRows, ROWS_A_BLOCK, rowIds } from './floor-rows.ts';

/** Gathers `count` rows in shared memory, which a thread has without a copy. */
export class FloorRowsWriter {
  readonly #blocks: Int32Array[] = [];
  readonly #starts: Int32Array;
  readonly #seconds: Int32Array | null;
  /** Of the block that is being filled; the same memory for each. */
  #ids = new Int32Array(2 ** 16);
  #used = 0;
  #done = 0;

  constructor(count: number, pairs: boolean) {
    this.#starts = sharedInts(count + 1);
    this.#seconds = pairs ? sharedInts(count) : null;
  }

  /** The next row, from a tokenizer's encoding; of a pair, the second text begins where that says. */
  add(encoding: EncodedPair): void {
    if (this.#seconds) this.#seconds[this.#done] = this.#starts[this.#done] + secondOf(encoding);
    this.#append(encoding.ids);
  }

  /** The next row: one of other rows. */
  addFrom(rows: FloorRows, row: number): void {
    const { starts, seconds } = rows;
    if (this.#seconds) this.#seconds[this.#done] = this.#starts[this.#done] + seconds![row] - starts[row];
    this.#append(rowIds(rows, row));
  }

  #append(ids: Int32Array): void {
    const used = this.#used + ids.length;
    if (used > this.#ids.length) {
      const larger = new Int32Array(2 * used);
      larger.set(this.#ids.subarray(0, this.#used));
      this.#ids = larger;
    }
    this.#ids.set(ids, this.#used);
    this.#used = used;
    this.#starts[this.#done + 1] = this.#starts[this.#done] + ids.length;
    if (++this.#done % ROWS_A_BLOCK === 0) this.#endBlock();
  }

  #endBlock(): void {
    const block = sharedInts(this.#used);
    block.set(this.#ids.subarray(0, this.#used));
    this.#blocks.push(block);
    this.#used = 0;
  }

  /** All of them, once `count` were added. */
  rows(): FloorRows {
    const count = this.#starts.length - 1;
    if (this.#done !== count) throw new Error(`internal: ${this.#done} of ${count} rows`);
    if (count % ROWS_A_BLOCK > 0) this.#endBlock();
    return { blocks: this.#blocks, starts: this.#starts, seconds: this.#seconds };
  }
}

const sharedInts = (length: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * length));

/** Rows from a tokenizer's encodings. */
export function floorRows(encodings: readonly EncodedPair[], pairs: boolean): FloorRows {
  const writer = new FloorRowsWriter(encodings.length, pairs);
  for (const encoding of encodings) writer.add(encoding);
  return writer.rows();
}
