/**
 * One layer of the encoder on packed rows, written once for training, engine, export and tests: self-attention, then
 * the feed-forward, both with residual and LayerNorm (Devlin et al. 2019). Pruning (src/pyramid) plugs in through
 * `hooks`. The block itself knows only that rows may be removed after attention and gated at the end.
 *
 * Letters of the shapes: N packed live rows of the batch, M rows left, B texts, S padded length, n live tokens of one
 * text, d hidden size, h heads, d_h = d/h, f intermediate size, C labels, L layers.
 */
import type { Graph, Value } from '../graph/index.ts';
import type { EncoderConfig } from './config.ts';
import { type Dropout, dense, type Weights } from './dense.ts';
import { afterAttention } from './feed-forward.ts';
import { attentionBias, type Layout } from './layout.ts';
import { relativeBias } from './relative-positions.ts';

export interface BlockHooks {
  readonly dropout?: Dropout;
  /** Hard pruning: which rows go on (indices into the N rows, ascending) and their layout. Asked between attention and feed-forward. */
  readonly select?: (score: Value, layout: Layout) => { readonly rows: Value; readonly layout: Layout };
  /** Soft pruning: a factor for each output row, [N, 1]. */
  readonly gate?: (score: Value, layout: Layout) => Value;
}

export interface BlockResult {
  /** [M, d]; M = N unless rows were dropped. */
  readonly x: Value;
  readonly layout: Layout;
  /** [N] importance score of each row that entered; null if no hook asked for it. */
  readonly score: Value | null;
}

/** Layer `layer` (0-based, as in the checkpoint's names) on x [N, d]. */
export function block(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  layer: number,
  x: Value,
  layout: Layout,
  hooks: BlockHooks = {},
): BlockResult {
  const name = `bert.encoder.layer.${layer}`;
  const dropout: Dropout = hooks.dropout ?? ((value) => value);
  const attention = g.scope(`${name}.attention`, () => attend(g, weights, config, layer, x, layout, dropout));
  const score =
    hooks.select || hooks.gate
      ? g.scope(`${name}.importance`, () => importance(g, config, attention.probabilities, layout))
      : null;

  let context = attention.context; // [B·S, d]
  let residual = x; // [N, d]
  let after = layout;
  if (hooks.select) {
    const selected = g.scope(`${name}.select`, () => hooks.select!(score!, layout));
    after = selected.layout;
    context = g.takeRows(context, g.takeRows(layout.unpad, selected.rows)); // [M, d]
    residual = g.takeRows(x, selected.rows); // [M, d]
  } else {
    context = g.takeRows(context, layout.unpad); // [N, d]
  }

  const output = afterAttention(g, weights, config, layer, context, residual, { dropout: hooks.dropout, named: true });
  const gated = hooks.gate ? g.scope(`${name}.gate`, () => g.mul(output, hooks.gate!(score!, layout))) : output;
  return { x: gated, layout: after, score };
}

/** context [B·S, d] (dead rows are of no meaning) and probabilities A [B, h, S, S]. */
function attend(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  layer: number,
  x: Value,
  layout: Layout,
  dropout: Dropout,
) {
  const { texts: B, padded: S } = layout;
  const [q, k, v] = byHead(g, weights, config, layer, ['query', 'key', 'value'], x, layout);
  const probabilities = attentionProbabilities(g, weights, config, q, k, layout); // [B, h, S, S]
  const mixed = g.matmul(dropout(probabilities, `layer.${layer}.attention.probabilities`, config.attentionDropout), v); // [B, h, S, d_h]
  const context = g.reshape(g.transpose(mixed, [0, 2, 1, 3]), [`${B}*${S}`, config.hiddenSize]); // [B·S, d]
  return { context, probabilities };
}

/** Projections of x [N, d] for attention, each [B, h, S, d_h]; the query's is scaled by 1/√d_h. */
function byHead(
  g: Graph,
  weights: Weights,
  { hiddenSize: d, heads: h }: EncoderConfig,
  layer: number,
  kinds: readonly ('query' | 'key' | 'value')[],
  x: Value,
  layout: Layout,
): Value[] {
  const { texts: B, padded: S } = layout;
  const name = `bert.encoder.layer.${layer}.attention.self`;
  const headSize = d / h;
  // the query's weights take 1/√d_h, since they are the smallest place for it
  const parts = kinds.map((kind) => ({
    name: `${name}.${kind}`,
    ...(kind === 'query' && { scale: 1 / Math.sqrt(headSize) }),
  }));
  const projected = dense(g, weights, parts, x); // [N, kinds·d]
  const padded = g.op('PadRows', [projected, layout.pad, layout.unpad], {}); // [B, S, kinds·d]
  const heads = g.transpose(g.reshape(padded, [B, S, kinds.length, h, headSize]), [2, 0, 3, 1, 4]); // [kinds, B, h, S, d_h]
  return g.split(heads, 0, Array(kinds.length).fill(1)).map((part) => g.squeeze(part, 0));
}

/** A(j → i) = softmax over i of q_j·k_i/√d_h (and the bias of their distance, where the family has it), [B, h, S, S]. */
function attentionProbabilities(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  q: Value,
  k: Value,
  layout: Layout,
): Value {
  const products = g.matmul(q, g.transpose(k, [0, 1, 3, 2])); // [B, h, S, S]
  const relative = relativeBias(g, weights, config, layout);
  const logits = relative ? g.add(products, relative) : products;
  return g.softmax(g.add(logits, attentionBias(g, layout)));
}

/** The importance score [N] of each row of x [N, d] that enters layer `layer` (0-based), without the rest of the layer. */
export function importanceScore(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  layer: number,
  x: Value,
  layout: Layout,
): Value {
  return g.scope(`bert.encoder.layer.${layer}.importance`, () => {
    const [q, k] = byHead(g, weights, config, layer, ['query', 'key'], x, layout);
    return importance(g, config, attentionProbabilities(g, weights, config, q, k, layout), layout);
  });
}

/**
 * s_i = 1/(h n) Σ_heads Σ_{live rows j} A(j → i): the attention that token i receives (the paper's equation 4 as
 * its text and figure 3 mean it: printed, it averages a row, which is constant). Sums to 1 over a text's live tokens.
 */
function importance(g: Graph, config: EncoderConfig, probabilities: Value, layout: Layout): Value {
  const { texts: B, padded: S } = layout;
  const share = g.div(g.scalar(1 / config.heads), g.cast(layout.lengths, 'float32')); // [B]
  const rowWeight = g.mul(g.cast(layout.live, 'float32'), g.unsqueeze(share, 1)); // [B, S]
  const received = g.matmul(g.unsqueeze(rowWeight, 1, 2), probabilities); // [B, h, 1, S]
  const score = g.sum(received, [1, 2]); // [B, S]
  return g.takeRows(g.reshape(score, [`${B}*${S}`]), layout.unpad); // [N]
}
