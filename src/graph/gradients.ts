/**
 * The one table of gradient rules: given the gradients of a node's outputs (null where nothing depends on one), those
 * of its inputs (null where none flows). Rules write nodes and need not care for broadcasting: the loop in
 * backward.ts sums over broadcast axes. The tests check every rule against central differences.
 */
import type { Graph } from './graph.ts';
import type { Attributes, OpName } from './ops.ts';
import { axisOf, type GraphNode, product, type Shape, type Value } from './types.ts';

type Gradients = readonly (Value | null)[];
export type GradientRule<A> = (g: Graph, node: GraphNode, dy: readonly (Value | null)[], attributes: A) => Gradients;

/** For operations that training never has to go back through; says why. */
const noGradient =
  (why: string): GradientRule<unknown> =>
  (_, node) => {
    throw new Error(`internal: ${node.op} (${node.name}) has no gradient: ${why}`);
  };
/** Up to as many rows, a product with a one-hot matrix is faster than adding row by row (512 rows of 256: 10 against 13 ms). */
const ONE_HOT_ROWS = 512;
const INTEGER = 'its result is an integer or a truth value';
/** A rule for one output and one float input, from (x, y, dy). */
const unary =
  (rule: (g: Graph, x: Value, y: Value, dy: Value) => Value): GradientRule<unknown> =>
  (g, node, [dy]) => [rule(g, node.inputs[0], node.outputs[0], dy!)];

export const gradients: { readonly [P in OpName]: GradientRule<Attributes[P]> } = {
  // y = a + b: da = dy, db = dy
  Add: (_g, _node, [dy]) => [dy, dy],
  // y = a − b: da = dy, db = −dy
  Sub: (g, _node, [dy]) => [dy, g.neg(dy!)],
  // y = a ⊙ b: da = dy ⊙ b, db = dy ⊙ a
  Mul: (g, { inputs: [a, b] }, [dy]) => [g.mul(dy!, b), g.mul(dy!, a)],
  // y = a / b: da = dy / b, db = −dy ⊙ y / b
  Div: (g, { inputs: [, b], outputs: [y] }, [dy]) => {
    const da = g.div(dy!, b);
    return [da, g.neg(g.mul(da, y))];
  },
  // y = −x: dx = −dy
  Neg: unary((g, _x, _y, dy) => g.neg(dy)),
  // y = |x|: dx = sign(x) ⊙ dy, 0 at 0 as in PyTorch
  Abs: unary((g, x, _y, dy) => g.mul(dy, g.op('Sign', [x], {}))),
  Sign: noGradient('it is flat wherever it is differentiable'),
  // y = √x: dx = dy / 2y
  Sqrt: unary((g, _x, y, dy) => g.div(g.mul(dy, 0.5), y)),
  // y = eˣ: dx = dy ⊙ y
  Exp: unary((g, _x, y, dy) => g.mul(dy, y)),
  // y = ln x: dx = dy / x
  Log: unary((g, x, _y, dy) => g.div(dy, x)),
  // y = erf x: dx = 2/√π e^(−x²) ⊙ dy
  Erf: unary((g, x, _y, dy) => g.mul(dy, g.mul(g.exp(g.neg(g.mul(x, x))), 2 / Math.sqrt(Math.PI)))),
  // y = x Φ(x): dx = (Φ(x) + x φ(x)) ⊙ dy = ½ (1 + erf s + 2/√π s e^(−s²)) ⊙ dy with s = x/√2
  Gelu: unary((g, x, _y, dy) => {
    const s = g.mul(x, Math.SQRT1_2);
    // the factor 2/√π goes into the exponent: one pass less over the widest values of the network
    const bell = g.exp(g.sub(g.scalar(Math.log(2 / Math.sqrt(Math.PI))), g.mul(s, s)));
    const slope = g.add(g.add(g.mul(s, bell), g.erf(s)), 1);
    return g.mul(g.mul(dy, slope), 0.5);
  }),
  // y = tanh x: dx = (1 − y²) ⊙ dy
  Tanh: unary((g, _x, y, dy) => g.sub(dy, g.mul(dy, g.mul(y, y)))),
  // y = σ(x): dx = y (1 − y) ⊙ dy
  Sigmoid: unary((g, _x, y, dy) => g.mul(dy, g.sub(y, g.mul(y, y)))),
  // y = 1/x: dx = −y² ⊙ dy
  Reciprocal: unary((g, _x, y, dy) => g.neg(g.mul(dy, g.mul(y, y)))),
  // y = x, taken as given
  Detach: () => [null],
  // y = c ? a : b: da = c ? dy : 0, db = c ? 0 : dy
  Where: (g, { inputs: [condition] }, [dy]) => [null, g.where(condition, dy!, 0), g.where(condition, 0, dy!)],
  Scale8: noGradient('masks and their scale are given, not learnt'),

  // Y = A B: dA = dY Bᵀ, dB = Aᵀ dY, for the last two axes
  MatMul: (g, { inputs: [a, b] }, [dy]) => [g.matmul(dy!, swapLast(g, b)), g.matmul(swapLast(g, a), dy!)],
  MatMulInteger: noGradient(INTEGER),
  QuantizeRows: noGradient(INTEGER),
  DequantizeRows: noGradient('what it is given was rounded'),
  // Y = A B + 1 cᵀ: dA = dY Bᵀ, dB = Aᵀ dY, dc = Σ rows of dY; with A or B transposed, the result is too
  Gemm: (g, { inputs: [a, b, bias] }, [dy], { transA, transB }) => [
    transA ? gemm(g, b, dy!, transB, true) : gemm(g, dy!, b, false, !transB),
    transB ? gemm(g, dy!, a, true, transA) : gemm(g, a, dy!, !transA, false),
    ...(bias ? [sumOfRows(g, dy!)] : []),
  ],

  // y = softmax(x): dx = y ⊙ (dy − Σ dy ⊙ y)
  Softmax: (g, { outputs: [y] }, [dy], { axis }) => {
    const weighted = g.mul(dy!, y);
    return [g.sub(weighted, g.mul(y, g.sum(weighted, [axis], true)))];
  },
  // y = log softmax(x): dx = dy − e^y ⊙ Σ dy
  LogSoftmax: (g, { outputs: [y] }, [dy], { axis }) => [g.sub(dy!, g.mul(g.exp(y), g.sum(dy!, [axis], true)))],
  // x̂ = (x − μ)/σ, y = x̂ ⊙ w (+ b): with e = dy ⊙ w, dx = (e − mean(e) − x̂ ⊙ mean(e ⊙ x̂))/σ, dw = Σ dy ⊙ x̂, db = Σ dy
  LayerNormalization: (
    g,
    { name, inputs: [x, weight, bias], outputs: [, mean, inverseDeviation] },
    [dy, ...others],
  ) => {
    if (others.some((other) => other !== null))
      throw new Error(`internal: LayerNormalization (${name}) has no gradient through its mean and 1/σ`);
    const rows = x.shape.slice(0, -1).map((_, axis) => axis);
    const normal = g.mul(g.sub(x, mean), inverseDeviation);
    const e = g.mul(dy!, weight);
    const projected = g.sub(g.sub(e, g.mean(e, [-1], true)), g.mul(normal, g.mean(g.mul(e, normal), [-1], true)));
    const overRows = (value: Value) => {
      if (rows.length === 0) return value;
      return rows.length === 1 ? sumOfRows(g, value) : g.sum(value, rows);
    };
    return [g.mul(projected, inverseDeviation), overRows(g.mul(dy!, normal)), ...(bias ? [overRows(dy!)] : [])];
  },

  // y = Σ x: dx = dy on every summed place
  ReduceSum: (g, { inputs: [x] }, [dy], { axes, keepDims }) => [spread(g, x, dy!, axes, keepDims)],
  // y = Σ x / n: dx = dy / n on every summed place
  ReduceMean: (g, { inputs: [x] }, [dy], { axes, keepDims }) => {
    const count = product(axes.map((axis) => x.shape[axisOf(axis, x.shape.length)]));
    const n = typeof count === 'number' ? g.scalar(count) : g.cast(g.extent(count), 'float32');
    return [spread(g, x, g.div(dy!, n), axes, keepDims)];
  },
  ReduceMax: noGradient('it only measures lengths here'),
  CumSum: noGradient('it only counts rows here'),

  Reshape: (g, { inputs: [x] }, [dy]) => [g.reshape(dy!, x.shape), null],
  // summing back over the expanded axes is the loop's unbroadcast
  Expand: (_g, _node, [dy]) => [dy, null],
  ConstantOfShape: noGradient('it depends on a shape only'),
  Transpose: (g, _node, [dy], { perm }) => [
    g.transpose(
      dy!,
      perm.map((_, axis) => perm.indexOf(axis)),
    ),
  ],
  Unsqueeze: (g, { inputs: [x] }, [dy]) => [g.reshape(dy!, x.shape)],
  Squeeze: (g, { inputs: [x] }, [dy]) => [g.reshape(dy!, x.shape)],
  // pieces of dy
  Concat: (g, { inputs }, [dy], { axis }) => {
    const at = axisOf(axis, inputs[0].shape.length);
    const sizes = inputs.map((x) => x.shape[at]);
    if (sizes.some((size) => typeof size === 'string'))
      throw new Error('internal: the gradient of Concat needs numeric sizes');
    return g.split(dy!, axis, sizes as number[]);
  },
  // the pieces' gradients side by side; a piece that nothing depends on has zeros
  Split: (g, { outputs }, dy, { axis }) => [
    g.concat(
      outputs.map((piece, i) => dy[i] ?? g.zeros(piece.shape)),
      axis,
    ),
  ],
  Head: noGradient('it only cuts dropout masks here'),

  // y = rows of x: dx = dy added at those rows
  Gather: (g, { inputs: [x, indices] }, [dy], { axis }) => {
    if (axis !== 0) throw new Error('internal: the gradient of Gather is written for axis 0');
    const count = product(indices.shape);
    const [size, ...row] = x.shape;
    const at = g.reshape(indices, [count]);
    if (typeof size === 'number' && size <= ONE_HOT_ROWS) {
      const oneHot = g.cast(g.op('Equal', [g.unsqueeze(g.range(size), 1), at], {}), 'float32'); // [size, count]
      return [g.reshape(g.matmul(oneHot, g.reshape(dy!, [count, product(row)])), x.shape), null];
    }
    return [g.scatterAdd(g.zeros(x.shape), at, g.reshape(dy!, [count, ...row])), null];
  },
  // y = distinct rows of x: dx = dy written at those rows
  TakeRows: (g, { inputs: [x, indices] }, [dy]) => [
    g.op('ScatterRows', [g.zeros(x.shape), g.unsqueeze(indices, 1), dy!], {}),
    null,
  ],
  // y = x laid out in [B, S]; dead places are multiplied by zero further on, so dx = dy at the live places
  PadRows: (g, { inputs: [x, pad, unpad] }, [dy]) => [
    g.takeRows(g.reshape(dy!, [product(pad.shape), ...x.shape.slice(1)]), unpad),
    null,
    null,
  ],
  ScatterAdd: noGradient('it is itself a gradient'),
  ScatterRows: noGradient('it is itself a gradient'),

  Cast: noGradient(INTEGER),
  Equal: noGradient(INTEGER),
  Less: noGradient(INTEGER),
  Greater: noGradient(INTEGER),
  GreaterOrEqual: noGradient(INTEGER),
  LessOrEqual: noGradient(INTEGER),
  And: noGradient(INTEGER),
  Or: noGradient(INTEGER),
  Not: noGradient(INTEGER),
  Shape: noGradient(INTEGER),
  Range: noGradient(INTEGER),
  NonZero: noGradient(INTEGER),
  Mod: noGradient(INTEGER),
  Unique: noGradient(INTEGER),
  ScatterMax: noGradient('what is trained takes no greatest of several'),
  If: noGradient('what is trained computes every part of itself'),
};

function swapLast(g: Graph, x: Value): Value {
  const perm = x.shape.map((_, axis) => axis);
  const last = perm.length - 1;
  [perm[last], perm[last - 1]] = [perm[last - 1], perm[last]];
  return g.transpose(x, perm);
}

const gemm = (g: Graph, a: Value, b: Value, transA: boolean, transB: boolean): Value =>
  g.op('Gemm', [a, b], { transA, transB });

/** Σ over the rows of x [n, m], as a product with ones: twice as fast as onnxruntime's ReduceSum along the first axis. */
function sumOfRows(g: Graph, x: Value): Value {
  const [n, m] = x.shape;
  return g.reshape(gemm(g, g.ones(n), x, false, false), [m]);
}

/** A reduction's gradient, back on all places of x. */
function spread(g: Graph, x: Value, dy: Value, axes: readonly number[], keepDims: boolean): Value {
  const gone = new Set(axes.map((axis) => axisOf(axis, x.shape.length)));
  const kept: Shape = x.shape.map((dim, axis) => (gone.has(axis) ? 1 : dim));
  return g.expand(keepDims ? dy : g.reshape(dy, kept), x.shape);
}
