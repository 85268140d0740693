/**
 * The n-grams that floor 0 reads, as part of a graph: what src/pyramid/floor/ngrams.ts does for one text, for all texts of a
 * batch. Hashes are whole numbers below 2^31 from products below 2^50, so that int64 gives the same.
 */
import type { Graph, Value } from '../graph/index.ts';
import { FIRST, MODULUS, SECOND } from '../pyramid/floor/hashing.ts';
import { type FloorInfo, floorLength, SKIPPED } from '../pyramid/floor/index.ts';
import { cutTokens, type Frame, type GivenTokens } from './given-tokens.ts';

/** Of each n-gram, int64 [G]: unigrams first, then bigrams. */
export interface NgramsInGraph {
  /** The text that it is of. */
  readonly text: Value;
  /** In the name space 0. */
  readonly hash: Value;
  /** Its token id; −1 for a bigram. */
  readonly piece: Value;
  /** Of a pair: 0 or 1; null for single texts. */
  readonly segment: Value | null;
  /** The tokens alone, [M]. */
  readonly tokens: {
    readonly text: Value;
    readonly id: Value;
    readonly segment: Value | null;
    /** Which of its text's (or segment's) tokens it is, from 0; those that make no n-gram do not count. */
    readonly rank: Value;
  };
}

/** int64, `value` for each entry of the vector `like`. */
export const filled = (g: Graph, like: Value, value: number): Value =>
  g.op('ConstantOfShape', [g.op('Shape', [like], {})], { shape: like.shape, value, dtype: 'int64' });

/** `bigrams`: beside unigrams. */
export function ngramsInGraph(
  g: Graph,
  info: FloorInfo,
  kinds: Uint8Array,
  { tokens: given, frame }: { readonly tokens: GivenTokens; readonly frame: Frame },
  bigrams: boolean,
): NgramsInGraph {
  const { ids, segments } = given;
  // floor 0 is given a text that is cut to its own length, further than the network's
  const live = info.maxTokens === null ? given.live : cutTokens(g, given, frame, floorLength(info)); // [B, S]
  const flat = (value: Value) => g.reshape(value, ['B*S']);
  const skipped = g.gather(
    g.constant(
      'kinds.skipped',
      kinds.map((kind) => Number(kind === SKIPPED)),
      [kinds.length],
    ),
    ids,
  );
  let reads = g.op('And', [live, g.op('Not', [g.cast(skipped, 'bool')], {})], {}); // [B, S]
  const counted = g.cast(reads, 'int64');
  const before = g.op('CumSum', [counted], { axis: 1, exclusive: true }); // [B, S]
  const inFirst = segments && g.sum(g.mul(counted, g.sub(g.scalar(1, 'int64'), segments)), [1], true); // [B, 1]
  const rank = segments && inFirst ? g.sub(before, g.mul(segments, inFirst)) : before; // [B, S]
  if (info.maxTokens !== null) {
    reads = g.op('And', [reads, g.op('Less', [rank, g.scalar(info.maxTokens, 'int64')], {})], {});
  }
  const flags = flat(reads); // [B·S]
  const at = g.reshape(g.op('NonZero', [flags], { dim: 'M' }), ['M']); // [M]
  g.bindDimTo('M', at, 0);
  const textOf = (places: Value) => g.div(places, g.extent('S'));
  const of = (value: Value, places: Value) => g.takeRows(flat(value), places);
  const oneMore = (value: Value) => g.add(value, 1);
  const id = of(ids, at); // [M]
  const tokens = { text: textOf(at), id, segment: segments && of(segments, at), rank: of(rank, at) };
  const unigrams = {
    text: tokens.text,
    hash: g.mod(g.mul(oneMore(id), FIRST), MODULUS),
    piece: id,
    segment: tokens.segment,
  };
  if (!bigrams) return { ...unigrams, tokens };

  const isFirst = g.op('Equal', [at, g.scalar(0, 'int64')], {});
  const left = g.where(isFirst, 0, g.sub(at, 1)); // [M]: the place before, of this text or another
  const sameText = g.op('Equal', [textOf(left), tokens.text], {});
  const both = g.op('And', [g.op('And', [g.takeRows(flags, left), sameText], {}), g.op('Not', [isFirst], {})], {});
  const joined = segments ? g.op('And', [both, g.op('Equal', [of(segments, left), tokens.segment!], {})], {}) : both;
  const second = g.reshape(g.op('NonZero', [joined], { dim: 'P' }), ['P']); // [P], of M
  const take = (value: Value) => g.takeRows(value, second); // [P]
  const first = g.takeRows(flat(ids), take(left)); // [P]
  const sum = g.add(g.mul(oneMore(first), FIRST), g.mul(oneMore(take(id)), SECOND));
  const put = (a: Value, b: Value) => g.concat([a, b], 0, 'G');
  return {
    text: put(tokens.text, take(tokens.text)),
    hash: put(unigrams.hash, g.mod(sum, MODULUS)),
    piece: put(id, filled(g, first, -1)),
    segment: tokens.segment && put(tokens.segment, take(tokens.segment)),
    tokens,
  };
}
