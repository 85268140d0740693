/** The sizes of a network that counts of operations and shapes of exit heads depend on. */
import type { EncoderConfig } from '../encoder/index.ts';

export interface NetworkShape {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly heads: number;
  readonly intermediateSize: number;
  readonly labels: number;
  /** Width of embeddings that are projected; left out: they are not. */
  readonly embeddingSize?: number;
}

export const shapeOf = (config: EncoderConfig): NetworkShape => {
  const { layers, hiddenSize, heads, intermediateSize, labels, embeddingSize } = config;
  return {
    layers,
    hiddenSize,
    heads,
    intermediateSize,
    labels: labels.length,
    ...(embeddingSize !== hiddenSize && { embeddingSize }),
  };
};
