/**
 * Dropout as inputs of the graph: each place takes a mask of zeros and ones, which this file draws from the seed and the
 * step. So a step can be repeated bit for bit, without generator state inside the runtime.
 */
import type { Dropout } from '../../encoder/index.ts';
import type { Graph, Shape, Value } from '../../graph/index.ts';
import { product } from '../../graph/types.ts';
import { hash } from '../../random.ts';
import { type Tensor, uint8 } from '../../runtime/runtime.ts';

export interface DropoutPlace {
  readonly input: string;
  readonly rate: number;
  readonly shape: Shape;
}

/** The `dropout` that a network is built with; notes each place it is applied at. */
export function dropoutInputs(g: Graph, places: DropoutPlace[]): Dropout {
  return (x: Value, name: string, rate: number) => {
    if (rate === 0) return x;
    const input = `dropout.${name}`;
    places.push({ input, rate, shape: x.shape });
    // given flat and at least as long as needed: after pruning nobody outside knows how many rows are left
    const flat = g.input(input, 'uint8', [`mask:${name}`]);
    const mask = g.reshape(g.head(flat, product(x.shape)), x.shape);
    return g.mul(x, g.op('Scale8', [mask, g.scalar(1 / (1 - rate))], {}));
  };
}

/** Draws the masks of a step. Sizes of pruned dimensions (N3, S3) are bounded by those of the whole batch (N, S). */
export class DropoutMasks {
  readonly #buffers = new Map<string, Uint8Array<ArrayBuffer>>();

  draw(
    places: readonly DropoutPlace[],
    sizes: { readonly N: number; readonly B: number; readonly S: number },
    key: string,
  ): Record<string, Tensor> {
    const masks: Record<string, Tensor> = {};
    for (const { input, rate, shape } of places) {
      const length = shape.reduce<number>(
        (n, dim) => n * (typeof dim === 'number' ? dim : sizes[dim[0] as 'N' | 'B' | 'S']),
        1,
      );
      let buffer = this.#buffers.get(input);
      if (!buffer || buffer.length < length) {
        buffer = new Uint8Array(Math.ceil(length * 1.25));
        this.#buffers.set(input, buffer);
      }
      fillMask(buffer, length, rate, hash(`${key}/${input}`));
      masks[input] = uint8(buffer.subarray(0, length), length);
    }
    return masks;
  }
}

/**
 * Zeros with probability `rate`, else ones. Rather than a draw a place it draws the gaps between zeros, which are
 * geometric: a training step has some ten million places. Random bits are from Chris Doty-Humphrey's sfc32 generator,
 * written out here for speed; 16 of them choose a gap, so the rate is met to about 1e-4.
 */
export function fillMask(mask: Uint8Array, length: number, rate: number, seed: number): void {
  mask.fill(1, 0, length);
  const gaps = gapTable(rate);
  let a = seed | 0;
  let b = (seed ^ 0x9e3779b9) | 0;
  let c = 0x243f6a88;
  let counter = 1;
  let place = -1;
  // the first rounds only mix the seed
  for (let round = -12; place < length; round++) {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    if (round < 0) continue;
    place += gaps[t & 0xffff];
    if (place < length) mask[place] = 0;
    place += gaps[t >>> 16];
    if (place < length) mask[place] = 0;
  }
}

const tables = new Map<number, Uint16Array>();

/** For each 16 bits the distance to the next zero, at least 1: P(distance > k) = (1 − rate)ᵏ. */
function gapTable(rate: number): Uint16Array {
  let table = tables.get(rate);
  if (!table) {
    const log = Math.log(1 - rate);
    table = Uint16Array.from(
      { length: 65536 },
      (_, i) => 1 + Math.min(65534, Math.floor(Math.log((i + 0.5) / 65536) / log)),
    );
    tables.set(rate, table);
  }
  return table;
}
