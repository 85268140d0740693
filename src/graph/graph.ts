/**
 * Writes a computation: values with dtype and symbolic shape, joined by the operations of ops.ts. Types are checked
 * as each node is added, so a wrong shape fails where the graph is written, naming the operation and the shapes.
 * It knows nothing of BERT and runs nothing: onnx.ts turns it into bytes, src/runtime runs those.
 */
import { type Attributes, type OpName, ops } from './ops.ts';
import {
  type Computation,
  type Constant,
  type Dim,
  type DType,
  type GraphNode,
  type Shape,
  showType,
  type Type,
  TypeProblem,
  type Value,
} from './types.ts';

type TensorData = Float32Array | BigInt64Array | Int32Array | Uint8Array | Int8Array;

export class Graph implements Computation {
  readonly inputs: Value[] = [];
  readonly constants: Constant[] = [];
  readonly nodes: GraphNode[] = [];
  readonly outputs: { readonly name: string; readonly value: Value }[] = [];

  readonly #parent: Graph | null;
  readonly #scopes: string[];
  /** One for a graph and its branches: a name in a branch may not hide one around it. */
  readonly #names: Map<string, number>;
  readonly #extents = new Map<string, Value>();
  readonly #dimSources = new Map<string, { readonly value: Value; readonly axis: number }>();
  /** Scalars, vectors and rows of ones that are there already. */
  readonly #shared = new Map<string, Value>();

  /** `parent`: the graph that this is a branch of; see `if`. */
  constructor(parent: Graph | null = null) {
    this.#parent = parent;
    this.#scopes = parent ? [...parent.#scopes] : [];
    this.#names = parent ? parent.#names : new Map();
  }

  /** Names the nodes made within `body` after a place of the model ('encoder.layer.3.attention'). */
  scope<T>(name: string, body: () => T): T {
    this.#scopes.push(name);
    try {
      return body();
    } finally {
      this.#scopes.pop();
    }
  }

  /** A tensor that is given at each run. Symbols of its shape get their extent from it. */
  input(name: string, dtype: DType, shape: Shape): Value {
    if (this.inputs.some((input) => input.name === name))
      throw new Error(`internal: graph input ${name} exists already`);
    const value: Value = { name, dtype, shape, producer: null };
    this.inputs.push(value);
    this.#noteDims(value);
    return value;
  }

  /** A tensor that is part of the graph (a weight of an engine's graph, a table). */
  constant(name: string, data: TensorData, shape: readonly number[], dtype: DType = dtypeOf(data)): Value {
    if (data.length !== shape.reduce((n, dim) => n * dim, 1)) {
      throw new Error(`internal: constant ${name} has ${data.length} values for shape [${shape.join(', ')}]`);
    }
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const value: Constant = { name: this.#unique(name), dtype, shape, producer: null, data: bytes };
    this.constants.push(value);
    return value;
  }

  /** A number as rank-0 constant; equal ones are shared. */
  scalar(value: number, dtype: 'float32' | 'int64' = 'float32'): Value {
    const key = `${dtype}:${Object.is(value, -0) ? '-0' : value}`;
    return this.#once(key, () => {
      const data = dtype === 'float32' ? Float32Array.of(value) : BigInt64Array.of(BigInt(value));
      return this.constant(`scalar.${key.replace(':', '.')}`, data, []);
    });
  }

  output(name: string, value: Value): void {
    if (this.outputs.some((output) => output.name === name))
      throw new Error(`internal: graph output ${name} exists already`);
    this.outputs.push({ name, value });
  }

  /** Adds a node; the first of its outputs. */
  op<P extends OpName>(op: P, inputs: readonly Value[], attributes: Attributes[P]): Value {
    return this.ops(op, inputs, attributes)[0];
  }

  /** Adds a node; all its outputs. */
  ops<P extends OpName>(op: P, inputs: readonly Value[], attributes: Attributes[P]): readonly Value[] {
    const place = this.#scopes.join('.');
    let types: readonly Type[];
    try {
      types = ops[op].types(inputs, attributes);
    } catch (cause) {
      if (!(cause instanceof TypeProblem)) throw cause;
      const problem = `internal: ${op}${place ? ` in ${place}` : ''}: ${cause.message}`;
      const shown = inputs.map(showType).join(' and ');
      throw new Error(cause.message.includes(shown) ? problem : `${problem}, given ${shown}`, { cause });
    }
    const name = this.#unique(place ? `${place}.${op}` : op);
    const outputs: Value[] = [];
    const branches = ops[op].branches?.(attributes) ?? {};
    const node: GraphNode = { op, name, inputs, outputs, attributes, branches };
    types.forEach((type, i) => {
      outputs.push({ name: i === 0 ? name : `${name}.${i}`, dtype: type.dtype, shape: type.shape, producer: node });
    });
    this.nodes.push(node);
    return outputs;
  }

  /**
   * What one of the two bodies gives, as `condition` (a bool scalar) says; the other is not computed. Each is written into a
   * graph of its own, which may read what stands before the node in this one. Both give values of the same types.
   */
  if(
    condition: Value,
    then: (g: Graph) => readonly Value[],
    otherwise: (g: Graph) => readonly Value[],
  ): readonly Value[] {
    const branch = (body: (g: Graph) => readonly Value[]): Graph => {
      const g = new Graph(this);
      body(g).forEach((value, i) => {
        g.output(String(i), value);
      });
      return g;
    };
    return this.ops('If', [condition], { then_branch: branch(then), else_branch: branch(otherwise) });
  }

  // -------------------------------------------------------------------------------------------- extents

  /** Says which int64 scalar a symbol stands for, where no input shows it. */
  bindDim(dim: string, scalar: Value): void {
    if (this.#dimSources.has(dim) || this.#extents.has(dim))
      throw new Error(`internal: dimension ${dim} is bound already`);
    this.#extents.set(dim, scalar);
  }

  /** Lets a symbol take its extent from a computed value. */
  bindDimTo(dim: string, value: Value, axis: number): void {
    if (!this.#dimSources.has(dim) && !this.#extents.has(dim)) this.#dimSources.set(dim, { value, axis });
  }

  /** The size of a dimension, as int64 scalar. */
  extent(dim: Dim): Value {
    if (typeof dim === 'number') return this.scalar(dim, 'int64');
    const known = this.#found((g) => g.#extents.get(dim));
    if (known) return known;
    const source = this.#found((g) => g.#dimSources.get(dim));
    let value: Value;
    if (source) {
      const shape = this.op('Shape', [source.value], {});
      value = this.op('Gather', [shape, this.scalar(source.axis, 'int64')], { axis: 0 });
    } else {
      const parts = dim.split('*');
      if (parts.length < 2) throw new Error(`internal: no value shows how large dimension ${dim} is`);
      value = parts
        .map((part) => this.extent(/^\d+$/.test(part) ? Number(part) : part))
        .reduce((a, b) => this.mul(a, b));
    }
    this.#extents.set(dim, value);
    return value;
  }

  /** A shape as int64 vector. */
  shapeVector(shape: Shape): Value {
    if (shape.every((dim) => typeof dim === 'number')) return this.#vector(shape as readonly number[]);
    const parts = shape.map((dim) =>
      typeof dim === 'number' ? this.#vector([dim]) : this.op('Unsqueeze', [this.extent(dim)], { axes: [0] }),
    );
    return parts.length === 1 ? parts[0] : this.op('Concat', parts, { axis: 0, dim: null });
  }

  // -------------------------------------------------------------------------------------- short forms

  add = (a: Value, b: Value | number): Value => this.op('Add', [a, this.#value(b, a)], {});
  sub = (a: Value, b: Value | number): Value => this.op('Sub', [a, this.#value(b, a)], {});
  mul = (a: Value, b: Value | number): Value => this.op('Mul', [a, this.#value(b, a)], {});
  div = (a: Value, b: Value | number): Value => this.op('Div', [a, this.#value(b, a)], {});
  neg = (x: Value): Value => this.op('Neg', [x], {});
  abs = (x: Value): Value => this.op('Abs', [x], {});
  mod = (a: Value, b: number): Value => this.op('Mod', [a, this.scalar(b, 'int64')], {});
  detach = (x: Value): Value => this.op('Detach', [x], {});
  tanh = (x: Value): Value => this.op('Tanh', [x], {});
  sigmoid = (x: Value): Value => this.op('Sigmoid', [x], {});
  exp = (x: Value): Value => this.op('Exp', [x], {});
  gelu = (x: Value): Value => this.op('Gelu', [x], {});
  erf = (x: Value): Value => this.op('Erf', [x], {});
  where = (condition: Value, a: Value | number, b: Value | number): Value => {
    const like = typeof a === 'number' ? (b as Value) : a;
    return this.op('Where', [condition, this.#value(a, like), this.#value(b, like)], {});
  };
  cast = (x: Value, to: DType): Value => (x.dtype === to ? x : this.op('Cast', [x], { to }));
  matmul = (a: Value, b: Value): Value => this.op('MatMul', [a, b], {});
  /** x Wᵀ + b with W [out, in], as checkpoints keep it. */
  linear = (x: Value, weight: Value, bias?: Value): Value =>
    this.op('Gemm', bias ? [x, weight, bias] : [x, weight], { transA: false, transB: true });
  softmax = (x: Value): Value => this.op('Softmax', [x], { axis: -1 });
  sum = (x: Value, axes: readonly number[], keepDims = false): Value => this.op('ReduceSum', [x], { axes, keepDims });
  mean = (x: Value, axes: readonly number[], keepDims = false): Value => this.op('ReduceMean', [x], { axes, keepDims });
  transpose = (x: Value, perm: readonly number[]): Value => this.op('Transpose', [x], { perm });
  unsqueeze = (x: Value, ...axes: readonly number[]): Value => this.op('Unsqueeze', [x], { axes });
  squeeze = (x: Value, ...axes: readonly number[]): Value => this.op('Squeeze', [x], { axes });
  gather = (data: Value, indices: Value, axis = 0): Value => this.op('Gather', [data, indices], { axis });
  takeRows = (data: Value, indices: Value): Value => this.op('TakeRows', [data, indices], {});
  /** `updates` [n, …] added to the rows of `data` that `rows` [n] names; rows may repeat. */
  scatterAdd = (data: Value, rows: Value, updates: Value): Value => {
    const column = this.reshape(rows, [...rows.shape, ...updates.shape.slice(1).map(() => 1)]);
    const indices = updates.shape.length > 1 ? this.expand(column, updates.shape) : rows;
    return this.op('ScatterAdd', [data, indices, updates], {});
  };
  concat = (values: readonly Value[], axis: number, dim: Dim | null = null): Value =>
    values.length === 1 ? values[0] : this.op('Concat', values, { axis, dim });
  split = (x: Value, axis: number, sizes: readonly number[]): readonly Value[] =>
    this.ops('Split', [x], { axis, sizes });
  zeros = (shape: Shape, dtype: DType = 'float32'): Value =>
    this.op('ConstantOfShape', [this.shapeVector(shape)], { shape, value: 0, dtype });
  /** [1, dim]; equal ones are shared. */
  ones = (dim: Dim): Value =>
    this.#once(`ones:${dim}`, () => {
      const shape: Shape = [1, dim];
      return this.op('ConstantOfShape', [this.shapeVector(shape)], { shape, value: 1, dtype: 'float32' });
    });
  expand = (x: Value, shape: Shape): Value => this.op('Expand', [x, this.shapeVector(shape)], { shape });
  /** 0 … extent − 1. */
  range = (dim: Dim): Value =>
    this.op('Range', [this.scalar(0, 'int64'), this.extent(dim), this.scalar(1, 'int64')], { dim });
  /** The first `dim` rows. */
  head = (x: Value, dim: Dim): Value =>
    this.op('Head', [x, this.op('Unsqueeze', [this.extent(dim)], { axes: [0] })], { dim });

  reshape(x: Value, shape: Shape): Value {
    // one unknown dimension is left to the runtime (−1); more are written out
    const symbolic = shape.filter((dim) => typeof dim === 'string').length;
    const target =
      symbolic <= 1 ? this.#vector(shape.map((dim) => (typeof dim === 'string' ? -1 : dim))) : this.shapeVector(shape);
    return this.op('Reshape', [x, target], { shape });
  }

  // ---------------------------------------------------------------------------------------------------

  #value(value: Value | number, like: Value): Value {
    if (typeof value !== 'number') return value;
    if (like.dtype !== 'float32' && like.dtype !== 'int64')
      throw new Error(`internal: a number beside ${showType(like)}`);
    return this.scalar(value, like.dtype);
  }

  #vector(values: readonly number[]): Value {
    return this.#once(`[${values}]`, () =>
      this.constant(`vector.${values.join('_')}`, BigInt64Array.from(values, BigInt), [values.length]),
    );
  }

  #once(key: string, make: () => Value): Value {
    const found = this.#found((g) => g.#shared.get(key)) ?? make();
    this.#shared.set(key, found);
    return found;
  }

  /** What this graph or the nearest around it knows. */
  #found<T>(look: (g: Graph) => T | undefined): T | undefined {
    const found = look(this);
    return found !== undefined || this.#parent === null ? found : this.#parent.#found(look);
  }

  #noteDims(value: Value): void {
    value.shape.forEach((dim, axis) => {
      if (typeof dim === 'string' && !this.#extents.has(dim) && !this.#dimSources.has(dim))
        this.#dimSources.set(dim, { value, axis });
    });
  }

  #unique(name: string): string {
    const count = this.#names.get(name) ?? 0;
    this.#names.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  }
}

function dtypeOf(data: TensorData): DType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof BigInt64Array) return 'int64';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof Int8Array) return 'int8';
  return 'uint8';
}
