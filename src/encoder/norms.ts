/**
 * LayerNorm where it stands before what it norms: before a layer's attention, and once after the last layer. In families
 * whose norms stand after each residual sum, both give rows as they are.
 */
import type { Graph, Value } from '../graph/index.ts';
import type { EncoderConfig } from './config.ts';
import { layerNorm, type Weights } from './dense.ts';
import { FINAL_NORM } from './parameters.ts';

/** What the attention of `layer` (0-based) reads of the rows x that enter it. The embeddings are normed already. */
export const beforeAttention = (g: Graph, weights: Weights, config: EncoderConfig, layer: number, x: Value): Value =>
  config.form.norm === 'before' && layer > 0
    ? layerNorm(g, weights, config, `bert.encoder.layer.${layer}.attention.LayerNorm`, x)
    : x;

/**
 * What a classifier reads of the rows x of any layer: where norms stand before, sums of residuals grow from layer to
 * layer, and the last norm brings them to one size. Exit heads read through it too, so that one head's features are as
 * large as another's and those of the main classifier's kind.
 */
export const readRows = (g: Graph, weights: Weights, config: EncoderConfig, x: Value): Value =>
  config.form.norm === 'before' ? g.scope(FINAL_NORM, () => layerNorm(g, weights, config, FINAL_NORM, x)) : x;
