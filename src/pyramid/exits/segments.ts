/**
 * Means [B, d] of the live rows that enter a layer: of a whole text, or of each text of a pair. A row counts as much as is
 * present of it (encoder/layout.ts).
 */
import { meanRow, rowCount, rowWeights } from '../../encoder/index.ts';
import type { Graph, Value } from '../../graph/index.ts';
import type { EnteringRows } from './exit.ts';

type Rows = Pick<EnteringRows, 'entering' | 'layout'>;

/** Of all live rows. */
export function liveMean(g: Graph, { entering, layout }: Rows): Value {
  const live = rowWeights(g, layout); // [B, S]
  return meanRow(g, entering, live, rowCount(g, layout));
}

/**
 * A and B, the means of the two segments ([CLS] and its [SEP] in the first), and which rows each has, [B, S], their weights
 * at its live rows (1 where nothing fades). `of` int64 [N] tells a row's segment, 0 or 1. An empty segment has mean 0.
 */
export function segmentMeans(
  g: Graph,
  { entering, layout }: Rows,
  of: Value,
): { readonly a: Value; readonly b: Value; readonly segments: readonly [first: Value, second: Value] } {
  const live = rowWeights(g, layout); // [B, S]
  const padded = g.op('PadRows', [g.cast(of, 'float32'), layout.pad, layout.unpad], {}); // [B, S]
  const second = g.mul(padded, live); // [B, S]
  const first = g.sub(live, second); // [B, S]
  const atLeastOne = (count: Value) => g.where(g.op('Less', [count, g.scalar(1)], {}), g.scalar(1), count);
  const a = meanRow(g, entering, first, atLeastOne(g.sum(first, [1])));
  const b = meanRow(g, entering, second, atLeastOne(g.sum(second, [1])));
  return { a, b, segments: [first, second] };
}
