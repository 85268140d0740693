/**
 * Token pruning by learned thresholds (the paper's equations 5 to 7, after Learned Token Pruning): soft in training,
 * where a token's output row fades, and hard, where the token is physically removed. [CLS] always stays.
 */
import { type BlockHooks, isFirst, type Layout, layoutOf } from '../encoder/index.ts';
import type { Graph, Value } from '../graph/index.ts';

/**
 * How much of row i stays: m_i = sigmoid((s_i − Δ_l)/T), 1 for [CLS] (equations 5, 6), times what earlier layers left of it
 * where rows fade by presence (`fade` in encoder/block.ts). `threshold` is a scalar. The masks [N] go to `masks` for the
 * regulariser.
 */
export function softGate(
  g: Graph,
  threshold: Value,
  temperature: Value,
  masks: Value[],
): NonNullable<BlockHooks['gate']> {
  return (score, layout) => {
    const fade = g.sigmoid(g.div(g.sub(score, threshold), temperature)); // [N]
    const gate = g.where(isFirst(g, layout), g.scalar(1), fade); // [N]
    const mask = layout.presence ? g.mul(layout.presence, gate) : gate; // [N]
    masks.push(mask);
    return mask;
  };
}

/** Mean over texts of the mean mask over their live tokens: the term whose weight is λ. */
export function maskShare(g: Graph, mask: Value, layout: Layout): Value {
  const perToken = g.gather(g.op('Reciprocal', [g.cast(layout.lengths, 'float32')], {}), layout.sequence); // [N]
  return g.div(g.sum(g.mul(mask, perToken), [0]), g.cast(g.extent(layout.texts), 'float32'));
}

/**
 * Token i leaves if s_i < Δ_l: ties stay, [CLS] stays (equation 7; its "> 0.5" belongs to the sigmoid). The rows left
 * and their layout, whose dimensions are named after `next`.
 */
export function hardSelect(
  g: Graph,
  threshold: Value,
  next: { rows: string; padded: string },
): NonNullable<BlockHooks['select']> {
  return (score, layout) => {
    const enough = g.op('GreaterOrEqual', [score, threshold], {}); // [N]
    const keep = g.op('Or', [enough, isFirst(g, layout)], {}); // [N]
    const rows = g.reshape(g.op('NonZero', [keep], { dim: next.rows }), [next.rows]); // [M]
    const sequence = g.takeRows(layout.sequence, rows); // [M]
    const original = () => g.takeRows(layout.original ?? layout.position, rows); // [M]
    return { rows, layout: layoutOf(g, sequence, { ...next, texts: layout.texts }, original) };
  };
}

/** Where the thresholds start: Δ_l = Δ_L · l / L, for l = 1 … L. */
export const initialThresholds = (layers: number, last: number): Float32Array =>
  Float32Array.from({ length: layers }, (_, i) => (last * (i + 1)) / layers);
