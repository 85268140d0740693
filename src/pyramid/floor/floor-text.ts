/**
 * What floor 0 is given of a tokeniser's encoding: how many tokens a text is encoded to for it, and where the second text of
 * a pair begins. Floor 0 reads further than the network does, always from a text's beginning.
 */
import type { FloorReading } from './floor-info.ts';

/** The longest encoding to make for floor 0, special tokens (four at most) included: `maxTokens` of each of two texts. */
export const floorLength = ({ maxTokens }: Pick<FloorReading, 'maxTokens'>): number =>
  maxTokens === null ? Number.MAX_SAFE_INTEGER : 2 * maxTokens + 4;

/** A pair as a tokeniser encodes it: `segments` is 1 at the second text's tokens; where it is left out, `types` is. */
export interface EncodedPair {
  readonly ids: Int32Array;
  readonly types: Uint8Array;
  readonly segments?: Uint8Array;
}

/** Where the second text begins among the tokens of a pair; their number if there is none. */
export function secondOf({ ids, types, segments }: EncodedPair): number {
  const second = (segments ?? types).indexOf(1);
  return second < 0 ? ids.length : second;
}
