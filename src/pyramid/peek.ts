/**
 * The peek: H_l[CLS] from the rows that ENTER layer l, without running the layer for the others. An exit
 * head reads one row. That row needs only its own query, its attention over the tokens, and the feed-forward of one row.
 * With the key and value projections folded, no projection per token is left: 24d² + 4·h·n·d FLOPs, about 2 % of a layer
 * at 50 tokens. The result equals the layer's up to rounding:
 *   q·(W_k x_j + b_k) = (W_kᵀ q)·x_j + a constant that softmax cancels;  Σ_j p_j (W_v x_j + b_v) = W_v (Σ_j p_j x_j) + b_v Σ_j p_j.
 * A bias of distances is added to the logits as it is: a number for each token and attention head.
 */
import {
  afterAttention,
  attentionBias,
  attentionPart,
  attentionScale,
  beforeAttention,
  type Dropout,
  dense,
  type EncoderConfig,
  firstDistances,
  firstRelativeBias,
  keysFold,
  keysOf,
  type Layout,
  nearFirst,
  type Weights,
} from '../encoder/index.ts';
import type { Graph, Value } from '../graph/index.ts';

export interface Peek {
  /** [B, d]: the [CLS] rows of the layer's output. */
  readonly cls: Value;
  /** [N, d]: keys of the rows that enter, for the block (see `keysOf`); null: they fold. */
  readonly keys: Value | null;
}

/**
 * `layer` is 0-based, as in the checkpoint's names; x [N, d] enters it. `dropout`: in training, at the layer's own places.
 *
 * Rotary positions turn each key by its own place, and disentangled attention multiplies it with its distance, so keys do not
 * fold: they are computed, 2d² FLOPs a token, and the layer that runs next may take them (`BlockHooks.keys`). The query of [CLS],
 * at place 0, is not turned. Of distances it reads one row a key: q·k + q·K_r + Q_r·k = q·(k + K_r) + Q_r·k.
 */
export function peek(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  layer: number,
  x: Value,
  layout: Layout,
  dropout?: Dropout,
): Peek {
  const { hiddenSize: d, heads: h } = config;
  const headSize = d / h;
  const { texts: B } = layout;
  const name = `bert.encoder.layer.${layer}`;
  return g.scope(`peek.${layer}`, () => {
    const row = g.takeRows(x, layout.first); // [B, d]
    const read = beforeAttention(g, weights, config, layer, x); // [N, d]
    const pad = (value: Value) => g.op('PadRows', [value, layout.pad, layout.unpad], {});
    const entering = pad(read); // [B, S, d]
    const keys = keysFold(config.form) ? null : keysOf(g, weights, config, layer, read, layout); // [N, d]
    const distant = config.form.disentangled ? firstDistances(g, weights, config, layer, layout, dropout) : null;
    const byHead = (value: Value) => g.transpose(g.reshape(value, [B, h, headSize]), [1, 0, 2]); // [h, B, d_h]

    const { scale: _, ...part } = attentionPart(config, layer, 'query');
    const own = read === x ? row : g.takeRows(read, layout.first); // [B, d]
    const projected = dense(g, weights, [part], own); // [B, d]
    const query = g.mul(byHead(projected), attentionScale(config)); // [h, B, d_h]
    const perHead = (weight: string, of: Value, transposed: boolean) =>
      weights.headProduct?.(weight, of, transposed) ?? headProduct(g, weights(weight), of, transposed);
    // a head's query on its own dimensions of the keys, zeros elsewhere; or folded, on the rows themselves
    const asked = keys
      ? g.mul(g.unsqueeze(g.reshape(g.transpose(query, [1, 0, 2]), [B, d]), 2), headColumns(g, d, h))
      : g.transpose(perHead(`${name}.attention.self.key.weight`, query, false), [1, 2, 0]); // [B, d, h]
    const rows = keys ? pad(distant ? g.add(keys, distant.keys) : keys) : entering; // [B, S, d]
    // tokens first: with S as the last dimension, the order in which a product's terms are added would depend on S
    const products = g.transpose(g.matmul(rows, asked), [0, 2, 1]); // [B, h, S]
    const sumByHead = (value: Value) => g.sum(g.reshape(value, [value.shape[0], h, headSize]), [2]); // [N, h]
    const relative = distant
      ? g.transpose(pad(sumByHead(g.mul(keys!, distant.queries))), [0, 2, 1]) // [B, h, S]
      : firstRelativeBias(g, weights, config, layout);
    const logits = relative ? g.add(products, relative) : products; // [B, h, S]
    const near = nearFirst(g, config, layer, layout); // [B or 1, S]
    const bias = attentionBias(g, layout, near && g.unsqueeze(near, 1, 2)); // [B, 1, 1, S]
    const whole = g.softmax(g.add(logits, g.squeeze(bias, 1))); // [B, h, S]
    const probabilities = dropout
      ? dropout(whole, `layer.${layer}.attention.probabilities`, config.attentionDropout)
      : whole; // [B, h, S]
    const mixed = g.transpose(g.matmul(probabilities, entering), [1, 0, 2]); // [h, B, d]
    const byHeads = perHead(`${name}.attention.self.value.weight`, mixed, true); // [h, B, d_h]
    const values = g.reshape(g.transpose(byHeads, [1, 0, 2]), [B, d]); // [B, d]
    const context = config.form.biases.attention
      ? g.add(values, valueBias(g, weights(`${name}.attention.self.value.bias`), probabilities, !!dropout))
      : values;

    return { cls: afterAttention(g, weights, config, layer, context, row, { dropout }), keys };
  });
}

/** What the values' bias [d] adds to the mix, [d] or [B, d]: probabilities [B, h, S] add up to 1 until dropout changes some. */
function valueBias(g: Graph, bias: Value, probabilities: Value, isDropped: boolean): Value {
  if (!isDropped) return bias;
  const [B, h] = probabilities.shape as [string, number];
  const [d] = bias.shape as [number];
  return g.reshape(g.mul(g.sum(probabilities, [2], true), g.reshape(bias, [h, d / h])), [B, d]); // [B, d]
}

/** [d, h]: 1 where a dimension is the head's. */
function headColumns(g: Graph, d: number, h: number): Value {
  const data = Float32Array.from({ length: d * h }, (_, i) => Number(Math.floor(i / h / (d / h)) === i % h));
  return g.constant('heads', data, [d, h]);
}

/** x [h, B, d_h] times each head's rows [d_h, d] of a `weight` [d, d]; `transposed`: x [h, B, d] times [d, d_h]. */
export function headProduct(g: Graph, weight: Value, x: Value, transposed: boolean): Value {
  const [heads] = x.shape;
  const d = weight.shape[1];
  const byHead = g.reshape(weight, [heads, (d as number) / (heads as number), d]); // [h, d_h, d]
  return g.matmul(x, transposed ? g.transpose(byHead, [0, 2, 1]) : byHead);
}
