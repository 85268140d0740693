/**
 * What a layer does after attention, to each row by itself, written once for the block (all rows), the peek ([CLS] alone)
 * and the padded network of other runtimes: attention's output projection and the feed-forward, both with residual and
 * LayerNorm, which stands where the family has it (form.ts).
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
 * Norms after (Devlin et al. 2019): a = LayerNorm(context W_o + residual), output = LayerNorm(F(a) + a).
 * Norms before (Warner et al. 2024): a = context W_o + residual, output = F(LayerNorm(a)) + a.
 * F(x) = gelu(x W_1) W_2, gated (gelu(x W_1) ⊙ x W_g) W_2. [M, d] from `context` [M, d], which attention gives, and
 * `residual` [M, d], the rows that entered. `layer` is 0-based, as in the checkpoint's names.
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
  const { norm, gated, biases } = config.form;
  const part = (place: string, write: () => Value) => (named ? g.scope(`${name}.${place}`, write) : write());
  const normed = (place: string, x: Value) => layerNorm(g, weights, config, `${name}.${place}.LayerNorm`, x);
  const normedAfter = (place: string, x: Value) => (norm === 'after' ? normed(place, x) : x);
  const linear = (places: readonly string[], x: Value, bias: boolean) =>
    dense(
      g,
      weights,
      places.map((place) => ({ name: `${name}.${place}`, bias })),
      x,
    );
  const attended = part('attention.output', () => {
    const projected = linear(['attention.output.dense'], context, biases.attention); // [M, d]
    const dropped = dropout(projected, `layer.${layer}.attention.output`, config.attentionOutputDropout);
    return normedAfter('attention.output', g.add(dropped, residual)); // [M, d]
  });
  const inner = part('intermediate', () => {
    const x = norm === 'before' ? normed('intermediate', attended) : attended; // [M, d]
    if (!gated) return g.gelu(linear(['intermediate.dense'], x, biases.feedForward)); // [M, f]
    const wide = linear(['intermediate.dense', 'intermediate.gate'], x, biases.feedForward); // [M, 2f]
    const [input, gate] = g.split(wide, -1, [config.intermediateSize, config.intermediateSize]);
    return dropout(g.mul(g.gelu(input), gate), `layer.${layer}.intermediate`, config.hiddenDropout); // [M, f]
  });
  return part('output', () => {
    const projected = linear(['output.dense'], inner, biases.feedForward); // [M, d]
    // a gated feed-forward drops out before its last product instead
    const dropped = gated ? projected : dropout(projected, `layer.${layer}.output`, config.hiddenDropout);
    return normedAfter('output', g.add(dropped, attended)); // [M, d]
  });
}
