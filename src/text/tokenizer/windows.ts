/**
 * A text that is longer than the model reads, as windows that overlap: what transformers gives for `stride` with
 * `return_overflowing_tokens`. `stride` is how many tokens of a window the next one begins with. Knows nothing of models.
 */
import type { Encoding } from './tokenizer.ts';

/** How many special tokens stand before a single text, and after it. */
export interface Around {
  readonly before: number;
  readonly after: number;
}

/** Tokens of one text that fit into a window of `maxLength`. */
export const roomOf = ({ before, after }: Around, maxLength: number): number => maxLength - before - after;

/**
 * The whole text in windows of at most `maxLength` tokens, special ones around each; the text itself where it fits. The last one may be
 * shorter. `stride` is 0 or more and below the room of a window.
 */
export function windowsOf(whole: Encoding, around: Around, maxLength: number, stride: number): Encoding[] {
  const { ids, types } = whole;
  if (ids.length <= maxLength) return [whole];
  const room = roomOf(around, maxLength);
  const end = ids.length - around.after;
  const windows: Encoding[] = [];
  for (let from = around.before; ; from += room - stride) {
    const to = Math.min(from + room, end);
    windows.push({
      ids: Int32Array.from(inside(ids, around, from, to)),
      types: Uint8Array.from(inside(types, around, from, to)),
      truncated: false,
    });
    if (to === end) return windows;
  }
}

const inside = (values: Int32Array | Uint8Array, { before, after }: Around, from: number, to: number): number[] => [
  ...values.subarray(0, before),
  ...values.subarray(from, to),
  ...values.subarray(values.length - after),
];

/** How many windows a text of so many tokens, special ones left out, has. */
export const windowCount = (tokens: number, room: number, stride: number): number =>
  tokens <= room ? 1 : 1 + Math.ceil((tokens - room) / (room - stride));
