/**
 * Linear layers on whole numbers. Weights are int8 with a scale for each output channel. Activations are bytes around
 * 128 with a scale for each row, taken from the row itself. So a text's answer does not depend on its batch; one scale
 * for all rows, as DynamicQuantizeLinear takes it, would make it depend. The error of a product is 0.6 to 1 % of its norm.
 * Attention's own products stay float32, in forms that sum in the same order for every batch: a different last bit can
 * change a byte, and a different byte shows in the third digit of an answer.
 */
import { type DensePart, hasBias, joined, type StoredTensor } from '../encoder/index.ts';
import { type Dim, Graph, type Value } from '../graph/index.ts';
import { type Compile, int32s, type Tensor } from '../runtime/runtime.ts';

/**
 * 8, or 7 on a processor whose byte products add two of them in 16 bits (x86 without VNNI): 255 · 127 · 2 does not fit,
 * 255 · 63 · 2 does.
 */
export type WeightBits = 7 | 8;

/** Outputs from which it pays: making the bytes of a row costs as much as a narrower product. */
const ENOUGH_OUTPUTS = 16;

/**
 * An exit head reads features of unlike sizes side by side (a row of the layer's output, means of its input). One scale
 * for all of them makes up half of the error of a head's logits, and float32 costs nothing there but at one text.
 */
const isHead = ({ name }: DensePart): boolean => name.startsWith('pyramid.heads.');

export interface Int8Weight {
  /** [in, out] */
  readonly values: Int8Array;
  /** [out] */
  readonly scales: Float32Array;
}

/** Symmetric, a scale for each row of `weight` [out, in]; given transposed. */
export function int8Weight({ data, shape: [out, inputs] }: StoredTensor, bits: WeightBits): Int8Weight {
  const most = 2 ** (bits - 1) - 1;
  const values = new Int8Array(inputs * out);
  const scales = new Float32Array(out);
  for (let row = 0; row < out; row++) {
    const from = row * inputs;
    let largest = 0;
    for (let i = 0; i < inputs; i++) largest = Math.max(largest, Math.abs(data[from + i]));
    if (largest === 0) continue;
    scales[row] = largest / most;
    const factor = most / largest;
    for (let i = 0; i < inputs; i++) values[i * out + row] = Math.round(data[from + i] * factor);
  }
  return { values, scales };
}

/** Writes the linear layers of one graph, from the tensors that `stored` gives by name. */
export class Int8Layers {
  readonly #g: Graph;
  readonly #stored: (name: string) => StoredTensor;
  readonly #bits: WeightBits;
  /** By how many rows there are. */
  readonly #zeroPoints = new Map<Dim, Value>();

  constructor(g: Graph, stored: (name: string) => StoredTensor, bits: WeightBits) {
    this.#g = g;
    this.#stored = stored;
    this.#bits = bits;
  }

  /** x Wᵀ + b of `parts` side by side, x [N, in]; null where float32 does better. */
  dense(parts: readonly DensePart[], x: Value): Value | null {
    if (parts.some((part) => part.exact || isHead(part))) return null;
    const g = this.#g;
    const tensor = (kind: 'weight' | 'bias') =>
      joined(parts.map(({ name, scale }) => scaled(this.#stored(`${name}.${kind}`), scale)));
    const weight = tensor('weight');
    const [out, inputs] = weight.shape;
    if (out < ENOUGH_OUTPUTS) return null;
    const { values, scales } = int8Weight(weight, this.#bits);
    return g.scope('int8', () => {
      const { bytes, scale } = this.#rowsAsBytes(x); // [N, in], [N]
      const product = wholeProduct(g, bytes, values, [inputs, out]); // [N, out]
      const y = g.mul(g.op('DequantizeRows', [product, scale], {}), g.constant('scales', scales, [out])); // [N, out]
      return hasBias(parts) ? g.add(y, g.constant('bias', tensor('bias').data, [out])) : y;
    });
  }

  /**
   * x [h, B, d_h] times each head's rows [d_h, d] of the weight `name` [d, d]; `transposed`: x [h, B, d] times [d, d_h].
   * These are small, but the order of a float32 sum depends on B, and a byte that is rounded from it may then be another.
   */
  headProduct(name: string, x: Value, transposed: boolean): Value {
    const g = this.#g;
    const { data, shape } = this.#stored(name);
    const [d] = shape;
    const [heads, texts] = x.shape as [number, string];
    const headSize = d / heads;
    const [inputs, out] = transposed ? [d, headSize] : [headSize, d];
    const values = new Int8Array(d * d);
    const scales = new Float32Array(heads * out);
    for (let head = 0; head < heads; head++) {
      const rows = data.subarray(head * headSize * d, (head + 1) * headSize * d); // [d_h, d]
      const own = int8Weight({ data: transposed ? rows : turned(rows, d), shape: [out, inputs] }, this.#bits);
      values.set(own.values, head * headSize * d);
      scales.set(own.scales, head * out);
    }
    return g.scope('int8', () => {
      const { bytes, scale } = this.#rowsAsBytes(g.reshape(x, [`${heads}*${texts}`, inputs])); // [h·B, in], [h·B]
      const byHead = g.reshape(bytes, [heads, texts, inputs]);
      const product = wholeProduct(g, byHead, values, [heads, inputs, out]); // [h, B, out]
      const rows = g.reshape(product, [`${heads}*${texts}`, out]); // [h·B, out]
      const y = g.reshape(g.op('DequantizeRows', [rows, scale], {}), [heads, texts, out]); // [h, B, out]
      return g.mul(y, g.constant('scales', scales, [heads, 1, out]));
    });
  }

  /** Each row of x [N, in] as bytes around 128, and what one step of it is worth [N]. Of zeros that is nothing, whatever the bytes. */
  #rowsAsBytes(x: Value): { readonly bytes: Value; readonly scale: Value } {
    const g = this.#g;
    const largest = g.op('ReduceMax', [g.abs(x)], { axes: [1], keepDims: false }); // [N]
    const scale = g.mul(largest, 1 / 127); // [N]
    const { shape } = scale;
    let zero = this.#zeroPoints.get(shape[0]);
    if (!zero) {
      zero = g.op('ConstantOfShape', [g.op('Shape', [scale], {})], { shape, value: 128, dtype: 'uint8' }); // [N]
      this.#zeroPoints.set(shape[0], zero);
    }
    return { bytes: g.op('QuantizeRows', [x, scale, zero], {}), scale };
  }
}

/** [rows, width] as [width, rows]. */
function turned(data: Float32Array, width: number): Float32Array {
  const rows = data.length / width;
  return data.map((_, i) => data[(i % rows) * width + Math.floor(i / rows)]);
}

const wholeProduct = (g: Graph, bytes: Value, values: Int8Array, shape: readonly number[]): Value =>
  g.op('MatMulInteger', [bytes, g.constant('weight', values, shape), g.constant('zero', Uint8Array.of(128), [])], {});

function scaled({ data, shape }: StoredTensor, scale: number | undefined): StoredTensor {
  return scale === undefined ? { data, shape } : { data: data.map((value) => value * scale), shape };
}

/**
 * Whether this machine's byte products hold 8-bit weights, by a product of the largest ones: one row and several have
 * kernels of their own.
 */
export async function weightBits(compile: Compile): Promise<WeightBits> {
  const [inputs, out] = [64, 32];
  const g = new Graph();
  const x = g.input('x', 'uint8', ['N', inputs]);
  const product = wholeProduct(g, x, new Int8Array(inputs * out).fill(127), [inputs, out]);
  g.output('y', product);
  const program = await compile(g, 'weight-bits');
  try {
    for (const rows of [1, 5, 64]) {
      const bytes: Tensor = { dtype: 'uint8', dims: [rows, inputs], data: new Uint8Array(rows * inputs).fill(255) };
      const { y } = await program.run({ x: bytes });
      if (!int32s(y).every((value) => value === 127 * 127 * inputs)) return 7;
    }
    return 8;
  } finally {
    await program.close();
  }
}
