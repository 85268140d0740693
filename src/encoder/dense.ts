/**
 * What every part of the network is made of: linear layers and LayerNorm, by the checkpoint's names. Where weights come
 * from, and whether a linear layer is written another way (int8, the exporters' form), is the caller's to say.
 */
import type { Graph, Value } from '../graph/index.ts';
import type { EncoderConfig } from './config.ts';

/** Gives the value of a parameter by its checkpoint name ('bert.encoder.layer.0.output.dense.weight'). */
export interface Weights {
  (name: string): Value;
  /** Writes a linear layer another way, as with int8 weights; null: this one as usual. */
  readonly dense?: (parts: readonly DensePart[], x: Value) => Value | null;
  /** Writes a product of each head with its own part of a weight another way (see pyramid/peek). */
  readonly headProduct?: (name: string, x: Value, transposed: boolean) => Value;
}

/** A linear layer of the checkpoint, its weight and bias times `scale`. */
export interface DensePart {
  readonly name: string;
  readonly scale?: number;
  /** Left out: it has one. */
  readonly bias?: boolean;
  /** Stays float32 where others are on whole numbers: what it reads is the same at every run. */
  readonly exact?: true;
}

/** Whether layers that are written as one have biases; either all have or none. */
export const hasBias = (parts: readonly DensePart[]): boolean => parts[0].bias ?? true;

/** Applies dropout at a named place of the network; absent in evaluation. */
export type Dropout = (x: Value, place: string, rate: number) => Value;

/** x Wᵀ (+ b); of several layers as one product, which reads x once, their outputs side by side. */
export function dense(g: Graph, weights: Weights, name: string | readonly DensePart[], x: Value): Value {
  const parts = typeof name === 'string' ? [{ name }] : name;
  const stacked = (kind: 'weight' | 'bias') =>
    g.concat(
      parts.map(({ name, scale }: DensePart) => {
        const value = weights(`${name}.${kind}`);
        return scale === undefined ? value : g.mul(value, scale);
      }),
      0,
    );
  return weights.dense?.(parts, x) ?? g.linear(x, stacked('weight'), hasBias(parts) ? stacked('bias') : undefined);
}

export const layerNorm = (g: Graph, weights: Weights, config: EncoderConfig, name: string, x: Value): Value =>
  g.op(
    'LayerNormalization',
    [x, weights(`${name}.weight`), ...(config.form.biases.norm ? [weights(`${name}.bias`)] : [])],
    { epsilon: config.layerNormEpsilon },
  );
