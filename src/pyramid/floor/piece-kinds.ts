/**
 * What floor 0 must know of each piece of the vocabulary: special tokens and the unknown piece make no n-gram, since they
 * say nothing of a text; pieces with a digit are numbers, which a pair may have the same or not.
 */

export const ORDINARY = 0;
export const SKIPPED = 1;
export const NUMBER = 2;

/** What is asked of a tokenizer. */
export interface Pieces {
  piece(id: number): string;
  readonly vocabularySize: number;
}

/** A byte of a character that the vocabulary lacks. */
const BYTE = /^<0x[0-9A-F]{2}>$/;
const SPECIAL = /^\[(PAD|UNK|CLS|SEP|MASK)\]$|^<(s|\/s|unk|pad|mask)>$/;

/**
 * [vocabularySize] of the kinds above.
 * @param skipped ids that make no n-gram beside those that are called [PAD], [UNK], [CLS], [SEP], [MASK] or RoBERTa's
 *   names for them
 */
export function pieceKinds(tokenizer: Pieces, skipped: Iterable<number> = []): Uint8Array {
  const kinds = Uint8Array.from({ length: tokenizer.vocabularySize }, (_, id) => {
    const piece = tokenizer.piece(id);
    if (piece === '' || SPECIAL.test(piece)) return SKIPPED;
    return /\d/.test(piece) && !BYTE.test(piece) ? NUMBER : ORDINARY;
  });
  for (const id of skipped) kinds[id] = SKIPPED;
  return kinds;
}
