/** Token ids of a text as they are found: an array of whole numbers that grows, used again for the next text. */
export interface IdSink {
  push(id: number): unknown;
}

/** A text that needed more than this leaves its memory. */
const KEPT = 2 ** 16;

export class IdList implements IdSink {
  length = 0;
  #ids = new Int32Array(512);

  push(id: number): void {
    if (this.length === this.#ids.length) {
      const grown = new Int32Array(2 * this.length);
      grown.set(this.#ids);
      this.#ids = grown;
    }
    this.#ids[this.length++] = id;
  }

  /** Ids from `from` up to and without `to`: a view that holds until the next change. */
  part(from: number, to: number): Int32Array {
    return this.#ids.subarray(from, to);
  }

  clear(): void {
    this.length = 0;
    if (this.#ids.length > KEPT) this.#ids = new Int32Array(512);
  }
}
