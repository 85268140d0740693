/** The sizes of a network that counts of operations and shapes of exit heads depend on. */
import type { Disentangled, EncoderConfig } from '../encoder/index.ts';

export interface NetworkShape {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly heads: number;
  readonly intermediateSize: number;
  readonly labels: number;
  /** The feed-forward is gated: three matrices instead of two. */
  readonly gated?: true;
  /** Rotary positions: a peek computes keys, which the layer takes from it. */
  readonly rotary?: true;
  /** Queries and keys are multiplied with distances: a peek computes keys here too. */
  readonly disentangled?: Disentangled;
  /** The main classifier reads the mean of all rows, so that the last layer runs in full. */
  readonly pooling?: 'mean';
  /** Width of embeddings that are projected; left out: they are not. */
  readonly embeddingSize?: number;
}

export const shapeOf = (config: EncoderConfig): NetworkShape => {
  const { layers, hiddenSize, heads, intermediateSize, labels, embeddingSize, form } = config;
  return {
    layers,
    hiddenSize,
    heads,
    intermediateSize,
    labels: labels.length,
    ...(embeddingSize !== hiddenSize && { embeddingSize }),
    ...(form.gated && { gated: true }),
    ...(form.rotary && { rotary: true }),
    ...(form.disentangled && { disentangled: form.disentangled }),
    ...(form.pooling === 'mean' && { pooling: 'mean' }),
  };
};
