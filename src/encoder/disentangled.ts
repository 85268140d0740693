/**
 * Disentangled attention (He et al. 2021, as DeBERTa-v3 has it): beside two tokens' contents, the query reads how far the key is
 * and the key how far the query is:
 *   logit(i, j) = (q_i·k_j + q_i·K_r + Q_r·k_j) / √(3 d_h),   r the bucket of p_i − p_j,
 * where p are places in the text as it was given: a token that is removed leaves its gap. K and Q are the layer's own key and
 * query projections of one table of distances that all layers share. Knows nothing of which families have it.
 */
import type { Graph, Value } from '../graph/index.ts';
import { attentionPart } from './attention-part.ts';
import type { EncoderConfig } from './config.ts';
import { type Dropout, dense, layerNorm, type Weights } from './dense.ts';
import { distanceBucket } from './distance-bucket.ts';
import type { Layout } from './layout.ts';
import { DISTANCES } from './parameters.ts';
import { type Arrangement, type Padded, placesOf } from './places.ts';

/**
 * What distances add to the logits, [B, h, S, S], from queries and keys [B, h, S, d_h], queries with their scale. A row is
 * multiplied with every distance that occurs in the batch, and the pairs pick theirs.
 */
export function distanceLogits(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  layer: number,
  [q, k]: readonly [Value, Value],
  layout: Arrangement | Padded,
  dropout?: Dropout,
): Value {
  const { heads: h, hiddenSize: d } = config;
  return g.scope('distances', () => {
    const { most, occurring, pairs } = picks(g, config, layout, q.shape[0]);
    const { keys, queries } = projected(g, weights, config, layer, dropout);
    const middle = mostBucket(config); // the row of distance 0
    const picked = (x: Value, table: Value, rows: Value) => {
      const some = g.transpose(g.reshape(g.takeRows(table, rows), [rows.shape[0], h, d / h]), [1, 2, 0]); // [h, d_h, R]
      const products = g.matmul(x, some); // [B, h, S, R]
      return g.gather(g.reshape(products, [products.shape.join('*')]), pairs); // [B, h, S, S]
    };
    const ofQueries = picked(q, keys, g.add(occurring, g.sub(g.scalar(middle, 'int64'), most)));
    // the key picks by its own distance from the query, which is the other way round: so are the rows
    const ofKeys = picked(k, queries, g.sub(g.add(most, middle), occurring));
    return g.add(ofQueries, g.transpose(ofKeys, [0, 1, 3, 2]));
  });
}

/** K_r and Q_r, [N, d] both, for each text's first token, whose place is 0, as the query and each row as the key. */
export function firstDistances(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  layer: number,
  { original, position }: Pick<Layout, 'original' | 'position'>,
  dropout?: Dropout,
): { readonly keys: Value; readonly queries: Value } {
  return g.scope('distances', () => {
    const { keys, queries } = projected(g, weights, config, layer, dropout, 0);
    const rows = bucketTable(g, config, 0, (bucket) => mostBucket(config) - bucket); // keys stand after it
    const at = g.gather(rows, original ?? position); // [N]
    return { keys: g.gather(keys, at), queries: g.gather(queries, at) };
  });
}

const mostBucket = ({ maxPositions, form }: EncoderConfig): number =>
  distanceBucket(maxPositions - 1, form.disentangled!);

/** int64, of each distance from `from` to the largest that a text may have. */
function bucketTable(g: Graph, config: EncoderConfig, from: number, of: (bucket: number) => number): Value {
  const length = config.maxPositions - from;
  const table = BigInt64Array.from({ length }, (_, i) =>
    BigInt(of(distanceBucket(from + i, config.form.disentangled!))),
  );
  return g.constant('buckets', table, [length]);
}

interface Picks {
  /** int64 scalar b: the largest bucket that occurs. */
  readonly most: Value;
  /** int64 [R]: 0 … 2b. */
  readonly occurring: Value;
  /** int64 [B, h, S, S]: of each query for each key, its place among products [B, h, S, R]. */
  readonly pairs: Value;
}

/** What layers with one layout share. */
const made = new WeakMap<object, Picks>();

function picks(g: Graph, config: EncoderConfig, layout: Arrangement | Padded, texts: Value['shape'][number]): Picks {
  const found = made.get(layout);
  if (found) return found;
  const { heads: h, maxPositions } = config;
  const S = layout.padded;
  const R = `${S}.distances`;
  const last = maxPositions - 1;
  const buckets = bucketTable(g, config, -last, (bucket) => bucket);
  const places = placesOf(g, layout); // [B or 1, S]
  const furthest = g.op('ReduceMax', [places], { axes: [0, 1], keepDims: false });
  const most = g.gather(buckets, g.add(furthest, last));
  g.bindDim(R, g.add(g.mul(most, 2), 1));
  const distances = g.sub(g.unsqueeze(places, 2), g.unsqueeze(places, 1)); // [B or 1, S, S]
  const among = g.add(g.gather(buckets, g.add(distances, last)), most); // [B or 1, S, S]
  const rows = g.mul(g.range(`${texts}*${h}*${S}`), g.extent(R)); // [B·h·S]
  const pairs = g.add(g.reshape(rows, [texts, h, S, 1]), g.unsqueeze(among, 1)); // [B, h, S, S]
  const result = { most, occurring: g.range(R), pairs };
  made.set(layout, result);
  return result;
}

/** K and Q of the buckets from the lowest that a text may have to `to`, [rows, d] each. */
function projected(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  layer: number,
  dropout?: Dropout,
  to = mostBucket(config),
) {
  const whole = normed(g, weights, config); // [2b + 1, d]
  const read = dropout ? dropout(whole, `layer.${layer}.attention.distances`, config.hiddenDropout) : whole;
  const rows = mostBucket(config) + to + 1;
  const cut = rows === whole.shape[0] ? read : g.takeRows(read, g.range(rows)); // [rows, d]
  const of = (kind: 'query' | 'key') =>
    dense(g, weights, [{ ...attentionPart(config, layer, kind), exact: true }], cut);
  return { keys: of('key'), queries: of('query') };
}

/** By what gives the weights: of one graph. */
const tables = new WeakMap<Weights, Value>();

/** The table's rows of all buckets that a text may have, [2b + 1, d]. */
function normed(g: Graph, weights: Weights, config: EncoderConfig): Value {
  let value = tables.get(weights);
  if (!value) {
    const { buckets } = config.form.disentangled!;
    const most = mostBucket(config);
    const rows = BigInt64Array.from({ length: 2 * most + 1 }, (_, i) =>
      BigInt(Math.min(Math.max(i - most + buckets, 0), 2 * buckets - 1)),
    );
    const some = g.gather(weights(`${DISTANCES}.weight`), g.constant('rows', rows, [rows.length])); // [2b + 1, d]
    value = layerNorm(g, weights, config, `${DISTANCES}.LayerNorm`, some);
    tables.set(weights, value);
  }
  return value;
}
