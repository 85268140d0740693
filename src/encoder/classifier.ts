/** The main classifier: BERT's pooler (Linear, tanh) on [CLS] of the last layer, then Linear to the labels. */
import type { Graph, Value } from '../graph/index.ts';
import { type Dropout, dense, type Weights } from './block.ts';
import type { EncoderConfig } from './config.ts';

/** Logits [B, C] from `cls` [B, d], the [CLS] rows of the last layer. */
export function classify(g: Graph, weights: Weights, config: EncoderConfig, cls: Value, dropout?: Dropout): Value {
  return g.scope('classifier', () => {
    const pooled = g.tanh(dense(g, weights, 'bert.pooler.dense', cls)); // [B, d]
    return dense(g, weights, 'classifier', dropout ? dropout(pooled, 'classifier', config.hiddenDropout) : pooled); // [B, C]
  });
}
