/** Encoded texts, and a batch of them as packed rows. */
import { integers, type Tensor } from '../runtime/runtime.ts';
import type { Encoding } from '../text/tokenizer.ts';

/** A data set ready for the network. */
export interface EncodedSet {
  readonly encodings: readonly Encoding[];
  /** Label index of each text. */
  readonly labels: readonly number[];
  readonly lengths: Int32Array;
  /** Texts that were cut at the maximum length. */
  readonly truncated: number;
}

export interface Packed {
  readonly texts: number;
  readonly rows: number;
  readonly longest: number;
  readonly ids: Int32Array;
  readonly types: Tensor;
  readonly sequence: Tensor;
}

/** The texts of `indices` as packed rows, in that order. */
export function packBatch(
  { encodings, lengths }: Pick<EncodedSet, 'encodings' | 'lengths'>,
  indices: readonly number[],
): Packed {
  let rows = 0;
  let longest = 0;
  for (const index of indices) {
    rows += lengths[index];
    longest = Math.max(longest, lengths[index]);
  }
  const ids = new Int32Array(rows);
  const types = new Uint8Array(rows);
  const sequence = new Int32Array(rows);
  let at = 0;
  indices.forEach((index, text) => {
    const encoding = encodings[index];
    ids.set(encoding.ids, at);
    types.set(encoding.types, at);
    sequence.fill(text, at, at + encoding.ids.length);
    at += encoding.ids.length;
  });
  return { texts: indices.length, rows, longest, ids, types: integers(types), sequence: integers(sequence) };
}
