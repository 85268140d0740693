/**
 * The attention bias by the distance of two tokens (Raffel et al. 2020, section 2.1, as MPNet has it): distances fall into
 * 32 buckets, each with a number for each attention head, in one table that all layers share. Distances are those of the
 * text as it was given: a token that is removed leaves its gap. Knows nothing of which families have it.
 */
import type { Graph, Value } from '../graph/index.ts';
import type { EncoderConfig } from './config.ts';
import type { Weights } from './dense.ts';
import { RELATIVE_BUCKETS, RELATIVE_POSITIONS } from './parameters.ts';
import { type Arrangement, type Padded, placesOf } from './places.ts';

/** Half of them are for keys before the query, half for those after it. */
const HALF = RELATIVE_BUCKETS / 2;
/** Up to here each distance has its own bucket; from here on two buckets a doubling, the last from 128 on. */
const EXACT = HALF / 2;

/** The bucket of a key that stands `distance` tokens after the query (before it: negative). */
export function bucketOf(distance: number): number {
  const size = Math.abs(distance);
  let bucket = size;
  if (size >= EXACT) {
    // 8 + ⌊2 log₂(size / 8)⌋, in whole numbers: size² ≥ 8² · 2^k
    bucket = EXACT;
    while (bucket < HALF - 1 && size * size >= EXACT * EXACT * 2 ** (bucket - EXACT + 1)) bucket++;
  }
  return distance > 0 ? HALF + bucket : bucket;
}

/** What layers with one layout share. */
const made = new WeakMap<object, Value>();

/** Of each query for each key: [1, h, S, S] where no token was removed, else [B, h, S, S]; null: the family has none. */
export function relativeBias(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  layout: Arrangement | Padded,
): Value | null {
  if (!config.relativePositions) return null;
  let bias = made.get(layout);
  if (!bias) {
    bias = g.scope('bert.encoder.relative_attention_bias', () => {
      const places = placesOf(g, layout); // [B or 1, S]
      const distances = g.sub(g.unsqueeze(places, 1), g.unsqueeze(places, 2)); // [B or 1, S, S]
      return g.transpose(byDistance(g, weights, config, distances), [0, 3, 1, 2]); // [B or 1, h, S, S]
    });
    made.set(layout, bias);
  }
  return bias;
}

/** The same of each text's first token alone, which nothing ever removes: [1, h, S] or [B, h, S]. */
export function firstRelativeBias(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  layout: Arrangement,
): Value | null {
  if (!config.relativePositions) return null;
  return g.transpose(byDistance(g, weights, config, placesOf(g, layout)), [0, 2, 1]); // its own place is 0
}

/** [.., h] from int64 distances of any shape. */
function byDistance(g: Graph, weights: Weights, { maxPositions }: EncoderConfig, distances: Value): Value {
  const most = maxPositions - 1;
  const table = BigInt64Array.from({ length: 2 * most + 1 }, (_, i) => BigInt(bucketOf(i - most)));
  const buckets = g.gather(g.constant('buckets', table, [table.length]), g.add(distances, most));
  return g.gather(weights(RELATIVE_POSITIONS), buckets);
}
