/**
 * What a layer does after attention, to each row by itself, written once for the block (all rows), the peek ([CLS] alone)
 * and the padded network of other runtimes: attention's output projection and the feed-forward, both with residual and
 * LayerNorm (Devlin et al. 2019).
 */
import type { Graph, Value } from '../graph/index.ts';
import type { EncoderConfig } from './config.ts';
import { type Dropout, dense, layerNorm, type Weights } from './dense.ts';

export interface AfterAttention {
  /** In training, at the layer's own places. */
  readonly dropout?: Dropout;
  /** Nodes are named after the parts of the layer; otherwise after the scope that they are written in. */
  readonly named?: boolean;
}

/**
 * a = LayerNorm(context W_o + residual), output = LayerNorm(gelu(a W_1) W_2 + a): [M, d] from `context` [M, d], which
 * attention gives, and `residual` [M, d], the rows that entered. `layer` is 0-based, as in the checkpoint's names.
 */
export function afterAttention(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  layer: number,
  context: Value,
  residual: Value,
  { dropout = (x) => x, named = false }: AfterAttention = {},
): Value {
  const name = `bert.encoder.layer.${layer}`;
  const part = (place: string, write: () => Value) => (named ? g.scope(`${name}.${place}`, write) : write());
  const addAndNorm = (place: string, x: Value, beside: Value, rate: number) => {
    const projected = dense(g, weights, `${name}.${place}.dense`, x); // [M, d]
    const sum = g.add(dropout(projected, `layer.${layer}.${place}`, rate), beside); // [M, d]
    return layerNorm(g, weights, config, `${name}.${place}.LayerNorm`, sum); // [M, d]
  };
  const attended = part('attention.output', () =>
    addAndNorm('attention.output', context, residual, config.attentionOutputDropout),
  ); // [M, d]
  const inner = part('intermediate', () => g.gelu(dense(g, weights, `${name}.intermediate.dense`, attended))); // [M, f]
  return part('output', () => addAndNorm('output', inner, attended, config.hiddenDropout)); // [M, d]
}
