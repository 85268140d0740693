/** The sizes of a network that counts of operations and shapes of exit heads depend on. */
import type { EncoderConfig } from '../encoder/index.ts';

export interface NetworkShape {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly heads: number;
  readonly intermediateSize: number;
  readonly labels: number;
}

export const shapeOf = ({ layers, hiddenSize, heads, intermediateSize, labels }: EncoderConfig): NetworkShape => ({
  layers,
  hiddenSize,
  heads,
  intermediateSize,
  labels: labels.length,
});
