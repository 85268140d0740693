/**
 * One row an operation: inputs, attributes, a plain float64 reference, and how close onnxruntime must come to it.
 * Complete by type: an operation without a row does not compile. Symbols of the shapes stand for the sizes in
 * `SIZES`; every case runs as one program at each of them.
 */
import { expect } from 'vitest';
import { type DType, Graph, type Shape, type Value } from '../../src/graph/index.ts';
import type { Attributes, OpName } from '../../src/graph/ops.ts';
import type { RandomStream } from '../../src/random.ts';
import { at, elementwise, erf, fold, type Nd, nd, positive, sizeOf, sum } from '../support/nd.ts';

export type Sizes = Readonly<Record<string, number>>;
/** K = N + M; N rows fit into [B, S]. */
export const SIZES: readonly Sizes[] = [
  { N: 5, M: 3, B: 2, S: 4, K: 8 },
  { N: 3, M: 2, B: 3, S: 1, K: 5 },
];

export interface Input {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly values: (random: RandomStream, count: number, sizes: Sizes) => readonly number[];
}

export interface Case<A> {
  readonly what: string;
  readonly inputs: readonly Input[];
  readonly attributes: A;
  /** How the node is written, where its inputs are not all given. */
  readonly build?: (g: Graph, inputs: readonly Value[]) => readonly Value[];
  /** Outputs that the loss does not use. */
  readonly unused?: readonly number[];
  /** Places of the first output that the loss does not use. */
  readonly dead?: (flat: number, sizes: Sizes) => boolean;
  /** Why this case alone has no gradient. */
  readonly noGradient?: RegExp;
}

export interface Row<A> {
  readonly reference: (inputs: readonly Nd[], attributes: A, sizes: Sizes) => readonly Nd[];
  /** Largest difference of a value, relative to its reference where that is larger than 1. */
  readonly tolerance: number;
  readonly reason: string;
  /**
   * Of gradients against central differences, relative to the largest (1 if that is smaller); or why there are none;
   * null: none is let through, in silence.
   */
  readonly gradient: number | RegExp | null;
  readonly cases: readonly [Case<A>, ...Case<A>[]];
}

// ------------------------------------------------------------------------------------------------------ inputs

const values = (dtype: DType, shape: Shape, value: (random: RandomStream) => number): Input => ({
  dtype,
  shape,
  values: (random, count) => Array.from({ length: count }, () => Math.fround(value(random))),
});
/** Floats of either sign, at least 0.3 from zero, where |x|, sign and 1/x have their kinks. */
const floats = (...shape: Shape): Input =>
  values('float32', shape, (random) => (random.next() < 0.5 ? -1 : 1) * (0.3 + 1.7 * random.next()));
const positives = (...shape: Shape): Input => values('float32', shape, (random) => 0.3 + 1.7 * random.next());
/** Few different whole numbers, so that comparisons meet equal ones. */
const wholes = (dtype: DType, ...shape: Shape): Input => values(dtype, shape, (random) => random.integer(5) - 2);
const nonZero = (dtype: DType, ...shape: Shape): Input =>
  values(dtype, shape, (random) => (random.next() < 0.5 ? -1 : 1) * (1 + random.integer(9)));
const bytes = (...shape: Shape): Input => values('uint8', shape, (random) => random.integer(256));
/** Of 7 bits: a processor without byte products of its own adds two of them in 16 bits, where 8-bit ones do not fit. */
const signedBytes = (...shape: Shape): Input => values('int8', shape, (random) => random.integer(127) - 63);
const flags = (...shape: Shape): Input => values('bool', shape, (random) => random.integer(2));
const given = (dtype: DType, shape: Shape, list: (sizes: Sizes) => readonly number[]): Input => ({
  dtype,
  shape,
  values: (_random, _count, sizes) => list(sizes).map(dtype === 'float32' ? Math.fround : Number),
});
const indices = (shape: Shape, list: (sizes: Sizes) => readonly number[]): Input => given('int64', shape, list);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
type Plain = Attributes['Add'];
const none: Plain = {};

// --------------------------------------------------------------------------------------------------- references

const resolve = (shape: Shape, sizes: Sizes): number[] =>
  shape.map((dim) =>
    typeof dim === 'number'
      ? dim
      : dim
          .split('*')
          .map((part) => sizes[part] ?? Number(part))
          .reduce((a, b) => a * b, 1),
  );
const reshaped = (x: Nd, shape: readonly number[]): Nd => ({ shape, data: x.data });
const transposed = (x: Nd, perm: readonly number[]): Nd =>
  nd(
    perm.map((axis) => x.shape[axis]),
    (index) =>
      at(
        x,
        upTo(perm.length).map((axis) => index[perm.indexOf(axis)]),
      ),
  );
const swapped = (x: Nd): Nd => transposed(x, [1, 0]);

function product(a: Nd, b: Nd): Nd {
  const batch = elementwise([nd(a.shape.slice(0, -2), () => 0), nd(b.shape.slice(0, -2), () => 0)], () => 0).shape;
  return nd([...batch, a.shape.at(-2)!, b.shape.at(-1)!], (index) => {
    const outer = index.slice(0, -2);
    const [row, column] = index.slice(-2);
    return sum(upTo(a.shape.at(-1)!).map((k) => at(a, [...outer, row, k]) * at(b, [...outer, k, column])));
  });
}

/** log Σ eˣ along an axis, kept as 1. */
const logSum = (x: Nd, axis: number): Nd =>
  fold(x, [axis], true, (row) => {
    const most = Math.max(...row);
    return most + Math.log(sum(row.map((value) => Math.exp(value - most))));
  });
const gelu = (x: number): number => 0.5 * x * (1 + erf(x / Math.SQRT2));
const roundToEven = (x: number): number => (x % 1 === 0.5 || x % 1 === -0.5 ? 2 * Math.round(x / 2) : Math.round(x));
const rowOf = (x: Nd, row: number, rest: readonly number[]): number => at(x, [row, ...rest]);
const gathered = (x: Nd, rows: Nd, axis: number): Nd =>
  nd([...x.shape.slice(0, axis), ...rows.shape, ...x.shape.slice(axis + 1)], (index) => {
    const row = at(rows, index.slice(axis, axis + rows.shape.length));
    return at(x, [...index.slice(0, axis), row, ...index.slice(axis + rows.shape.length)]);
  });

// -------------------------------------------------------------------------------------------- families of rows

const EXACT = 'exact: nothing is rounded';
const ROUNDED = 'one or two float32 roundings (6e-8 each)';
const INTEGER = /integer or a truth value/;

const pairs = (extra: readonly Case<Plain>[] = []): [Case<Plain>, ...Case<Plain>[]] => [
  { what: 'of one shape', inputs: [floats('N', 4), floats('N', 4)], attributes: none },
  { what: 'with a row', inputs: [floats('N', 4), floats(4)], attributes: none },
  { what: 'with a column', inputs: [floats('N', 1), floats('N', 4)], attributes: none },
  { what: 'with a scalar', inputs: [floats(), floats('N', 4)], attributes: none },
  { what: 'of two scalars', inputs: [floats(), floats()], attributes: none },
  { what: 'both broadcast', inputs: [floats('N', 1, 4), floats('M', 1)], attributes: none },
  { what: 'of int64', inputs: [nonZero('int64', 'N', 3), nonZero('int64', 3)], attributes: none },
  { what: 'of int32', inputs: [nonZero('int32', 'N'), nonZero('int32', 'N')], attributes: none },
  ...extra,
];
const arithmetic = (f: (a: number, b: number) => number, tolerance = 2e-7): Row<Plain> => ({
  reference: (inputs) => [elementwise(inputs, f)],
  tolerance,
  reason: ROUNDED,
  gradient: 1e-6,
  cases: pairs(),
});
const comparison = (f: (a: number, b: number) => boolean, extra: readonly Case<Plain>[] = []): Row<Plain> => ({
  reference: (inputs) => [elementwise(inputs, (a, b) => Number(f(a, b)))],
  tolerance: 0,
  reason: EXACT,
  gradient: INTEGER,
  cases: [
    { what: 'of floats, broadcast', inputs: [wholes('float32', 'N', 1), wholes('float32', 'M')], attributes: none },
    { what: 'of int64', inputs: [wholes('int64', 'N', 3), wholes('int64')], attributes: none },
    { what: 'of int32', inputs: [wholes('int32', 'N', 3), wholes('int32', 'N', 3)], attributes: none },
    ...extra,
  ],
});
const logical = (f: (a: number, b: number) => boolean): Row<Plain> => ({
  reference: (inputs) => [elementwise(inputs, (a, b) => Number(f(a, b)))],
  tolerance: 0,
  reason: EXACT,
  gradient: INTEGER,
  cases: [{ what: 'broadcast', inputs: [flags('N', 4), flags('N', 1)], attributes: none }],
});
const curve = (
  f: (x: number) => number,
  { input = floats, tolerance = 2e-7, gradient = 1e-6 as number | RegExp, reason = ROUNDED, far = [] as number[] } = {},
): Row<Plain> => ({
  reference: (inputs) => [elementwise(inputs, f)],
  tolerance,
  reason,
  gradient,
  cases: [
    { what: 'of a matrix', inputs: [input('N', 4)], attributes: none },
    { what: 'of a scalar', inputs: [input()], attributes: none },
    ...(far.length > 0
      ? [{ what: 'far out', inputs: [given('float32', [far.length], () => far)], attributes: none }]
      : []),
  ],
});
const ofNumbers = (row: Row<Plain>): Row<Plain> => ({
  ...row,
  cases: [
    ...row.cases,
    { what: 'of int64', inputs: [wholes('int64', 'N')], attributes: none },
    { what: 'of int32', inputs: [wholes('int32', 'N')], attributes: none },
  ],
});
const alongAxis = (
  reference: Row<Attributes['Softmax']>['reference'],
  tolerance: number,
  gradient: number,
): Row<Attributes['Softmax']> => ({
  reference,
  tolerance,
  reason: 'exp and a sum of a few values in float32',
  gradient,
  cases: [
    { what: 'along the last axis', inputs: [floats('N', 4)], attributes: { axis: -1 } },
    { what: 'along the first axis', inputs: [floats('N', 4)], attributes: { axis: 0 } },
    { what: 'along a middle axis', inputs: [floats('B', 3, 'N')], attributes: { axis: 1 } },
    { what: 'of a vector', inputs: [floats(4)], attributes: { axis: -1 } },
    {
      what: 'with logits far apart',
      inputs: [given('float32', [3, 4], () => [200, 190, -300, 0, 1e4, 1e4, 0, -1e4, -1e4, -1e4, -1e4, -1e4])],
      attributes: { axis: -1 },
    },
    {
      what: 'with dead places',
      inputs: [given('float32', [2, 4], () => [0.5, -1e9, 1.25, -1e9, 0.25, 0.5, -1e9, -1e9])],
      attributes: { axis: -1 },
      // their logarithm has no use
      dead: (flat) => [1, 3, 6, 7].includes(flat),
    },
  ],
});
const reductions = (input: typeof floats): [Case<Attributes['ReduceSum']>, ...Case<Attributes['ReduceSum']>[]] => [
  { what: 'of the first axis', inputs: [input('N', 4)], attributes: { axes: [0], keepDims: false } },
  { what: 'of the first axis, kept', inputs: [input('N', 4)], attributes: { axes: [0], keepDims: true } },
  { what: 'of the last axis', inputs: [input('N', 4)], attributes: { axes: [-1], keepDims: false } },
  { what: 'of the last axis, kept', inputs: [input('N', 4)], attributes: { axes: [-1], keepDims: true } },
  { what: 'of two outer axes', inputs: [input('B', 3, 'S')], attributes: { axes: [0, 2], keepDims: false } },
  { what: 'of two outer axes, kept', inputs: [input('B', 3, 'S')], attributes: { axes: [0, -1], keepDims: true } },
  { what: 'of all axes', inputs: [input('B', 'S')], attributes: { axes: [0, 1], keepDims: false } },
  { what: 'of a vector', inputs: [input(4)], attributes: { axes: [0], keepDims: false } },
];
const reduction = (
  f: (values: readonly number[]) => number,
  row: Partial<Row<Attributes['ReduceSum']>>,
): Row<Attributes['ReduceSum']> => ({
  reference: ([x], { axes, keepDims }) => [fold(x, axes, keepDims, f)],
  tolerance: 3e-7,
  reason: 'a sum of at most 24 values in float32',
  gradient: 1e-6,
  cases: reductions(floats),
  ...row,
});
const moved: Pick<Row<never>, 'tolerance' | 'reason' | 'gradient'> = { tolerance: 0, reason: EXACT, gradient: 1e-6 };
const cast = (from: Input, to: DType): Case<Attributes['Cast']> => ({
  what: `${from.dtype} to ${to}`,
  inputs: [from],
  attributes: { to },
});
const gemm = (transA: boolean, transB: boolean, bias: boolean): Case<Attributes['Gemm']> => ({
  what: `A${transA ? 'ᵀ' : ''} B${transB ? 'ᵀ' : ''}${bias ? ' + bias' : ''}`,
  inputs: [
    transA ? floats(4, 'N') : floats('N', 4),
    transB ? floats(6, 4) : floats(4, 6),
    ...(bias ? [floats(6)] : []),
  ],
  attributes: { transA, transB },
});
/** Texts of uneven length whose rows fill [B, S] in part: 4 and 1 of 4 places, or one row each. */
const places = ({ N, B, S }: Sizes): number[] => upTo(N).map((row) => (N <= B ? row * S : row < S ? row : S + row - S));
const scatter = (data: Nd, updates: Nd, target: (index: readonly number[]) => number, add: boolean): Nd => {
  const result = [...data.data];
  const width = sizeOf(data.shape.slice(1));
  nd(updates.shape, (index) => {
    const column = index.slice(1).reduce((flat, place, axis) => flat * data.shape[axis + 1] + place, 0);
    const flat = target(index) * width + column;
    result[flat] = at(updates, index) + (add ? result[flat] : 0);
    return 0;
  });
  return { shape: data.shape, data: result };
};

// -------------------------------------------------------------------------------------------------- the rows

export const opCases: { readonly [P in OpName]: Row<Attributes[P]> } = {
  Add: arithmetic((a, b) => a + b),
  Sub: arithmetic((a, b) => a - b),
  Mul: arithmetic((a, b) => a * b),
  Div: {
    ...arithmetic((a, b) => a / b),
    // integers divide towards zero
    reference: (inputs) => {
      const whole = inputs.every((x) => x.data.every(Number.isInteger));
      return [elementwise(inputs, (a, b) => (whole ? Math.trunc(a / b) : a / b))];
    },
  },
  Equal: comparison(
    (a, b) => a === b,
    [{ what: 'of truth values', inputs: [flags('N', 4), flags(4)], attributes: none }],
  ),
  Less: comparison((a, b) => a < b),
  Greater: comparison((a, b) => a > b),
  GreaterOrEqual: comparison((a, b) => a >= b),
  LessOrEqual: comparison((a, b) => a <= b),
  And: logical((a, b) => a === 1 && b === 1),
  Or: logical((a, b) => a === 1 || b === 1),
  Not: {
    reference: (inputs) => [elementwise(inputs, (x) => 1 - x)],
    tolerance: 0,
    reason: EXACT,
    gradient: INTEGER,
    cases: [{ what: 'of a matrix', inputs: [flags('N', 3)], attributes: none }],
  },
  Neg: ofNumbers(curve((x) => -x, { tolerance: 0, reason: EXACT })),
  Abs: ofNumbers(curve(Math.abs, { tolerance: 0, reason: EXACT })),
  Sign: curve(Math.sign, { tolerance: 0, reason: EXACT, gradient: /flat/, far: [0, 1e-30, -1e30] }),
  Sqrt: curve(Math.sqrt, { input: positives }),
  Exp: curve(Math.exp, { reason: "onnxruntime's exp is within 2 units in the last place", far: [-200, -20, 0] }),
  Log: curve(Math.log, { input: positives }),
  Erf: curve(erf, { reason: "onnxruntime's erf is a rational function good to 2e-7", far: [-8, -3, -1e-3, 0, 3, 8] }),
  Gelu: curve(gelu, {
    tolerance: 3e-7,
    reason: 'erf, and two roundings',
    gradient: 2e-6,
    far: [-30, -6, -1e-3, 0, 6, 30],
  }),
  Tanh: curve(Math.tanh, { reason: 'a rational function good to 2e-7', far: [-50, -8, 0, 8, 50] }),
  Sigmoid: curve((x) => 1 / (1 + Math.exp(-x)), {
    reason: 'a rational function good to 2e-7',
    far: [-100, -8, 0, 8, 100],
  }),
  Reciprocal: curve((x) => 1 / x),
  Detach: {
    reference: ([x]) => [x],
    tolerance: 0,
    reason: 'it is a copy',
    gradient: null,
    cases: [{ what: 'of a matrix', inputs: [floats('N', 4)], attributes: none }],
  },
  Cast: {
    reference: ([x], { to }) => {
      if (to === 'float32') return [x];
      return [elementwise([x], (value) => (to === 'bool' ? Number(value !== 0) : Math.trunc(value)))];
    },
    tolerance: 0,
    reason: EXACT,
    gradient: INTEGER,
    cases: [
      cast(floats('N', 4), 'int64'),
      cast(floats('N', 4), 'int32'),
      cast(floats('N', 4), 'int8'),
      cast(positives('N', 4), 'uint8'),
      cast(wholes('float32', 'N', 4), 'bool'),
      cast(wholes('int64', 'N'), 'float32'),
      cast(wholes('int64', 'N'), 'int32'),
      cast(wholes('int64', 'N'), 'bool'),
      cast(flags('N'), 'float32'),
      cast(flags('N'), 'int64'),
      cast(
        values('uint8', ['N'], (random) => random.integer(256)),
        'float32',
      ),
    ],
  },
  Where: {
    ...moved,
    reference: (inputs) => [elementwise(inputs, (condition, a, b) => (condition ? a : b))],
    cases: [
      { what: 'of one shape', inputs: [flags('N', 4), floats('N', 4), floats('N', 4)], attributes: none },
      { what: 'with a broadcast condition', inputs: [flags('N', 1), floats('N', 4), floats(4)], attributes: none },
      { what: 'with scalars', inputs: [flags('N', 4), floats(), floats()], attributes: none },
      { what: 'of int64', inputs: [flags('N'), wholes('int64', 'N'), wholes('int64')], attributes: none },
    ],
  },
  Scale8: {
    reference: (inputs) => [elementwise(inputs, (x, scale) => x * scale)],
    tolerance: 1e-7,
    reason: ROUNDED,
    gradient: /not learnt/,
    cases: [
      {
        what: 'of a dropout mask',
        inputs: [values('uint8', ['N', 4], (random) => random.integer(2)), given('float32', [], () => [1 / 0.9])],
        attributes: none,
      },
      {
        what: 'of bytes up to 255',
        inputs: [values('uint8', ['N'], (random) => 250 + random.integer(6)), positives()],
        attributes: none,
      },
    ],
  },

  MatMul: {
    reference: ([a, b]) => [product(a, b)],
    tolerance: 5e-7,
    reason: 'sums of at most 5 products in float32',
    gradient: 2e-6,
    cases: [
      { what: 'of matrices', inputs: [floats('N', 4), floats(4, 3)], attributes: none },
      { what: 'batched', inputs: [floats('B', 2, 'S', 4), floats('B', 2, 4, 'S')], attributes: none },
      { what: 'of a batch and a matrix', inputs: [floats('B', 'S', 4), floats(4, 3)], attributes: none },
      { what: 'of a matrix and a batch', inputs: [floats('N', 4), floats('B', 4, 3)], attributes: none },
      { what: 'with broadcast batches', inputs: [floats('B', 1, 'S', 4), floats(3, 4, 5)], attributes: none },
      { what: 'over a symbolic inner axis', inputs: [floats(4, 'N'), floats('N', 3)], attributes: none },
    ],
  },
  MatMulInteger: {
    reference: ([a, b, zero]) => [
      product(
        elementwise([a, zero], (value, shift) => value - shift),
        b,
      ),
    ],
    tolerance: 0,
    reason: EXACT,
    gradient: INTEGER,
    cases: [
      {
        what: 'of matrices',
        inputs: [bytes('N', 4), signedBytes(4, 3), given('uint8', [], () => [128])],
        attributes: none,
      },
      {
        what: 'of batches',
        inputs: [bytes(2, 'N', 4), signedBytes(2, 4, 3), given('uint8', [], () => [3])],
        attributes: none,
      },
    ],
  },
  QuantizeRows: {
    reference: ([x, scale, zero]) => [
      nd(x.shape, (index) => {
        const row = [index[0]];
        const value = roundToEven(Math.fround(at(x, index) / at(scale, row))) + at(zero, row);
        return Math.min(255, Math.max(0, value));
      }),
    ],
    tolerance: 0,
    reason: EXACT,
    gradient: INTEGER,
    cases: [
      {
        what: 'of floats, some beyond the ends',
        inputs: [floats('N', 7), given('float32', ['N'], ({ N }) => upTo(N).map((i) => 0.005 * (i + 1))), bytes('N')],
        attributes: none,
      },
      {
        what: 'of halves, which go to the even side',
        inputs: [
          values('float32', ['N', 6], (random) => random.integer(9) - 4.5),
          given('float32', ['N'], ({ N }) => upTo(N).map(() => 1)),
          given('uint8', ['N'], ({ N }) => upTo(N).map(() => 128)),
        ],
        attributes: none,
      },
    ],
  },
  DequantizeRows: {
    reference: ([x, scale]) => [nd(x.shape, (index) => at(x, index) * at(scale, [index[0]]))],
    tolerance: 1e-7,
    reason: ROUNDED,
    gradient: /was rounded/,
    cases: [{ what: 'of whole numbers', inputs: [nonZero('int32', 'N', 5), positives('N')], attributes: none }],
  },
  Gemm: {
    reference: ([a, b, bias], { transA, transB }) => {
      const y = product(transA ? swapped(a) : a, transB ? swapped(b) : b);
      return [bias ? elementwise([y, bias], (value, shift) => value + shift) : y];
    },
    tolerance: 5e-7,
    reason: 'sums of at most 5 products in float32',
    gradient: 2e-6,
    cases: [
      gemm(false, false, false),
      gemm(false, true, false),
      gemm(true, false, false),
      gemm(true, true, false),
      gemm(false, false, true),
      gemm(false, true, true),
      gemm(true, false, true),
      gemm(true, true, true),
    ],
  },

  Softmax: alongAxis(
    ([x], { axis }) => [elementwise([x, logSum(x, axis)], (value, total) => Math.exp(value - total))],
    3e-7,
    2e-6,
  ),
  LogSoftmax: alongAxis(
    ([x], { axis }) => [elementwise([x, logSum(x, axis)], (value, total) => value - total)],
    3e-7,
    2e-6,
  ),
  LayerNormalization: {
    reference: ([x, weight, bias], { epsilon }) => {
      const mean = fold(x, [-1], true, (row) => sum(row) / row.length);
      const centred = elementwise([x, mean], (value, m) => value - m);
      const inverse = fold(
        centred,
        [-1],
        true,
        (row) => 1 / Math.sqrt(sum(row.map((value) => value * value)) / row.length + epsilon),
      );
      return [
        elementwise(
          [centred, inverse, weight, ...(bias ? [bias] : [])],
          (value, scale, w, b = 0) => value * scale * w + b,
        ),
        mean,
        inverse,
      ];
    },
    tolerance: 5e-7,
    reason: 'a mean, a variance and four roundings in float32',
    gradient: 2e-6,
    cases: [
      {
        what: 'of rows',
        inputs: [floats('N', 6), floats(6), floats(6)],
        attributes: { epsilon: 1e-12 },
        unused: [1, 2],
      },
      {
        what: 'of a batch of rows',
        inputs: [floats('B', 'S', 6), floats(6), floats(6)],
        attributes: { epsilon: 1e-5 },
        unused: [1, 2],
      },
      { what: 'of one row', inputs: [floats(6), floats(6), floats(6)], attributes: { epsilon: 1e-5 }, unused: [1, 2] },
      {
        what: 'without a bias',
        inputs: [floats('N', 6), floats(6)],
        attributes: { epsilon: 1e-5 },
        unused: [1, 2],
      },
      {
        what: 'with an epsilon that matters',
        inputs: [floats('N', 6), floats(6), floats(6)],
        attributes: { epsilon: 0.5 },
        unused: [1, 2],
      },
      {
        what: 'with a loss that reads the mean',
        inputs: [floats('N', 6), floats(6), floats(6)],
        attributes: { epsilon: 1e-5 },
        noGradient: /no gradient through its mean/,
      },
    ],
  },

  ReduceSum: reduction(sum, {
    cases: [
      ...reductions(floats),
      {
        what: 'of int64',
        inputs: [wholes('int64', 'N', 4)],
        attributes: { axes: [0], keepDims: false },
      },
    ],
  }),
  ReduceMean: reduction((row) => sum(row) / row.length, {}),
  ReduceMax: reduction((row) => Math.max(...row), {
    tolerance: 0,
    reason: EXACT,
    gradient: /only measures lengths/,
    cases: [
      ...reductions(floats),
      { what: 'of int64', inputs: [wholes('int64', 'N')], attributes: { axes: [0], keepDims: false } },
    ],
  }),
  CumSum: {
    reference: ([x], { axis, exclusive }) => [
      nd(x.shape, (index) => {
        const along = positive(axis, x.shape.length);
        const end = index[along] + (exclusive ? 0 : 1);
        return sum(
          upTo(end).map((place) =>
            at(
              x,
              index.map((own, i) => (i === along ? place : own)),
            ),
          ),
        );
      }),
    ],
    tolerance: 2e-7,
    reason: 'a sum of at most 5 values in float32',
    gradient: /only counts rows/,
    cases: [
      { what: 'of int64, exclusive', inputs: [wholes('int64', 'N')], attributes: { axis: 0, exclusive: true } },
      { what: 'of int64, inclusive', inputs: [wholes('int64', 'N', 3)], attributes: { axis: -1, exclusive: false } },
      { what: 'of floats', inputs: [floats('N', 3)], attributes: { axis: 0, exclusive: false } },
    ],
  },

  Reshape: {
    ...moved,
    reference: ([x], { shape }, sizes) => [reshaped(x, resolve(shape, sizes))],
    cases: [
      reshape(
        [
          ['N', 6],
          ['N', 2, 3],
        ],
        'splits an axis',
      ),
      reshape(
        [
          ['B', 'S', 4],
          ['B*S', 4],
        ],
        'joins two symbolic axes',
      ),
      reshape(
        [
          ['B*S', 4],
          ['B', 'S', 2, 2],
        ],
        'parts them again',
        ['B', 'S'],
      ),
      reshape([['N', 2], ['2*N']], 'joins a number and a symbol'),
      reshape([[1], []], 'makes a scalar'),
      reshape([[], [1, 1]], 'makes a matrix of a scalar'),
    ],
  },
  Expand: {
    ...moved,
    reference: ([x], { shape }, sizes) => [nd(resolve(shape, sizes), (index) => at(x, index))],
    cases: [
      expand([4], ['N', 4], 'adds an axis'),
      expand(['N', 1], ['N', 'M'], 'repeats a column'),
      expand([], [2, 'N'], 'spreads a scalar'),
      expand([3, 4], [3, 4], 'leaves a shape as it is'),
    ],
  },
  ConstantOfShape: {
    reference: (_, { shape, value }, sizes) => [nd(resolve(shape, sizes), () => value)],
    tolerance: 0,
    reason: EXACT,
    gradient: /a shape only/,
    cases: [
      filled(['N', 3], 0, 'float32'),
      filled(['B*S'], 1, 'int64'),
      filled([2, 3], -7, 'int32'),
      filled([], 2.5, 'float32'),
      filled(['N'], 1, 'bool'),
      filled(['N'], 200, 'uint8'),
    ],
  },
  Transpose: {
    ...moved,
    reference: ([x], { perm }) => [transposed(x, perm)],
    cases: [
      { what: 'of a matrix', inputs: [floats('N', 3)], attributes: { perm: [1, 0] } },
      { what: 'that is not its own inverse', inputs: [floats('B', 2, 'S')], attributes: { perm: [1, 2, 0] } },
      { what: 'of five axes', inputs: [floats('B', 'S', 3, 2, 2)], attributes: { perm: [2, 0, 3, 1, 4] } },
      { what: 'of int64', inputs: [wholes('int64', 'N', 3)], attributes: { perm: [1, 0] } },
    ],
  },
  Unsqueeze: {
    ...moved,
    reference: ([x], { axes }) => {
      const shape = [...x.shape];
      const rank = shape.length + axes.length;
      for (const axis of axes.map((own) => positive(own, rank)).sort()) shape.splice(axis, 0, 1);
      return [reshaped(x, shape)];
    },
    cases: [
      { what: 'in front', inputs: [floats('N', 3)], attributes: { axes: [0] } },
      { what: 'in the middle, twice', inputs: [floats('N', 'M')], attributes: { axes: [1, 2] } },
      { what: 'in any order', inputs: [floats('N', 3)], attributes: { axes: [3, 0] } },
      { what: 'at the end', inputs: [floats('N', 3)], attributes: { axes: [-1] } },
      { what: 'of a scalar', inputs: [floats()], attributes: { axes: [0] } },
    ],
  },
  Squeeze: {
    ...moved,
    reference: ([x], { axes }) => {
      const gone = axes.map((axis) => positive(axis, x.shape.length));
      return [
        reshaped(
          x,
          x.shape.filter((_, axis) => !gone.includes(axis)),
        ),
      ];
    },
    cases: [
      { what: 'in front', inputs: [floats(1, 'N', 3)], attributes: { axes: [0] } },
      { what: 'at the end', inputs: [floats('N', 1)], attributes: { axes: [-1] } },
      { what: 'two axes', inputs: [floats('N', 1, 3, 1)], attributes: { axes: [1, 3] } },
    ],
  },
  Concat: {
    ...moved,
    reference: (inputs, { axis }) => {
      const along = positive(axis, inputs[0].shape.length);
      const total = sum(inputs.map((x) => x.shape[along]));
      return [
        nd(
          inputs[0].shape.map((size, i) => (i === along ? total : size)),
          (index) => {
            let place = index[along];
            const piece = inputs.find((x) => {
              if (place < x.shape[along]) return true;
              place -= x.shape[along];
              return false;
            });
            return at(
              piece!,
              index.map((own, i) => (i === along ? place : own)),
            );
          },
        ),
      ];
    },
    cases: [
      { what: 'of columns', inputs: [floats('N', 2), floats('N', 3)], attributes: { axis: 1, dim: null } },
      { what: 'from the end', inputs: [floats('N', 2), floats('N', 1)], attributes: { axis: -1, dim: null } },
      {
        what: 'of three weights',
        inputs: [floats(3, 4), floats(3, 4), floats(1, 4)],
        attributes: { axis: 0, dim: null },
      },
      {
        what: 'of symbolic rows',
        inputs: [floats('N', 2), floats('M', 2)],
        attributes: { axis: 0, dim: 'K' },
        noGradient: /needs numeric sizes/,
      },
    ],
  },
  Split: {
    ...moved,
    reference: ([x], { axis, sizes }) => {
      const along = positive(axis, x.shape.length);
      return sizes.map((size, piece) => {
        const start = sum(sizes.slice(0, piece));
        return nd(
          x.shape.map((own, i) => (i === along ? size : own)),
          (index) =>
            at(
              x,
              index.map((own, i) => (i === along ? own + start : own)),
            ),
        );
      });
    },
    cases: [
      { what: 'of the first axis', inputs: [floats(3, 'N')], attributes: { axis: 0, sizes: [1, 1, 1] } },
      { what: 'into uneven pieces', inputs: [floats('N', 6)], attributes: { axis: -1, sizes: [1, 2, 3] } },
      {
        what: 'with an unused piece',
        inputs: [floats('N', 6)],
        attributes: { axis: 1, sizes: [1, 2, 3] },
        unused: [1],
      },
      { what: 'with one used piece', inputs: [floats('N', 6)], attributes: { axis: 1, sizes: [4, 2] }, unused: [0] },
    ],
  },
  Head: {
    reference: ([x], { dim }, sizes) => [nd([sizes[dim], ...x.shape.slice(1)], (index) => at(x, index))],
    tolerance: 0,
    reason: EXACT,
    gradient: /only cuts dropout masks/,
    cases: [
      {
        what: 'of a matrix',
        inputs: [floats('N', 3), floats('M')],
        attributes: { dim: 'M' },
        build: (g, [x]) => [g.head(x, 'M')],
      },
      {
        what: 'of bytes',
        inputs: [values('uint8', ['N'], (random) => random.integer(2)), floats('M')],
        attributes: { dim: 'M' },
        build: (g, [x]) => [g.head(x, 'M')],
      },
    ],
  },
  Shape: {
    reference: ([x]) => [nd([x.shape.length], ([axis]) => x.shape[axis])],
    tolerance: 0,
    reason: EXACT,
    gradient: INTEGER,
    cases: [{ what: 'of a batch', inputs: [floats('B', 'S', 3)], attributes: none }],
  },
  Range: {
    reference: (_, { dim }, sizes) => [nd(resolve([dim], sizes), ([i]) => i)],
    tolerance: 0,
    reason: EXACT,
    gradient: INTEGER,
    cases: [
      { what: 'of a symbol', inputs: [floats('N')], attributes: { dim: 'N' }, build: (g) => [g.range('N')] },
      { what: 'of a product', inputs: [floats('B', 'S')], attributes: { dim: 'B*S' }, build: (g) => [g.range('B*S')] },
      { what: 'of a number', inputs: [floats('N')], attributes: { dim: 4 }, build: (g) => [g.range(4)] },
    ],
  },

  Gather: {
    ...moved,
    reference: ([x, rows], { axis }) => [gathered(x, rows, positive(axis, x.shape.length))],
    cases: [
      {
        what: 'of repeated rows',
        inputs: [floats(4, 3), indices(['N'], ({ N }) => upTo(N).map((i) => (i * 2) % 3))],
        attributes: { axis: 0 },
      },
      {
        what: 'of repeated rows of a symbolic table',
        inputs: [floats('M', 3), indices(['N'], ({ N }) => upTo(N).map((i) => Number(i > 1)))],
        attributes: { axis: 0 },
      },
      {
        what: 'of rows of a table too long for a product',
        inputs: [floats(600, 3), indices(['N'], ({ N }) => upTo(N).map((i) => (i === 2 ? 7 : 599 - (i % 2))))],
        attributes: { axis: 0 },
      },
      {
        what: 'by a matrix of indices',
        inputs: [floats(3, 2, 2), indices(['B', 'S'], ({ B, S }) => upTo(B * S).map((i) => (i * i) % 3))],
        attributes: { axis: 0 },
      },
      {
        what: 'by a matrix of indices of a symbolic table',
        inputs: [floats('M', 2, 2), indices(['B', 'S'], ({ B, S }) => upTo(B * S).map((i) => i % 2))],
        attributes: { axis: 0 },
      },
      {
        what: 'of a vector',
        inputs: [floats(4), indices(['N'], ({ N }) => upTo(N).map((i) => i % 2))],
        attributes: { axis: 0 },
      },
      {
        what: 'of a symbolic vector',
        inputs: [floats('M'), indices(['N'], ({ N }) => upTo(N).map((i) => i % 2))],
        attributes: { axis: 0 },
      },
      { what: 'by one index', inputs: [floats(4, 3), indices([], () => [2])], attributes: { axis: 0 } },
      {
        what: 'of columns',
        inputs: [floats('N', 4), indices([2], () => [3, 0])],
        attributes: { axis: 1 },
        noGradient: /written for axis 0/,
      },
      {
        what: 'of int64',
        inputs: [wholes('int64', 'M'), indices(['N'], ({ N }) => upTo(N).map((i) => i % 2))],
        attributes: { axis: 0 },
      },
    ],
  },
  TakeRows: {
    ...moved,
    reference: ([x, rows]) => [gathered(x, rows, 0)],
    cases: [
      {
        what: 'of some rows',
        inputs: [floats('N', 3), indices(['M'], ({ N, M }) => upTo(M).map((i) => N - M + i))],
        attributes: none,
      },
      {
        what: 'of all rows in another order',
        inputs: [floats('N', 2, 2), indices(['N'], ({ N }) => upTo(N).reverse())],
        attributes: none,
      },
      {
        what: 'of a vector',
        inputs: [floats('N'), indices(['M'], ({ M }) => upTo(M).reverse())],
        attributes: none,
      },
    ],
  },
  PadRows: {
    ...moved,
    reference: ([x, pad]) => [gathered(x, pad, 0)],
    cases: [
      {
        what: 'of rows',
        inputs: [
          floats('N', 3),
          indices(['B', 'S'], (sizes) =>
            upTo(sizes.B * sizes.S).map((place) => Math.max(0, places(sizes).indexOf(place))),
          ),
          indices(['N'], places),
        ],
        attributes: none,
        // a dead place shows row 0; whoever uses the rows multiplies it by zero
        dead: (flat, sizes) => !places(sizes).includes(Math.floor(flat / 3)),
      },
    ],
  },
  ScatterAdd: {
    reference: ([x, rows, updates]) => [scatter(x, updates, (index) => at(rows, index), true)],
    tolerance: 3e-7,
    reason: 'a sum of at most 6 values in float32',
    gradient: /itself a gradient/,
    cases: [
      {
        what: 'of repeated rows',
        inputs: [
          floats('M', 2),
          indices(['N', 2], ({ N }) => upTo(N * 2).map((flat) => Math.floor(flat / 2) % 2)),
          floats('N', 2),
        ],
        attributes: none,
      },
      {
        what: 'that counts',
        inputs: [wholes('int64', 'M'), indices(['N'], ({ N }) => upTo(N).map((i) => i % 2)), wholes('int64', 'N')],
        attributes: none,
      },
    ],
  },
  ScatterRows: {
    reference: ([x, rows, updates]) => [scatter(x, updates, ([row]) => rowOf(rows, row, [0]), false)],
    tolerance: 0,
    reason: EXACT,
    gradient: /itself a gradient/,
    cases: [
      {
        what: 'of some rows',
        inputs: [floats('N', 3), indices(['M', 1], ({ N, M }) => upTo(M).map((i) => N - 1 - i)), floats('M', 3)],
        attributes: none,
      },
      {
        what: 'of int64',
        inputs: [wholes('int64', 'N'), indices(['M', 1], ({ M }) => upTo(M).reverse()), wholes('int64', 'M')],
        attributes: none,
      },
    ],
  },
  NonZero: {
    reference: ([x]) => {
      const found = x.data.flatMap((value, i) => (value ? [i] : []));
      return [{ shape: [1, found.length], data: found }];
    },
    tolerance: 0,
    reason: EXACT,
    gradient: INTEGER,
    cases: [
      {
        what: 'of M truths among N',
        inputs: [given('bool', ['N'], ({ N, M }) => upTo(N).map((i) => Number(i >= N - M)))],
        attributes: { dim: 'M' },
      },
    ],
  },
  Mod: {
    reference: (inputs) => [elementwise(inputs, (a, b) => a % b)],
    tolerance: 0,
    reason: EXACT,
    gradient: INTEGER,
    cases: [
      {
        what: 'of products near 2^50, each by its own',
        inputs: [
          values('int64', ['N'], (random) => 2 ** 24 * (2 ** 26 - 1 - random.integer(64))),
          values('int64', ['N'], (random) => 2 ** 24 - 1 - random.integer(64)),
        ],
        attributes: none,
      },
    ],
  },
  ScatterMax: {
    reference: ([x, rows, updates]) => [
      {
        shape: x.shape,
        data: x.data.map((value, i) => Math.max(value, ...updates.data.filter((_, k) => rows.data[k] === i))),
      },
    ],
    tolerance: 0,
    reason: EXACT,
    gradient: /greatest of several/,
    cases: [
      {
        what: 'of entries that repeat',
        inputs: [floats('M'), indices(['N'], ({ N }) => upTo(N).map((i) => i % 2)), floats('N')],
        attributes: none,
      },
    ],
  },
  Unique: {
    reference: ([x]) => {
      const distinct = [...new Set(x.data)].sort((a, b) => a - b);
      const vector = (data: readonly number[]): Nd => ({ shape: [data.length], data });
      return [
        vector(distinct),
        vector(distinct.map((value) => x.data.indexOf(value))),
        vector(x.data.map((value) => distinct.indexOf(value))),
        vector(distinct.map((value) => x.data.filter((other) => other === value).length)),
      ];
    },
    tolerance: 0,
    reason: EXACT,
    gradient: INTEGER,
    cases: [
      {
        what: 'of values beyond 32 bits, M of them distinct',
        inputs: [given('int64', ['N'], ({ N, M }) => upTo(N).map((i) => ((i + 1) % M) * -(2 ** 40)))],
        attributes: { dim: 'M' },
      },
    ],
  },
  If: {
    reference: ([condition, x]) => [elementwise([x], (value) => (condition.data[0] ? 2 * value : value - 1))],
    tolerance: 6e-8,
    reason: ROUNDED,
    gradient: /every part/,
    cases: [
      {
        what: 'of two ways to go on from a value outside',
        inputs: [given('bool', [], ({ N }) => [Number(N > 4)]), floats('N')],
        attributes: { then_branch: expect.any(Graph), else_branch: expect.any(Graph) },
        build: (g, [condition, x]) =>
          g.if(
            condition,
            (branch) => [branch.mul(x, 2)],
            (branch) => [branch.sub(x, 1)],
          ),
      },
    ],
  },
};

function reshape([from, to]: readonly [Shape, Shape], what: string, known: Shape = []): Case<Attributes['Reshape']> {
  const inputs = [floats(...from), ...(known.length > 0 ? [floats(...known)] : [])];
  return { what, inputs, attributes: { shape: to }, build: (g, [x]) => [g.reshape(x, to)] };
}

function expand(from: Shape, to: Shape, what: string): Case<Attributes['Expand']> {
  const symbols = to.filter((dim) => typeof dim === 'string' && !from.includes(dim));
  const inputs = [floats(...from), ...symbols.map((dim) => floats(dim))];
  return { what, inputs, attributes: { shape: to }, build: (g, [x]) => [g.expand(x, to)] };
}

function filled(shape: Shape, value: number, dtype: DType): Case<Attributes['ConstantOfShape']> {
  const symbols = shape.flatMap((dim) => (typeof dim === 'string' ? dim.split('*') : []));
  return {
    what: `${dtype} [${shape}]`,
    inputs: symbols.length > 0 ? [floats(...symbols)] : [],
    attributes: { shape, value, dtype },
    build: (g) => [g.op('ConstantOfShape', [g.shapeVector(shape)], { shape, value, dtype })],
  };
}
