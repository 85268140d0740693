/**
 * The distinct keys of a text, each with its place in a list, by open addressing. Cleared by a generation: what an
 * earlier text left counts as empty. Allocates only where a text is longer than all before it.
 */
export class HashTable {
  /** How many distinct keys there are; they stand in `keys`, in order of first occurrence. */
  size = 0;
  keys = new Int32Array(0);
  /** A slot holds `base` + place in the list; less than `base` is of an earlier text. */
  #slots = new Int32Array(0);
  #mask = 0;
  #base = 1;

  /** Empties it, with room for `most` keys. Whether `keys` is another array than before. */
  clear(most: number): boolean {
    this.#base += this.size;
    this.size = 0;
    const grows = most > this.keys.length;
    if (grows) {
      const capacity = 2 ** Math.ceil(Math.log2(Math.max(most, 128)));
      this.keys = new Int32Array(capacity);
      this.#slots = new Int32Array(capacity * 2);
      this.#mask = capacity * 2 - 1;
    }
    if (grows || this.#base > 2 ** 30) {
      this.#slots.fill(0);
      this.#base = 1;
    }
    return grows;
  }

  /** The place of a key from 0 to 2^31 − 1 in the list; it is new if that is the size that was before. */
  place(key: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    const base = this.#base;
    let slot = (key ^ (key >>> 15)) & mask;
    for (;;) {
      const place = slots[slot] - base;
      if (place < 0) break;
      if (this.keys[place] === key) return place;
      slot = (slot + 1) & mask;
    }
    const place = this.size++;
    slots[slot] = base + place;
    this.keys[place] = key;
    return place;
  }

  /** As `place` of the first `size` keys, each & `bits`; counts in `counts` how often one has come. */
  countAll(keys: Int32Array, size: number, bits: number, counts: Int32Array): void {
    const slots = this.#slots;
    const mask = this.#mask;
    const base = this.#base;
    const known = this.keys;
    let next = this.size;
    for (let i = 0; i < size; i++) {
      const key = keys[i] & bits;
      let slot = (key ^ (key >>> 15)) & mask;
      let place = slots[slot] - base;
      while (place >= 0 && known[place] !== key) {
        slot = (slot + 1) & mask;
        place = slots[slot] - base;
      }
      if (place >= 0) counts[place]++;
      else {
        slots[slot] = base + next;
        counts[next] = 1;
        known[next++] = key;
      }
    }
    this.size = next;
  }
}
