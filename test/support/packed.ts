/** Packs padded reference inputs into rows, and lays packed results out again, for comparing with PyTorch. */
import type { Parameters, StoredTensor } from '../../src/encoder/index.ts';
import type { Graph, Value } from '../../src/graph/index.ts';
import { float32, floats, integers, type Tensor, type Tensors } from '../../src/runtime/runtime.ts';

export interface Packed {
  readonly texts: number;
  readonly padded: number;
  readonly ids: number[];
  readonly types: number[];
  readonly sequence: number[];
  /** Place in [B · S] of each row. */
  readonly places: number[];
}

export function pack(ids: StoredTensor, types: StoredTensor, mask: StoredTensor): Packed {
  const [texts, padded] = ids.shape;
  const packed: Packed = { texts, padded, ids: [], types: [], sequence: [], places: [] };
  for (let at = 0; at < texts * padded; at++) {
    if (mask.data[at] === 0) continue;
    packed.ids.push(ids.data[at]);
    packed.types.push(types.data[at]);
    packed.sequence.push(Math.floor(at / padded));
    packed.places.push(at);
  }
  return packed;
}

/** Rows [N, width] of `places` among the padded values [B · S, width]. */
export function rowsOf(padded: StoredTensor, places: readonly number[], width: number): number[] {
  return places.flatMap((place) => Array.from(padded.data.subarray(place * width, (place + 1) * width)));
}

/** Declares every parameter as graph input. */
export const inputWeights = (g: Graph, parameters: Parameters): ((name: string) => Value) => {
  const values = new Map<string, Value>();
  return (name) => {
    let value = values.get(name);
    if (!value) {
      const stored = parameters.get(name);
      if (!stored) throw new Error(`no parameter ${name}`);
      value = g.input(name, 'float32', stored.shape);
      values.set(name, value);
    }
    return value;
  };
};

export const parameterTensors = (parameters: Parameters): Record<string, Tensor> =>
  Object.fromEntries([...parameters].map(([name, { shape, data }]) => [name, float32(data, ...shape)]));

export const packedTensors = ({ ids, types, sequence }: Packed): Tensors => ({
  ids: integers(ids),
  types: integers(types),
  sequence: integers(sequence),
});

export const values = (tensor: Tensor): Float32Array => floats(tensor);
