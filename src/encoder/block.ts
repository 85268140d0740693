/**
 * One layer of the encoder on packed rows, written once for training, engine, export and tests: self-attention, then
 * the feed-forward, both with residual and LayerNorm; families choose among their forms (form.ts). Pruning (src/pyramid)
 * plugs in through `hooks`. The block itself knows only that rows may be removed after attention and fade at the end.
 *
 * Letters of the shapes: N packed live rows of the batch, M rows left, B texts, S padded length, n live tokens of one
 * text, d hidden size, h heads, d_h = d/h, f intermediate size, C labels, L layers.
 */
import type { Graph, Value } from '../graph/index.ts';
import { type AttentionPart, attentionPart } from './attention-part.ts';
import type { EncoderConfig } from './config.ts';
import { type Dropout, dense, type Weights } from './dense.ts';
import { distanceLogits } from './disentangled.ts';
import { afterAttention } from './feed-forward.ts';
import { attentionBias, type Layout, rowCount, rowWeights } from './layout.ts';
import { beforeAttention } from './norms.ts';
import { relativeBias } from './relative-positions.ts';
import { nearOf, turned, turnOf } from './rotary.ts';

export interface BlockHooks {
  readonly dropout?: Dropout;
  /** Hard pruning: which rows go on (indices into the N rows, ascending) and their layout. Asked between attention and feed-forward. */
  readonly select?: (score: Value, layout: Layout) => { readonly rows: Value; readonly layout: Layout };
  /** Soft pruning: how much of each row stays, [N], see `fade`. */
  readonly gate?: (score: Value, layout: Layout) => Value;
  /** What `keysOf` gave for these rows, [N, d], where a peek made them already; left out: the block makes them. */
  readonly keys?: Value;
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
  const attention = g.scope(`${name}.attention`, () =>
    attend(g, weights, config, layer, x, layout, dropout, hooks.keys),
  );
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
  if (!hooks.gate) return { x: output, layout: after, score };
  return { ...g.scope(`${name}.gate`, () => fade(g, config, hooks.gate!(score!, layout), output, x, layout)), score };
}

/**
 * Soft pruning: m_i is how much of row i stays, x_i entered the layer, y_i is what it gives.
 *
 * Norms after (the paper's equations 5, 6): H_i = m_i y_i.
 *
 * Norms before: a factor of the row would change nothing, since the next layer's norm takes it out again. So the row's own
 * update fades, H_i = x_i + m_i (y_i − x_i), and from the next layer on so does what it gives to others:
 *   A(j → i) = m_i e^{q_j·k_i/√d_h} / Σ_k m_k e^{q_j·k_k/√d_h};
 * in every mean over rows it counts m_i. m_i is the product of the gates of all layers so far. Where each m is 0 or 1 this is
 * hard pruning, to float precision: what is left of a row of 0 is read by nobody.
 */
function fade(g: Graph, { form }: EncoderConfig, stays: Value, y: Value, x: Value, layout: Layout) {
  const factor = g.unsqueeze(stays, 1); // [N, 1]
  if (form.norm === 'after') return { x: g.mul(y, factor), layout };
  return { x: g.add(x, g.mul(g.sub(y, x), factor)), layout: { ...layout, presence: stays } };
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
  keys?: Value,
) {
  const { texts: B, padded: S } = layout;
  const [q, k, v] = byHead(g, weights, config, layer, ['query', 'key', 'value'], x, layout, keys);
  const probabilities = attentionProbabilities(g, weights, config, layer, [q, k], layout, dropout); // [B, h, S, S]
  const mixed = g.matmul(dropout(probabilities, `layer.${layer}.attention.probabilities`, config.attentionDropout), v); // [B, h, S, d_h]
  const context = g.reshape(g.transpose(mixed, [0, 2, 1, 3]), [`${B}*${S}`, config.hiddenSize]); // [B·S, d]
  return { context, probabilities };
}

/** Projections of the rows x [N, d] that enter, for attention, each [B, h, S, d_h]; the query's with its scale. */
function byHead(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  layer: number,
  kinds: readonly AttentionPart[],
  x: Value,
  layout: Layout,
  keys?: Value,
): Value[] {
  const { hiddenSize: d, heads: h } = config;
  const { texts: B, padded: S } = layout;
  const made = keys ? kinds.filter((kind) => kind !== 'key') : kinds;
  const parts = made.map((kind) => attentionPart(config, layer, kind));
  let projected = dense(g, weights, parts, beforeAttention(g, weights, config, layer, x)); // [N, kinds·d]
  if (config.form.rotary || keys) {
    const pieces = g.split(projected, 1, Array(made.length).fill(d));
    const rowsOf = (kind: AttentionPart): Value => {
      if (keys && kind === 'key') return keys;
      const rows = pieces[made.indexOf(kind)]; // [N, d]
      return kind === 'value' ? rows : turnedRows(g, config, layer, rows, layout);
    };
    projected = g.concat(kinds.map(rowsOf), 1); // [N, kinds·d]
  }
  const padded = g.op('PadRows', [projected, layout.pad, layout.unpad], {}); // [B, S, kinds·d]
  const heads = g.transpose(g.reshape(padded, [B, S, kinds.length, h, d / h]), [2, 0, 3, 1, 4]); // [kinds, B, h, S, d_h]
  return g.split(heads, 0, Array(kinds.length).fill(1)).map((part) => g.squeeze(part, 0));
}

/** Keys of the rows `read` [N, d] that the attention of `layer` (0-based) reads, turned by their places: [N, d]. */
export const keysOf = (
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  layer: number,
  read: Value,
  layout: Layout,
): Value => turnedRows(g, config, layer, dense(g, weights, [attentionPart(config, layer, 'key')], read), layout);

/** Rows [N, d] of queries or keys, turned by their places where the family has that. */
function turnedRows(g: Graph, config: EncoderConfig, layer: number, rows: Value, layout: Layout): Value {
  const turn = turnOf(g, config, layer, layout);
  if (!turn) return rows;
  const { hiddenSize: d, heads: h } = config;
  return g.reshape(turned(g, g.reshape(rows, [rows.shape[0], h, d / h]), turn), rows.shape);
}

/** A(j → i) = softmax over i of q_j·k_i/√d_h (and what their distance adds, where the family has that), [B, h, S, S]. */
function attentionProbabilities(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  layer: number,
  [q, k]: readonly [Value, Value],
  layout: Layout,
  dropout?: Dropout,
): Value {
  const products = g.matmul(q, g.transpose(k, [0, 1, 3, 2])); // [B, h, S, S]
  const relative = config.form.disentangled
    ? distanceLogits(g, weights, config, layer, [q, k], layout, dropout)
    : relativeBias(g, weights, config, layout);
  const logits = relative ? g.add(products, relative) : products;
  return g.softmax(g.add(logits, attentionBias(g, layout, nearOf(g, config, layer, layout))));
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
    return importance(g, config, attentionProbabilities(g, weights, config, layer, [q, k], layout), layout);
  });
}

/**
 * s_i = 1/(h n) Σ_heads Σ_{live rows j} A(j → i): the attention that token i receives (the paper's equation 4 as
 * its text and figure 3 mean it: printed, it averages a row, which is constant). Sums to 1 over a text's live tokens. Where
 * rows fade by presence (see `fade`), row j counts m_j, and n is Σ m_j.
 */
function importance(g: Graph, config: EncoderConfig, probabilities: Value, layout: Layout): Value {
  const { texts: B, padded: S } = layout;
  const share = g.div(g.scalar(1 / config.heads), rowCount(g, layout)); // [B]
  const rowWeight = g.mul(rowWeights(g, layout), g.unsqueeze(share, 1)); // [B, S]
  const received = g.matmul(g.unsqueeze(rowWeight, 1, 2), probabilities); // [B, h, 1, S]
  const score = g.sum(received, [1, 2]); // [B, S]
  return g.takeRows(g.reshape(score, [`${B}*${S}`]), layout.unpad); // [N]
}
