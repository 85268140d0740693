/** The attributes of each operation: what a node has besides its inputs. ops.ts says what the operations do. */
import type { Computation, DType, Shape } from './types.ts';

/** Attributes of each operation. Axes are those of the first input (Unsqueeze: of the result); negative ones count from the end. */
export interface Attributes {
  // elementwise, two inputs
  Add: None;
  Sub: None;
  Mul: None;
  Div: None;
  Equal: None;
  Less: None;
  Greater: None;
  GreaterOrEqual: None;
  LessOrEqual: None;
  And: None;
  Or: None;
  /** a − b ⌊a / b⌋ of whole numbers. */
  Mod: None;
  // elementwise, one input
  Neg: None;
  Not: None;
  Abs: None;
  Sign: None;
  Sqrt: None;
  Exp: None;
  Log: None;
  Erf: None;
  /** x Φ(x), exactly (by erf). */
  Gelu: None;
  Tanh: None;
  Sigmoid: None;
  Reciprocal: None;
  /** x itself, which no gradient goes back through. */
  Detach: None;
  Cast: { readonly to: DType };
  Where: None;
  /** x (uint8) · scale: how a dropout mask of zeros and ones becomes factors. */
  Scale8: None;
  // products
  MatMul: None;
  /** a (uint8) minus its zero point (a uint8 scalar) · b (int8), as int32. */
  MatMulInteger: None;
  /** x [N, i] · W (or Wᵀ) + bias: two-dimensional only. */
  Gemm: { readonly transA: boolean; readonly transB: boolean };
  // whole numbers for values and back; each row (axis 0) by a scale of its own, [N]
  /** x / scale, to the nearest whole number, ties to even, + zero point [N], held within uint8. */
  QuantizeRows: None;
  /** x (int32) · scale. */
  DequantizeRows: None;
  // normalisation
  Softmax: { readonly axis: number };
  LogSoftmax: { readonly axis: number };
  /** Over the last axis: y, mean, 1/σ. Inputs x, weight, and bias where there is one. */
  LayerNormalization: { readonly epsilon: number };
  // reductions
  ReduceSum: Reduction;
  ReduceMean: Reduction;
  ReduceMax: Reduction;
  CumSum: { readonly axis: number; readonly exclusive: boolean };
  // shape
  /** Second input: the target shape as int64 vector; `shape` is the same in symbols. */
  Reshape: { readonly shape: Shape };
  Expand: { readonly shape: Shape };
  ConstantOfShape: { readonly shape: Shape; readonly value: number; readonly dtype: DType };
  Transpose: { readonly perm: readonly number[] };
  Unsqueeze: { readonly axes: readonly number[] };
  Squeeze: { readonly axes: readonly number[] };
  Concat: { readonly axis: number; readonly dim: Shape[number] | null };
  Split: { readonly axis: number; readonly sizes: readonly number[] };
  /** The first rows along axis 0: inputs x, end [1]. */
  Head: { readonly dim: Shape[number] };
  Shape: None;
  /** 0, 1, … n − 1; inputs start, n, step (scalars). */
  Range: { readonly dim: Shape[number] };
  // indices
  Gather: { readonly axis: number };
  /** Rows of x by indices that do not repeat: a Gather whose gradient scatters without adding. */
  TakeRows: None;
  /** x [N, …], pad [B, S], unpad [N] to [B, S, …]: a Gather whose gradient is the Gather back (see encoder/layout). */
  PadRows: None;
  /** Updates added to the first input along axis 0: data, indices and updates, both [n, …]; indices may repeat. */
  ScatterAdd: None;
  /** Updates written at rows (axis 0) of the first: data, indices [n, 1], updates [n, …]; indices must not repeat. */
  ScatterRows: None;
  /** Indices of true, as [1, dim]. */
  NonZero: { readonly dim: Shape[number] };
  /** The greatest of the updates that fall on an entry, and of what was there: data [n], indices [m], updates [m]. */
  ScatterMax: None;
  /** Of int64 [n]: the distinct values by rising value, where each first stands, which of them each entry is [n], how often each is there. */
  Unique: { readonly dim: Shape[number] };
  // control flow
  /** The outputs of one branch, as the input (a bool scalar) says; the other is not computed. Both give the same types. */
  If: { readonly then_branch: Computation; readonly else_branch: Computation };
}

export type OpName = keyof Attributes;
export type None = Record<never, never>;
export interface Reduction {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}
