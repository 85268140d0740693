/**
 * The main classifier on [CLS] of the last layer: Linear, tanh (as BERT's pooler), ReLU (DistilBERT) or GELU
 * (ELECTRA), then Linear to the labels.
 */
import type { Graph, Value } from '../graph/index.ts';
import type { EncoderConfig } from './config.ts';
import { type Dropout, dense, type Weights } from './dense.ts';

/** Logits [B, C] from `cls` [B, d], the [CLS] rows of the last layer. */
export function classificationHead(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  cls: Value,
  dropout?: Dropout,
): Value {
  return g.scope('classifier', () => {
    const rate = config.classifierInputDropout;
    const read = dropout && rate > 0 ? dropout(cls, 'classifier.input', rate) : cls; // [B, d]
    const inner = dense(g, weights, 'bert.pooler.dense', read); // [B, d]
    const pooled = ACTIVATIONS[config.poolerActivation](g, inner); // [B, d]
    return dense(g, weights, 'classifier', dropout ? dropout(pooled, 'classifier', config.classifierDropout) : pooled); // [B, C]
  });
}

const ACTIVATIONS = {
  tanh: (g: Graph, x: Value): Value => g.tanh(x),
  relu: (g: Graph, x: Value): Value => g.where(g.op('Greater', [x, g.scalar(0)], {}), x, 0),
  gelu: (g: Graph, x: Value): Value => g.gelu(x),
} as const;
