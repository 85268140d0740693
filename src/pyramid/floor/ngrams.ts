/**
 * The n-grams of a run of tokens, in order: the hash of each in name space 0. What both readers share. A token that makes no
 * n-gram ends a bigram too. No objects a token, no allocation but for a text longer than all before it: this runs for each
 * text that arrives.
 */
import { FIRST, modulo, SECOND } from './hashing.ts';
import { SKIPPED } from './piece-kinds.ts';

/** Where an n-gram stands: 1 or 2 tokens from `token` on. */
export interface Place {
  readonly token: number;
  readonly tokens: 1 | 2;
}

export class Ngrams {
  size = 0;
  /** The first `size` entries: each token's unigram, then the bigram that it ends. */
  hashes = new Int32Array(0);
  /** Of each: its token id, −1 for a bigram. Empty unless asked for. */
  pieces = new Int32Array(0);
  readonly #withPieces: boolean;
  readonly #kinds: Uint8Array;
  readonly #most: number;

  /** @param maxTokens see FloorReading, of each text */
  constructor(kinds: Uint8Array, maxTokens: number | null, { withPieces = false } = {}) {
    this.#withPieces = withPieces;
    this.#kinds = kinds;
    this.#most = maxTokens ?? Number.POSITIVE_INFINITY;
  }

  /** Those of the tokens `from` up to and without `to`; without `bigrams` unigrams alone. Gives how many tokens made some. */
  read(ids: Int32Array, from: number, to: number, bigrams: boolean): number {
    if (2 * (to - from) > this.hashes.length) {
      this.hashes = new Int32Array(2 ** Math.ceil(Math.log2(2 * Math.max(to - from, 64))));
      if (this.#withPieces) this.pieces = new Int32Array(this.hashes.length);
    }
    const { hashes, pieces } = this;
    const withPieces = this.#withPieces;
    const kinds = this.#kinds;
    const most = this.#most;
    let size = 0;
    let tokens = 0;
    let before = -1; // FIRST · (id + 1) of the token before, −1 if there is none
    for (let i = from; i < to; i++) {
      const id = ids[i];
      if (kinds[id] === SKIPPED) {
        before = -1;
        continue;
      }
      if (tokens >= most) break;
      tokens++;
      const first = FIRST * (id + 1);
      if (withPieces) pieces[size] = id;
      hashes[size++] = modulo(first);
      if (bigrams && before >= 0) {
        if (withPieces) pieces[size] = -1;
        hashes[size++] = modulo(before + SECOND * (id + 1));
      }
      before = first;
    }
    this.size = size;
    return tokens;
  }

  /** Where the n-grams stand that `read` gave with the same arguments. For explaining. */
  *places(ids: Int32Array, from: number, bigrams: boolean): Generator<Place> {
    let left = this.size;
    let isAfterToken = false;
    for (let i = from; left > 0; i++) {
      const isToken = this.#kinds[ids[i]] !== SKIPPED;
      if (isToken) {
        yield { token: i, tokens: 1 };
        left--;
      }
      if (isToken && isAfterToken && bigrams) {
        yield { token: i - 1, tokens: 2 };
        left--;
      }
      isAfterToken = isToken;
    }
  }
}
