/**
 * Which buckets were seen in training, and the row of each in tables that hold those alone: a bit a bucket, and beside
 * each word of 32 bits how many stand before it. 64 kB for 2^18 buckets, so that a look stays in the cache.
 */
export class SeenBuckets {
  readonly buckets: number;
  /** How many were seen. */
  readonly count: number;
  /** [buckets / 16]: a word of bits, the number of bits before it, and so on. For row-sums.ts, which asks for many at once. */
  readonly words: Int32Array;

  /** @param bits [buckets / 8], bucket b is bit b mod 8 of byte b / 8; the number of buckets is a multiple of 32 */
  constructor(bits: Uint8Array) {
    this.buckets = bits.length * 8;
    this.words = new Int32Array(bits.length / 2);
    let before = 0;
    for (let i = 0; i < bits.length; i += 4) {
      const word = bits[i] | (bits[i + 1] << 8) | (bits[i + 2] << 16) | (bits[i + 3] << 24);
      this.words[i / 2] = word;
      this.words[i / 2 + 1] = before;
      before += ones(word);
    }
    this.count = before;
  }

  /** Of those for which `isSeen` is not 0. */
  static of(isSeen: ArrayLike<number>): SeenBuckets {
    const bits = new Uint8Array(isSeen.length / 8);
    for (let b = 0; b < isSeen.length; b++) if (isSeen[b] !== 0) bits[b >> 3] |= 1 << (b & 7);
    return new SeenBuckets(bits);
  }

  /** The row of a bucket; −1 if it was not seen. */
  rowOf(bucket: number): number {
    const at = (bucket >> 5) << 1;
    const word = this.words[at];
    const bit = 1 << (bucket & 31);
    return (word & bit) === 0 ? -1 : this.words[at + 1] + ones(word & (bit - 1));
  }

  /** As the constructor takes them. */
  get bits(): Uint8Array {
    return Uint8Array.from({ length: this.buckets / 8 }, (_, i) => this.words[(i >> 2) << 1] >>> (8 * (i & 3)));
  }
}

/** How many bits of a word are 1. */
export function ones(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
