/** Arrays of plain numbers in float64, by index: slow, short, and independent of what they are held against. */
export interface Nd {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

type Index = readonly number[];

export const sizeOf = (shape: readonly number[]): number => shape.reduce((n, dim) => n * dim, 1);

/** The array whose value at each index is `value(index)`. */
export function nd(shape: readonly number[], value: (index: Index) => number): Nd {
  return { shape, data: Array.from({ length: sizeOf(shape) }, (_, flat) => value(indexOf(shape, flat))) };
}

function indexOf(shape: readonly number[], flat: number): number[] {
  const index = new Array<number>(shape.length);
  let rest = flat;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return index;
}

/** The value at an index; leading axes of the index that the array lacks are dropped, and its axes of 1 repeat. */
export function at({ shape, data }: Nd, index: Index): number {
  const own = index.slice(index.length - shape.length);
  let flat = 0;
  for (let axis = 0; axis < shape.length; axis++) flat = flat * shape[axis] + (shape[axis] === 1 ? 0 : own[axis]);
  return data[flat];
}

/** NumPy's rule, for shapes known to fit. */
export function jointShape(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[shape.length - rank + axis] ?? 1);
    return sizes.find((size) => size !== 1) ?? 1;
  });
}

export const elementwise = (inputs: readonly Nd[], f: (...values: number[]) => number): Nd =>
  nd(jointShape(...inputs.map((input) => input.shape)), (index) => f(...inputs.map((input) => at(input, index))));

export const positive = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** Folds the values along some axes; `keep` leaves them as 1. */
export function fold(x: Nd, axes: readonly number[], keep: boolean, f: (values: readonly number[]) => number): Nd {
  const gone = axes.map((axis) => positive(axis, x.shape.length));
  const kept = x.shape.map((size, axis) => (gone.includes(axis) ? 1 : size));
  const inner = x.shape.map((size, axis) => (gone.includes(axis) ? size : 1));
  const folded = nd(kept, (outer) => {
    const values: number[] = [];
    for (let flat = 0; flat < sizeOf(inner); flat++) {
      const offset = indexOf(inner, flat);
      values.push(
        at(
          x,
          outer.map((place, axis) => place + offset[axis]),
        ),
      );
    }
    return f(values);
  });
  return keep ? folded : { shape: x.shape.filter((_, axis) => !gone.includes(axis)), data: folded.data };
}

export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** erf by its series 2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (2n+1)!!, all of whose terms have one sign; ±1 beyond 6. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(total); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}
