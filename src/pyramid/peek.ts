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
  type Dropout,
  dense,
  type EncoderConfig,
  firstRelativeBias,
  type Layout,
  type Weights,
} from '../encoder/index.ts';
import type { Graph, Value } from '../graph/index.ts';

export interface Peek {
  /** [B, d]: the [CLS] rows of the layer's output. */
  readonly cls: Value;
  /** [B, S, d]: the padded rows that enter, which pooled and aligned heads read too. */
  readonly entering: Value;
}

/** `layer` is 0-based, as in the checkpoint's names; x [N, d] enters it. `dropout`: in training, at the layer's own places. */
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
    const entering = g.op('PadRows', [x, layout.pad, layout.unpad], {}); // [B, S, d]
    const byHead = (value: Value) => g.transpose(g.reshape(value, [B, h, headSize]), [1, 0, 2]); // [h, B, d_h]

    const query = g.mul(byHead(dense(g, weights, `${name}.attention.self.query`, row)), 1 / Math.sqrt(headSize)); // [h, B, d_h]
    const folded = g.transpose(headProduct(g, weights, `${name}.attention.self.key.weight`, query, false), [1, 2, 0]); // [B, d, h]
    // tokens first: with S as the last dimension, the order in which a product's terms are added would depend on S
    const products = g.transpose(g.matmul(entering, folded), [0, 2, 1]); // [B, h, S]
    const relative = firstRelativeBias(g, weights, config, layout);
    const logits = relative ? g.add(products, relative) : products; // [B, h, S]
    const whole = g.softmax(g.add(logits, g.squeeze(attentionBias(g, layout), 1))); // [B, h, S]
    const probabilities = dropout
      ? dropout(whole, `layer.${layer}.attention.probabilities`, config.attentionDropout)
      : whole; // [B, h, S]
    const mixed = g.transpose(g.matmul(probabilities, entering), [1, 0, 2]); // [h, B, d]
    const byHeads = headProduct(g, weights, `${name}.attention.self.value.weight`, mixed, true); // [h, B, d_h]
    const context = g.reshape(g.transpose(byHeads, [1, 0, 2]), [B, d]); // [B, d]
    const bias = weights(`${name}.attention.self.value.bias`); // [d]
    // probabilities add up to 1 until dropout changes some
    const mixedBias = dropout
      ? g.reshape(g.mul(g.sum(probabilities, [2], true), g.reshape(bias, [h, headSize])), [B, d]) // [B, d]
      : bias;
    const withBias = g.add(context, mixedBias); // [B, d]

    const cls = afterAttention(g, weights, config, layer, withBias, row, { dropout }); // [B, d]
    return { cls, entering };
  });
}

/** x [h, B, d_h] times each head's rows [d_h, d] of the weight `name` [d, d]; `transposed`: x [h, B, d] times [d, d_h]. */
function headProduct(g: Graph, weights: Weights, name: string, x: Value, transposed: boolean): Value {
  if (weights.headProduct) return weights.headProduct(name, x, transposed);
  const weight = weights(name); // [d, d]
  const [heads] = x.shape;
  const d = weight.shape[1];
  const byHead = g.reshape(weight, [heads, (d as number) / (heads as number), d]); // [h, d_h, d]
  return g.matmul(x, transposed ? g.transpose(byHead, [0, 2, 1]) : byHead);
}
