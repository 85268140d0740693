/**
 * What a value of a graph is made of: dtype and symbolic shape. A dimension is a number, a symbol ('N'), or a
 * product of both ('B*S', '2*N') in canonical form; two dimensions are equal if their texts are.
 */
export type DType = 'float32' | 'int64' | 'int32' | 'int8' | 'uint8' | 'bool';
export type Dim = number | string;
export type Shape = readonly Dim[];

export interface Type {
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface Value extends Type {
  readonly name: string;
  /** The node that makes it; null for inputs and constants. */
  readonly producer: GraphNode | null;
}

export interface Constant extends Value {
  /** Little-endian bytes of the values. */
  readonly data: Uint8Array;
}

/**
 * What is computed: a whole graph, or a branch, which has no inputs of its own and may also read the values of the graphs
 * around it that are there before its node.
 */
export interface Computation {
  readonly inputs: readonly Value[];
  readonly constants: readonly Constant[];
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly { readonly name: string; readonly value: Value }[];
}

export interface GraphNode {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: object;
  /** What it computes only where it is told to, by the name of the operator's attribute. */
  readonly branches: Readonly<Record<string, Computation>>;
}

/** The values that a node reads: its inputs, and what its branches read, of the graphs around them too. */
export function readBy({ inputs, branches }: GraphNode): Value[] {
  const within = Object.values(branches).flatMap(({ nodes, outputs }) => [
    ...nodes.flatMap(readBy),
    ...outputs.map(({ value }) => value),
  ]);
  return [...inputs, ...within];
}

export const showShape = (shape: Shape): string => `[${shape.join(', ')}]`;
export const showType = (type: Type): string => `${type.dtype}${showShape(type.shape)}`;
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((dim, i) => dim === b[i]);

/** Product of dimensions in canonical form: the number first, then the symbols in order. */
export function product(dims: Shape): Dim {
  let factor = 1;
  const symbols: string[] = [];
  for (const dim of dims) {
    if (typeof dim === 'number') factor *= dim;
    else
      for (const part of dim.split('*')) {
        if (/^\d+$/.test(part)) factor *= Number(part);
        else symbols.push(part);
      }
  }
  if (factor === 0 || symbols.length === 0) return factor;
  symbols.sort();
  return (factor === 1 ? symbols : [String(factor), ...symbols]).join('*');
}

/** Shape of an elementwise result (NumPy's rule), or null if the two do not broadcast. */
export function broadcast(a: Shape, b: Shape): Shape | null {
  const rank = Math.max(a.length, b.length);
  const result: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x === y || y === 1) result.push(x);
    else if (x === 1) result.push(y);
    else return null;
  }
  return result;
}

/** A problem found by a shape rule; the graph adds the operation's name and place. */
export class TypeProblem extends Error {}

/** A possibly negative axis, as 0..rank−1. */
export function axisOf(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!(positive >= 0 && positive < rank)) throw new TypeProblem(`there is no axis ${axis} in rank ${rank}`);
  return positive;
}
