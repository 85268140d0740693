/**
 * The arrangement of packed rows as inputs of a graph. Training lets the graph compute it from `sequence`. The engine
 * knows the lengths, and building the few small vectors here is faster than some fifteen small operators per run.
 */
import type { Layout } from '../encoder/index.ts';
import type { DType, Graph, Shape, Value } from '../graph/index.ts';
import { int64, type Tensor } from '../runtime/runtime.ts';

/**
 * A layout whose parts become inputs of `g` when they are first asked for: a graph has those it needs. `removed`: tokens may
 * have been removed before.
 */
export function givenLayout(g: Graph, removed: boolean): Layout {
  const made = new Map<string, Value>();
  const given = (name: string, dtype: DType, shape: Shape): Value => {
    let value = made.get(name);
    if (!value) {
      value = g.input(name, dtype, shape);
      made.set(name, value);
    }
    return value;
  };
  return {
    rows: 'N',
    texts: 'B',
    padded: 'S',
    get sequence() {
      return given('sequence', 'int64', ['N']);
    },
    get lengths() {
      return given('lengths', 'int64', ['B']);
    },
    get first() {
      return given('first', 'int64', ['B']);
    },
    get position() {
      return given('position', 'int64', ['N']);
    },
    get original() {
      return removed ? given('original', 'int64', ['N']) : null;
    },
    get pad() {
      return given('pad', 'int64', ['B', 'S']);
    },
    get unpad() {
      return given('unpad', 'int64', ['N']);
    },
    get live() {
      return given('live', 'bool', ['B', 'S']);
    },
  };
}

/** The values of those inputs for texts of these lengths, each made when it is asked for. */
export function layoutTensors(lengths: readonly number[]): (name: string) => Tensor | null {
  const texts = lengths.length;
  let rows = 0;
  let padded = 0;
  for (const length of lengths) {
    rows += length;
    if (length > padded) padded = length;
  }
  /** `value` of each row, by its text, its place within it and the text's first row. */
  const byRow = (value: (text: number, place: number, first: number) => number) =>
    whole(rows, (write) => {
      for (let text = 0, row = 0; text < texts; text++) {
        const first = row;
        for (let place = 0; place < lengths[text]; place++, row++) write(row, value(text, place, first));
      }
    });
  return (name) => {
    switch (name) {
      case 'sequence':
        return byRow((text) => text);
      case 'position':
        return byRow((_, place) => place);
      case 'unpad':
        return byRow((text, place) => text * padded + place);
      case 'lengths':
        return whole(texts, (write) => {
          for (let text = 0; text < texts; text++) write(text, lengths[text]);
        });
      case 'first':
        return whole(texts, (write) => {
          for (let text = 0, row = 0; text < texts; row += lengths[text++]) write(text, row);
        });
      case 'pad':
        return {
          ...whole(texts * padded, (write) => {
            for (let text = 0, row = 0; text < texts; text++) {
              for (let place = 0; place < lengths[text]; place++) write(text * padded + place, row++);
            }
          }),
          dims: [texts, padded],
        };
      case 'live': {
        const live = new Uint8Array(texts * padded);
        for (let text = 0; text < texts; text++) live.fill(1, text * padded, text * padded + lengths[text]);
        return { dtype: 'bool', dims: [texts, padded], data: live };
      }
      default:
        return null;
    }
  };
}

/** An int64 vector of small whole numbers, written as its low halves: a BigInt each would cost more than the run's own operators. */
export function whole(length: number, fill: (write: (at: number, value: number) => void) => void): Tensor {
  const data = new BigInt64Array(length);
  const halves = new Int32Array(data.buffer);
  fill((at, value) => {
    halves[2 * at] = value;
  });
  return int64(data, length);
}

/** The small whole numbers of an int64 tensor. */
export function lowHalves(tensor: Tensor): Int32Array {
  const { buffer, byteOffset, length } = tensor.data as BigInt64Array;
  const halves = new Int32Array(buffer, byteOffset, 2 * length);
  const values = new Int32Array(length);
  for (let i = 0; i < length; i++) values[i] = halves[2 * i];
  return values;
}
