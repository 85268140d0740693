/**
 * The one table of operations: for each, the types of its outputs (which is where wrong shapes and dtypes are
 * caught) and its ONNX form. Complete by type: an operation without an entry does not compile.
 * Standard operators of opset 20 (https://onnx.ai/onnx/operators), so that any runtime can run what we write.
 */
import type { Attributes, None, OpName, Reduction } from './attributes.ts';
import {
  axisOf,
  broadcast,
  type Computation,
  type DType,
  product,
  type Shape,
  sameShape,
  showShape,
  showType,
  type Type,
  TypeProblem,
} from './types.ts';

export type { Attributes, OpName } from './attributes.ts';

export type OnnxAttribute =
  | { readonly i: number }
  | { readonly f: number }
  | { readonly s: string }
  | { readonly ints: readonly number[] }
  | { readonly tensor: { readonly dtype: DType; readonly value: number } };

/** How an operation is written in ONNX. */
export interface OnnxForm {
  /** Operator, if it is not called as ours. */
  readonly type?: string;
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  /** int64 scalars and vectors that follow our inputs. */
  readonly constants?: readonly (number | readonly number[])[];
  /** Only the first inputs of ours are the operator's. */
  readonly inputs?: number;
  /** Outputs after so many are left out where nothing needs them: the runtime would compute them. */
  readonly outputs?: number;
}

interface OpRule<A> {
  readonly types: (inputs: readonly Type[], attributes: A) => readonly Type[];
  readonly onnx: (attributes: A) => OnnxForm;
  /** Graphs among the attributes. */
  readonly branches?: (attributes: A) => Readonly<Record<string, Computation>>;
}

const check = (ok: boolean, inputs: readonly Type[], rule: string): void => {
  if (!ok) throw new TypeProblem(`${inputs.map(showType).join(' and ')}: ${rule}`);
};

const plain = (): OnnxForm => ({});
const one = (type: Type): readonly Type[] => [type];

const elementwise = (dtypes: readonly DType[], result?: DType): OpRule<None> => ({
  types(inputs) {
    const [a, b] = inputs;
    check(inputs.length === 2 && a.dtype === b.dtype, inputs, 'needs two values of one dtype');
    check(dtypes.includes(a.dtype), inputs, `works on ${dtypes.join(', ')}`);
    const shape = broadcast(a.shape, b.shape);
    check(shape !== null, inputs, 'shapes do not broadcast');
    return one({ dtype: result ?? a.dtype, shape: shape as Shape });
  },
  onnx: plain,
});

const unary = (dtypes: readonly DType[]): OpRule<None> => ({
  types(inputs) {
    check(
      inputs.length === 1 && dtypes.includes(inputs[0].dtype),
      inputs,
      `works on one value of ${dtypes.join(', ')}`,
    );
    return one(inputs[0]);
  },
  onnx: plain,
});

const reduction = (dtypes: readonly DType[]): OpRule<Reduction> => ({
  types(inputs, { axes, keepDims }) {
    const { dtype, shape } = inputs[0];
    check(dtypes.includes(dtype), inputs, `works on ${dtypes.join(', ')}`);
    check(axes.length > 0, inputs, 'needs an axis');
    const gone = new Set(axes.map((axis) => axisOf(axis, shape.length)));
    const left = keepDims ? shape.map((dim, i) => (gone.has(i) ? 1 : dim)) : shape.filter((_, i) => !gone.has(i));
    return one({ dtype, shape: left });
  },
  onnx: ({ axes, keepDims }) => ({ attributes: { keepdims: { i: Number(keepDims) } }, constants: [axes] }),
});

const alongAxis: OpRule<{ axis: number }> = {
  types(inputs, { axis }) {
    check(inputs[0].dtype === 'float32', inputs, 'works on float32');
    axisOf(axis, inputs[0].shape.length);
    return one(inputs[0]);
  },
  onnx: ({ axis }) => ({ attributes: { axis: { i: axis } } }),
};

const scatterRows: OpRule<None> = {
  types(inputs) {
    const [data, indices, updates] = inputs;
    check(
      indices.dtype === 'int64' && indices.shape.length === 2 && indices.shape[1] === 1,
      inputs,
      'needs int64 indices [n, 1]',
    );
    check(
      updates.dtype === data.dtype && sameShape(updates.shape, [indices.shape[0], ...data.shape.slice(1)]),
      inputs,
      "needs one row of updates an index, of the data's row shape",
    );
    return one(data);
  },
  onnx: () => ({ type: 'ScatterND', attributes: { reduction: { s: 'none' } } }),
};

function matrixProduct(inputs: readonly Type[]): Shape {
  const [a, b] = inputs;
  check(a.shape.length >= 2 && b.shape.length >= 2, inputs, 'needs two or more dimensions');
  check(a.shape.at(-1) === b.shape.at(-2), inputs, 'inner dimensions differ');
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  check(batch !== null, inputs, 'batch dimensions do not broadcast');
  return [...(batch as Shape), a.shape.at(-2)!, b.shape.at(-1)!];
}

const FLOAT: readonly DType[] = ['float32'];
const NUMBER: readonly DType[] = ['float32', 'int64', 'int32'];

export const ops: { readonly [P in OpName]: OpRule<Attributes[P]> } = {
  Add: elementwise(NUMBER),
  Sub: elementwise(NUMBER),
  Mul: elementwise(NUMBER),
  Div: elementwise(NUMBER),
  Equal: elementwise([...NUMBER, 'bool'], 'bool'),
  Less: elementwise(NUMBER, 'bool'),
  Greater: elementwise(NUMBER, 'bool'),
  GreaterOrEqual: elementwise(NUMBER, 'bool'),
  LessOrEqual: elementwise(NUMBER, 'bool'),
  And: elementwise(['bool']),
  Or: elementwise(['bool']),
  Mod: elementwise(['int64']),
  Neg: unary(NUMBER),
  Not: unary(['bool']),
  Abs: unary(NUMBER),
  Sign: unary(FLOAT),
  Sqrt: unary(FLOAT),
  Exp: unary(FLOAT),
  Log: unary(FLOAT),
  Erf: unary(FLOAT),
  Gelu: unary(FLOAT),
  Tanh: unary(FLOAT),
  Sigmoid: unary(FLOAT),
  Reciprocal: unary(FLOAT),
  Detach: { ...unary(FLOAT), onnx: () => ({ type: 'Identity' }) },
  Cast: {
    types: ([x], { to }) => one({ dtype: to, shape: x.shape }),
    onnx: ({ to }) => ({ attributes: { to: { i: onnxDType[to] } } }),
  },
  Where: {
    types(inputs) {
      const [condition, a, b] = inputs;
      check(condition.dtype === 'bool' && a.dtype === b.dtype, inputs, 'needs bool and two values of one dtype');
      const sides = broadcast(a.shape, b.shape);
      const shape = sides && broadcast(condition.shape, sides);
      check(shape !== null, inputs, 'shapes do not broadcast');
      return one({ dtype: a.dtype, shape: shape as Shape });
    },
    onnx: plain,
  },
  Scale8: {
    types(inputs) {
      const [x, scale] = inputs;
      check(
        x.dtype === 'uint8' && scale.dtype === 'float32' && scale.shape.length === 0,
        inputs,
        'needs uint8 and a float32 scalar',
      );
      return one({ dtype: 'float32', shape: x.shape });
    },
    onnx: () => ({ type: 'DequantizeLinear' }),
  },
  MatMul: {
    types(inputs) {
      const [a, b] = inputs;
      check(a.dtype === 'float32' && b.dtype === 'float32', inputs, 'works on float32');
      return one({ dtype: 'float32', shape: matrixProduct(inputs) });
    },
    onnx: plain,
  },
  Gemm: {
    types(inputs, { transA, transB }) {
      const [a, b, bias] = inputs;
      check(
        inputs.every((x) => x.dtype === 'float32') && a.shape.length === 2 && b.shape.length === 2,
        inputs,
        'needs two float32 matrices',
      );
      const [m, inner] = transA ? [a.shape[1], a.shape[0]] : a.shape;
      const [inner2, n] = transB ? [b.shape[1], b.shape[0]] : b.shape;
      check(inner === inner2, inputs, 'inner dimensions differ');
      check(!bias || sameShape(bias.shape, [n]), inputs, `bias must be ${showShape([n])}`);
      return one({ dtype: 'float32', shape: [m, n] });
    },
    onnx: ({ transA, transB }) => ({ attributes: { transA: { i: Number(transA) }, transB: { i: Number(transB) } } }),
  },
  MatMulInteger: {
    types(inputs) {
      const [a, b, zero] = inputs;
      check(
        a.dtype === 'uint8' && b.dtype === 'int8' && zero.dtype === 'uint8' && zero.shape.length === 0,
        inputs,
        'needs uint8, int8 and a uint8 scalar',
      );
      return one({ dtype: 'int32', shape: matrixProduct(inputs) });
    },
    onnx: plain,
  },
  QuantizeRows: {
    types(inputs) {
      const [x, scale, zero] = inputs;
      const rows = [x.shape[0]];
      check(
        x.dtype === 'float32' && scale.dtype === 'float32' && zero.dtype === 'uint8',
        inputs,
        'needs float32, float32 and uint8',
      );
      check(
        x.shape.length > 1 && sameShape(scale.shape, rows) && sameShape(zero.shape, rows),
        inputs,
        'needs a scale and a zero point for each row',
      );
      return one({ dtype: 'uint8', shape: x.shape });
    },
    onnx: () => ({ type: 'QuantizeLinear', attributes: { axis: { i: 0 } } }),
  },
  DequantizeRows: {
    types(inputs) {
      const [x, scale] = inputs;
      check(x.dtype === 'int32' && scale.dtype === 'float32', inputs, 'needs int32 and float32');
      check(x.shape.length > 1 && sameShape(scale.shape, [x.shape[0]]), inputs, 'needs a scale for each row');
      return one({ dtype: 'float32', shape: x.shape });
    },
    onnx: () => ({ type: 'DequantizeLinear', attributes: { axis: { i: 0 } } }),
  },
  Softmax: alongAxis,
  LogSoftmax: alongAxis,
  LayerNormalization: {
    types(inputs) {
      const [x, weight, bias] = inputs;
      const last = [x.shape.at(-1)!];
      check(
        inputs.every((v) => v.dtype === 'float32') &&
          sameShape(weight.shape, last) &&
          (!bias || sameShape(bias.shape, last)),
        inputs,
        'weight and bias must be one last axis long',
      );
      const rows: Type = { dtype: 'float32', shape: [...x.shape.slice(0, -1), 1] };
      return [x, rows, rows];
    },
    onnx: ({ epsilon }) => ({ attributes: { axis: { i: -1 }, epsilon: { f: epsilon } }, outputs: 1 }),
  },
  ReduceSum: reduction(['float32', 'int64']),
  ReduceMean: reduction(FLOAT),
  ReduceMax: reduction(['float32', 'int64']),
  CumSum: {
    types: ([x], { axis }) => {
      axisOf(axis, x.shape.length);
      return one(x);
    },
    onnx: ({ axis, exclusive }) => ({ attributes: { exclusive: { i: Number(exclusive) } }, constants: [axis] }),
  },
  Reshape: {
    types(inputs, { shape }) {
      check(
        product(inputs[0].shape) === product(shape),
        inputs.slice(0, 1),
        `does not hold as many values as ${showShape(shape)}`,
      );
      return one({ dtype: inputs[0].dtype, shape });
    },
    onnx: plain,
  },
  Expand: {
    types(inputs, { shape }) {
      const result = broadcast(inputs[0].shape, shape);
      check(result !== null && sameShape(result, shape), inputs.slice(0, 1), `does not expand to ${showShape(shape)}`);
      return one({ dtype: inputs[0].dtype, shape });
    },
    onnx: plain,
  },
  ConstantOfShape: {
    types: (_, { shape, dtype }) => one({ dtype, shape }),
    onnx: ({ value, dtype }) => ({ attributes: { value: { tensor: { dtype, value } } } }),
  },
  Transpose: {
    types(inputs, { perm }) {
      const { dtype, shape } = inputs[0];
      check(
        [...perm].sort((a, b) => a - b).every((axis, i) => axis === i) && perm.length === shape.length,
        inputs,
        `[${perm}] is no order of its axes`,
      );
      return one({ dtype, shape: perm.map((axis) => shape[axis]) });
    },
    onnx: ({ perm }) => ({ attributes: { perm: { ints: perm } } }),
  },
  Unsqueeze: {
    types([x], { axes }) {
      const shape = [...x.shape];
      const added = axes.map((axis) => axisOf(axis, shape.length + axes.length)).sort((a, b) => a - b);
      for (const axis of added) shape.splice(axis, 0, 1);
      return one({ dtype: x.dtype, shape });
    },
    onnx: ({ axes }) => ({ constants: [axes] }),
  },
  Squeeze: {
    types(inputs, { axes }) {
      const { dtype, shape } = inputs[0];
      const gone = new Set(axes.map((axis) => axisOf(axis, shape.length)));
      check(
        shape.every((dim, i) => dim === 1 || !gone.has(i)),
        inputs,
        `axes ${axes} are not all 1`,
      );
      return one({ dtype, shape: shape.filter((_, i) => !gone.has(i)) });
    },
    onnx: ({ axes }) => ({ constants: [axes] }),
  },
  Concat: {
    types(inputs, { axis, dim }) {
      const first = inputs[0];
      const at = axisOf(axis, first.shape.length);
      check(
        inputs.every(
          (x) =>
            x.dtype === first.dtype &&
            x.shape.length === first.shape.length &&
            x.shape.every((d, i) => i === at || d === first.shape[i]),
        ),
        inputs,
        `must agree but for axis ${axis}`,
      );
      const sizes = inputs.map((x) => x.shape[at]);
      const total = sizes.every((size) => typeof size === 'number')
        ? sizes.reduce<number>((sum, size) => sum + (size as number), 0)
        : dim;
      check(total !== null, inputs, 'the joined axis is symbolic and needs a name');
      return one({ dtype: first.dtype, shape: first.shape.map((d, i) => (i === at ? (total as number) : d)) });
    },
    onnx: ({ axis }) => ({ attributes: { axis: { i: axis } } }),
  },
  Split: {
    types(inputs, { axis, sizes }) {
      const { dtype, shape } = inputs[0];
      const at = axisOf(axis, shape.length);
      check(
        shape[at] === sizes.reduce((sum, size) => sum + size, 0),
        inputs,
        `axis ${axis} is not the sum of ${sizes}`,
      );
      return sizes.map((size) => ({ dtype, shape: shape.map((d, i) => (i === at ? size : d)) }));
    },
    onnx: ({ axis, sizes }) => ({ attributes: { axis: { i: axis } }, constants: [sizes] }),
  },
  Head: {
    types(inputs, { dim }) {
      const [x, end] = inputs;
      check(end.dtype === 'int64' && sameShape(end.shape, [1]), inputs, 'needs its end as int64 [1]');
      return one({ dtype: x.dtype, shape: [dim, ...x.shape.slice(1)] });
    },
    // Slice takes (data, starts, ends, axes); the graph passes (data, zero, end)
    onnx: () => ({ type: 'Slice', constants: [[0]] }),
  },
  Shape: { types: ([x]) => one({ dtype: 'int64', shape: [x.shape.length] }), onnx: plain },
  Range: {
    types(inputs, { dim }) {
      check(
        inputs.every((x) => x.dtype === 'int64' && x.shape.length === 0),
        inputs,
        'needs int64 scalars',
      );
      return one({ dtype: 'int64', shape: [dim] });
    },
    onnx: plain,
  },
  Gather: {
    types(inputs, { axis }) {
      const [data, indices] = inputs;
      const at = axisOf(axis, data.shape.length);
      check(indices.dtype === 'int64', inputs, 'needs int64 indices');
      return one({
        dtype: data.dtype,
        shape: [...data.shape.slice(0, at), ...indices.shape, ...data.shape.slice(at + 1)],
      });
    },
    onnx: ({ axis }) => ({ attributes: { axis: { i: axis } } }),
  },
  TakeRows: {
    types(inputs) {
      const [data, indices] = inputs;
      check(indices.dtype === 'int64' && indices.shape.length === 1, inputs, 'needs an int64 vector of indices');
      return one({ dtype: data.dtype, shape: [indices.shape[0], ...data.shape.slice(1)] });
    },
    onnx: () => ({ type: 'Gather', attributes: { axis: { i: 0 } } }),
  },
  PadRows: {
    types(inputs) {
      const [data, pad, unpad] = inputs;
      check(
        pad.dtype === 'int64' && pad.shape.length === 2 && sameShape(unpad.shape, [data.shape[0]]),
        inputs,
        'needs pad [B, S] and unpad, one entry a row',
      );
      return one({ dtype: data.dtype, shape: [...pad.shape, ...data.shape.slice(1)] });
    },
    onnx: () => ({ type: 'Gather', attributes: { axis: { i: 0 } }, inputs: 2 }),
  },
  ScatterAdd: {
    types(inputs) {
      const [data, indices, updates] = inputs;
      check(
        indices.dtype === 'int64' && sameShape(indices.shape, updates.shape),
        inputs,
        'needs int64 indices of the shape of the updates',
      );
      check(
        updates.dtype === data.dtype && sameShape(updates.shape.slice(1), data.shape.slice(1)),
        inputs,
        "needs updates of the data's dtype and row shape",
      );
      return one(data);
    },
    // not ScatterND: with two threads onnxruntime's loses additions to a row that repeats (its issue 18048)
    onnx: () => ({ type: 'ScatterElements', attributes: { axis: { i: 0 }, reduction: { s: 'add' } } }),
  },
  ScatterRows: scatterRows,
  NonZero: {
    types(inputs, { dim }) {
      check(inputs[0].shape.length === 1 && inputs[0].dtype === 'bool', inputs, 'needs a bool vector');
      return one({ dtype: 'int64', shape: [1, dim] });
    },
    onnx: plain,
  },
  ScatterMax: {
    types(inputs) {
      const [data, indices, updates] = inputs;
      check(
        indices.dtype === 'int64' && indices.shape.length === 1 && sameShape(indices.shape, updates.shape),
        inputs,
        'needs int64 indices, one an update',
      );
      check(updates.dtype === data.dtype && data.shape.length === 1, inputs, "needs a vector of the updates' dtype");
      return one(data);
    },
    onnx: () => ({ type: 'ScatterElements', attributes: { axis: { i: 0 }, reduction: { s: 'max' } } }),
  },
  Unique: {
    types(inputs, { dim }) {
      const [x] = inputs;
      check(x.dtype === 'int64' && x.shape.length === 1, inputs, 'needs an int64 vector');
      const each: Type = { dtype: 'int64', shape: [dim] };
      return [each, each, x, each];
    },
    onnx: () => ({ attributes: { sorted: { i: 1 } } }),
  },
  If: {
    types(inputs, { then_branch: yes, else_branch: no }) {
      const [condition] = inputs;
      check(condition.dtype === 'bool' && condition.shape.length === 0, inputs, 'needs one bool');
      const given = ({ outputs }: Computation): string => outputs.map(({ value }) => showType(value)).join(', ');
      if (given(yes) !== given(no))
        throw new TypeProblem(`its branches give other types: ${given(yes)} and ${given(no)}`);
      return yes.outputs.map(({ value: { dtype, shape } }) => ({ dtype, shape }));
    },
    onnx: plain,
    branches: (attributes) => ({ ...attributes }),
  },
};

/** TensorProto.DataType of the ONNX specification. */
export const onnxDType: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
};
