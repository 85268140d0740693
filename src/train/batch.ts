/** Encoded texts, and a batch of them as packed rows. */
import { integers, type Tensor } from '../runtime/runtime.ts';
import { type Encoding, segmentsOf } from '../text/tokenizer/tokenizer.ts';

/** A data set ready for the network. */
export interface EncodedSet {
  /** None where no network reads them. */
  readonly encodings: readonly Encoding[];
  /** Label index of each text. */
  readonly labels: readonly number[];
  /** What each text has instead, where texts have no one label: see `Example`. */
  readonly targets?: readonly (readonly number[])[];
  readonly lengths: Int32Array;
  /** Unknown pieces of each text; left out where nobody asks. */
  readonly unknown?: readonly number[];
  /** Texts that were cut at the maximum length. */
  readonly truncated: number;
}

export interface Packed {
  readonly texts: number;
  readonly rows: number;
  readonly longest: number;
  /** Word, place within its text, and token type of each row. */
  readonly ids: Int32Array;
  readonly positions: Int32Array;
  readonly kinds: Uint8Array;
  /** int64 [rows]. */
  readonly types: Tensor;
  /** int64 [rows]: which text of a pair each row is of; `types` where they tell. */
  readonly segments: Tensor;
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
  const positions = new Int32Array(rows);
  const kinds = new Uint8Array(rows);
  const sequence = new Int32Array(rows);
  const typesTell = indices.every((index) => !encodings[index].segments);
  const segments = typesTell ? kinds : new Uint8Array(rows);
  let at = 0;
  indices.forEach((index, text) => {
    const encoding = encodings[index];
    ids.set(encoding.ids, at);
    kinds.set(encoding.types, at);
    if (!typesTell) segments.set(segmentsOf(encoding), at);
    for (let i = 0; i < encoding.ids.length; i++) positions[at + i] = i;
    sequence.fill(text, at, at + encoding.ids.length);
    at += encoding.ids.length;
  });
  const types = integers(kinds);
  return {
    texts: indices.length,
    rows,
    longest,
    ids,
    positions,
    kinds,
    types,
    segments: typesTell ? types : integers(segments),
    sequence: integers(sequence),
  };
}
