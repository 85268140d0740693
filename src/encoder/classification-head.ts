/**
 * The main classifier on a row of the last layer, [CLS] or the mean: Linear, tanh (as BERT's pooler), ReLU (DistilBERT) or
 * GELU (ELECTRA), LayerNorm where the family has one (ModernBERT), then Linear to the labels.
 */
import type { Graph, Value } from '../graph/index.ts';
import type { EncoderConfig } from './config.ts';
import { type Dropout, dense, layerNorm, type Weights } from './dense.ts';
import { type Layout, rowCount, rowWeights } from './layout.ts';
import { readRows } from './norms.ts';
import { rowProduct } from './one-row.ts';

/** [B, d]: what the main classifier reads of the rows x [N, d] that leave the last layer. */
export function pooledRow(g: Graph, weights: Weights, config: EncoderConfig, x: Value, layout: Layout): Value {
  if (config.form.pooling !== 'mean') return readRows(g, weights, config, g.takeRows(x, layout.first)); // [B, d]
  const padded = g.op('PadRows', [readRows(g, weights, config, x), layout.pad, layout.unpad], {}); // [B, S, d]
  return meanRow(g, padded, rowWeights(g, layout), rowCount(g, layout));
}

/** Rows x [B, S, d] by `weight` [B, S] over `count` [B]: [B, d]. */
export const meanRow = (g: Graph, x: Value, weight: Value, count: Value): Value =>
  g.squeeze(rowProduct(g, g.unsqueeze(g.div(weight, g.unsqueeze(count, 1)), 1), x), 1);

/** Logits [B, C] from `row` [B, d], see `pooledRow`. */
export function classificationHead(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  row: Value,
  dropout?: Dropout,
): Value {
  return g.scope('classifier', () => {
    const rate = config.classifierInputDropout;
    const read = dropout && rate > 0 ? dropout(row, 'classifier.input', rate) : row; // [B, d]
    const { biases, poolerNorm } = config.form;
    const inner = dense(g, weights, [{ name: 'bert.pooler.dense', bias: biases.pooler }], read); // [B, d]
    const active = ACTIVATIONS[config.poolerActivation](g, inner); // [B, d]
    const pooled = poolerNorm ? layerNorm(g, weights, config, 'bert.pooler.LayerNorm', active) : active; // [B, d]
    return dense(g, weights, 'classifier', dropout ? dropout(pooled, 'classifier', config.classifierDropout) : pooled); // [B, C]
  });
}

const ACTIVATIONS = {
  tanh: (g: Graph, x: Value): Value => g.tanh(x),
  relu: (g: Graph, x: Value): Value => g.where(g.op('Greater', [x, g.scalar(0)], {}), x, 0),
  gelu: (g: Graph, x: Value): Value => g.gelu(x),
} as const;
