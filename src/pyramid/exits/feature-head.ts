/**
 * The head that `cls`, `pooled` and `aligned` exits share: Linear F→d, tanh, Linear d→C on features [B, F]. They differ
 * only in their features.
 */
import { dense, type EncoderConfig } from '../../encoder/index.ts';
import type { Graph, Value } from '../../graph/index.ts';
import type { NetworkShape } from '../shape.ts';
import type { ExitInput } from './exit.ts';
import { headName, linear } from './head-name.ts';

/** Parameters of a head on `features` features. */
export const featureHeadParameters = (
  { hiddenSize: d, labels }: EncoderConfig,
  layer: number,
  features: number,
): ReadonlyMap<string, readonly number[]> =>
  new Map([...linear(layer, 'dense', d, features), ...linear(layer, 'out', labels.length, d)]);

/**
 * Logits [B, C] from features [B, F]. Dropout is behind the tanh: features hardly vary from text to text, and one that is
 * missing would drown all that the others say.
 */
export function featureHeadLogits(g: Graph, { weights, config, layer, read, dropout }: ExitInput): Value {
  return g.scope(`pyramid.heads.${layer}`, () => {
    const inner = g.tanh(dense(g, weights, headName(layer, 'dense'), read)); // [B, d]
    const dropped = dropout ? dropout(inner, `heads.${layer}`, config.hiddenDropout) : inner;
    return dense(g, weights, headName(layer, 'out'), dropped); // [B, C]
  });
}

/** Products of the head itself: F·d and d·C; each times 2. */
export const featureHeadFlops = ({ hiddenSize: d, labels }: NetworkShape, features: number): number =>
  2 * (features * d + d * labels);
