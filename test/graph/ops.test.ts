/** Every operation on onnxruntime against its float64 reference, every gradient rule against central differences of it. */
import { describe, expect, it } from 'vitest';
import { type GradientRule, gradients } from '../../src/graph/gradients.ts';
import { backward, type DType, Graph, type Value, verify } from '../../src/graph/index.ts';
import { type Attributes, type OpName, ops } from '../../src/graph/ops.ts';
import { randomStream } from '../../src/random.ts';
import type { Tensor, Tensors } from '../../src/runtime/runtime.ts';
import { compile } from '../support/cpu.ts';
import { distance, largest } from '../support/golden.ts';
import { type Nd, sizeOf } from '../support/nd.ts';
import { type Case, opCases, type Row, SIZES, type Sizes } from './op-cases.ts';

const SEED = 20240817;
/** Step of the central differences: truncation about 1e-10, rounding about 1e-11 of a loss of order 1. */
const STEP = 1e-5;

const names = Object.keys(ops) as OpName[];

describe.each(names)('%s', (op) => {
  const row = opCases[op] as Row<object>;
  for (const one of row.cases as readonly Case<object>[]) {
    it(`gives the reference's values ${one.what} (within ${row.tolerance}: ${row.reason})`, async () => {
      const g = new Graph();
      const { outputs } = write(g, op, one);
      outputs.forEach((value, i) => {
        g.output(`y${i}`, value);
      });
      expect(verify(g)).toEqual([]);
      await atEachSize(g, async (run, sizes) => {
        const given = draw(op, one, sizes);
        const expected = row.reference(given, one.attributes, sizes);
        const actual = await run(tensors(one, given));
        expect(expected).toHaveLength(outputs.length);
        expected.forEach(({ shape, data }, i) => {
          const y = actual[`y${i}`];
          expect(y.dims).toEqual(shape);
          expect(y.dtype).toBe(outputs[i].dtype);
          expect(worst(numbers(y), data)).toBeLessThanOrEqual(row.tolerance);
        });
      });
    });
  }

  const differentiable = row.cases.filter(
    (one) => write(new Graph(), op, one).outputs[0].dtype === 'float32' && one.inputs.some(isFloat),
  ) as readonly Case<object>[];

  if (row.gradient instanceof RegExp) {
    it('has no gradient, and says why', () => {
      const g = new Graph();
      const { outputs } = write(g, op, row.cases[0]);
      const node = outputs[0].producer!;
      const rule = gradients[op] as GradientRule<object>;
      expect(() => rule(g, node, outputs, node.attributes)).toThrow(row.gradient as RegExp);
      expect(() => rule(g, node, outputs, node.attributes)).toThrow(`internal: ${op} (${node.name}) has no gradient`);
    });
    return;
  }
  if (row.gradient === null) {
    it('lets no gradient through, and does not change the other gradients of its input', async () => {
      const g = new Graph();
      const x = g.input('x0', 'float32', row.cases[0].inputs[0].shape);
      const [held] = [g.op(op, [x], row.cases[0].attributes as never)];
      // d/dx of Σ x · held(x) is held(x), not 2x
      const [dx] = backward(g, g.sum(g.mul(x, held), [0, 1]), [x]);
      g.output('dx0', dx);
      await atEachSize(g, async (run, sizes) => {
        const given = draw(op, row.cases[0], sizes);
        expect(distance(numbers((await run(tensors(row.cases[0], given))).dx0), given[0].data)).toBe(0);
      });
      expect(() => writeLoss(new Graph(), op, row.cases[0])).toThrow('the loss does not depend on');
    });
    return;
  }
  it('has a case whose gradient is checked', () => {
    expect(differentiable.filter((one) => !one.noGradient).length).toBeGreaterThan(0);
  });
  for (const one of differentiable) {
    const { noGradient } = one;
    if (noGradient) {
      it(`refuses a gradient ${one.what}`, () => {
        expect(() => writeLoss(new Graph(), op, one)).toThrow(noGradient);
      });
      continue;
    }
    it(`has the gradient of its reference ${one.what} (within ${row.gradient})`, async () => {
      const g = new Graph();
      const floats = writeLoss(g, op, one);
      expect(verify(g)).toEqual([]);
      await atEachSize(g, async (run, sizes) => {
        const given = draw(op, one, sizes);
        const shapes = row.reference(given, one.attributes, sizes).map(({ shape }) => shape);
        const weights = lossWeights(op, one, shapes, sizes);
        const actual = await run({ ...tensors(one, given), ...weightTensors(weights) });
        const loss = (inputs: readonly Nd[]) =>
          row.reference(inputs, one.attributes, sizes).reduce((total, { data }, i) => {
            const w = weights.get(i);
            return w ? data.reduce((sum, value, k) => sum + value * w.data[k], total) : total;
          }, 0);
        for (const i of floats) {
          const expected = centralDifferences(loss, given, i);
          const dx = actual[`dx${i}`];
          expect(dx.dims).toEqual(given[i].shape);
          expect(distance(numbers(dx), expected)).toBeLessThanOrEqual(
            (row.gradient as number) * Math.max(1, largest(expected)),
          );
        }
      });
    });
  }
});

/** The largest difference, relative to the expected value where that is larger than 1. */
function worst(actual: readonly number[], expected: readonly number[]): number {
  const scale = (value: number) => Math.max(1, Math.abs(value));
  return distance(
    actual.map((value, i) => value / scale(expected[i])),
    expected.map((value) => value / scale(value)),
  );
}

const isFloat = ({ dtype }: { readonly dtype: DType }): boolean => dtype === 'float32';

function write(g: Graph, op: OpName, one: Case<object>): { inputs: Value[]; outputs: readonly Value[] } {
  const inputs = one.inputs.map(({ dtype, shape }, i) => g.input(`x${i}`, dtype, shape));
  const build =
    one.build ??
    ((graph: Graph, values: readonly Value[]) => graph.ops(op, values, one.attributes as Attributes[OpName]));
  const outputs = build(g, inputs);
  // a case that builds its node itself must build the one that its row is about
  expect(outputs[0].producer?.op).toBe(op);
  expect(outputs[0].producer?.attributes).toEqual(one.attributes);
  return { inputs, outputs };
}

/** Loss Σ y ⊙ w over the used float outputs; outputs the gradients `dx…`; gives the inputs that have one. */
function writeLoss(g: Graph, op: OpName, one: Case<object>): number[] {
  const { inputs, outputs } = write(g, op, one);
  const parts = outputs.flatMap((y, i) => {
    if (one.unused?.includes(i) || !isFloat(y)) return [];
    const weighted = g.mul(y, g.input(`w${i}`, 'float32', y.shape));
    const axes = y.shape.map((_, axis) => axis);
    return [axes.length > 0 ? g.sum(weighted, axes) : weighted];
  });
  const used = new Set(outputs[0].producer!.inputs);
  const floats = inputs.flatMap((input, i) => (isFloat(input) && used.has(input) ? [i] : []));
  const dx = backward(
    g,
    parts.reduce((a, b) => g.add(a, b)),
    floats.map((i) => inputs[i]),
  );
  floats.forEach((i, k) => {
    expect(dx[k].shape).toEqual(inputs[i].shape);
    g.output(`dx${i}`, dx[k]);
  });
  return floats;
}

/** The one program of a graph, run at each of the sizes. */
async function atEachSize(
  g: Graph,
  body: (run: (given: Tensors) => Promise<Record<string, Tensor>>, sizes: Sizes) => Promise<void>,
): Promise<void> {
  const program = await compile(g, 'test');
  try {
    for (const sizes of SIZES) await body((given) => program.run(given), sizes);
  } finally {
    await program.close();
  }
}

const dims = (shape: readonly (number | string)[], sizes: Sizes): number[] =>
  shape.map((dim) =>
    typeof dim === 'number' ? dim : dim.split('*').reduce((n, part) => n * (sizes[part] ?? Number(part)), 1),
  );

function draw(op: OpName, one: Case<object>, sizes: Sizes): Nd[] {
  return one.inputs.map((input, i) => {
    const shape = dims(input.shape, sizes);
    const random = randomStream(SEED, op, one.what, i, sizes.N);
    const data = input.values(random, sizeOf(shape), sizes);
    expect(data).toHaveLength(sizeOf(shape));
    return { shape, data };
  });
}

function lossWeights(
  op: OpName,
  one: Case<object>,
  shapes: readonly (readonly number[])[],
  sizes: Sizes,
): Map<number, Nd> {
  const weights = new Map<number, Nd>();
  shapes.forEach((shape, i) => {
    if (one.unused?.includes(i)) return;
    const random = randomStream(SEED, op, one.what, 'weights', i, sizes.N);
    const data = Array.from({ length: sizeOf(shape) }, (_, flat) => {
      const weight = Math.fround(2 * random.next() - 1);
      return one.dead?.(flat, sizes) ? 0 : weight;
    });
    weights.set(i, { shape, data });
  });
  return weights;
}

const weightTensors = (weights: Map<number, Nd>): Tensors =>
  Object.fromEntries([...weights].map(([i, weight]) => [`w${i}`, tensor('float32', weight)]));
const tensors = (one: Case<object>, given: readonly Nd[]): Tensors =>
  Object.fromEntries(given.map((x, i) => [`x${i}`, tensor(one.inputs[i].dtype, x)]));

function tensor(dtype: DType, { shape, data }: Nd): Tensor {
  const make = {
    float32: () => Float32Array.from(data),
    int64: () => BigInt64Array.from(data, BigInt),
    int32: () => Int32Array.from(data),
    int8: () => Int8Array.from(data),
    uint8: () => Uint8Array.from(data),
    bool: () => Uint8Array.from(data),
  };
  return { dtype, dims: shape, data: make[dtype]() };
}
const numbers = ({ data }: Tensor): number[] => Array.from(data as ArrayLike<number | bigint>, Number);

/** d loss / d input i, each value moved by STEP to either side. */
function centralDifferences(loss: (inputs: readonly Nd[]) => number, inputs: readonly Nd[], i: number): number[] {
  return inputs[i].data.map((value, k) => {
    const moved = (to: number) =>
      loss(inputs.map((x, j) => (j === i ? { ...x, data: x.data.map((own, n) => (n === k ? to : own)) } : x)));
    return (moved(value + STEP) - moved(value - STEP)) / (2 * STEP);
  });
}
