/**
 * The weights of a model as constants of a graph and of its branches. Each stands once, in the graph where it was first
 * asked for: branches lie one in the other, and a branch reads what stands around it.
 */
import type { DensePart, StoredTensor, Weights } from '../encoder/index.ts';
import { Int8Layers, type WeightBits } from '../engine/int8.ts';
import type { Graph, Value } from '../graph/index.ts';
import type { PyramidModel } from '../pyramid/folder/model-folder.ts';

/** The weights for nodes of a graph; `bits` null: as float32. */
export type WeightsIn = (g: Graph, bits: WeightBits | null) => Weights;

export function writtenWeights({ parameters, heads }: Pick<PyramidModel, 'parameters' | 'heads'>): WeightsIn {
  const made = new Map<string, Value>();
  const stored = (name: string): StoredTensor => {
    const tensor = parameters.get(name) ?? heads.get(name);
    if (!tensor) throw new Error(`internal: the model has no tensor ${name}`);
    return tensor;
  };
  return (g, bits) => {
    const constant = (name: string): Value => {
      let value = made.get(name);
      if (!value) {
        const { data, shape } = stored(name);
        value = g.constant(name, data, shape);
        made.set(name, value);
      }
      return value;
    };
    /** Products of several layers side by side are made one by one: their weights put together would stand twice in the file. */
    const oneByOne = (parts: readonly DensePart[], x: Value): Value =>
      g.concat(
        parts.map(({ name, scale, bias = true }) => {
          const y = g.linear(x, constant(`${name}.weight`), bias ? constant(`${name}.bias`) : undefined);
          return scale === undefined ? y : g.mul(y, scale);
        }),
        1,
      );
    const whole = bits && new Int8Layers(g, stored, bits);
    return Object.assign((name: string) => constant(name), {
      dense: (parts: readonly DensePart[], x: Value) => whole?.dense(parts, x) ?? oneByOne(parts, x),
      ...(whole && {
        headProduct: (name: string, x: Value, transposed: boolean) => whole.headProduct(name, x, transposed),
      }),
    });
  };
}
