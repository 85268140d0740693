/**
 * L-BFGS (Nocedal and Wright, algorithm 7.5) for a smooth convex function, with a diagonal as the first guess of its
 * Hessian. Vectors are float32, since reading them is most of the time; sums are doubles. Deterministic; knows nothing of
 * what it minimises.
 */

export interface LbfgsOptions {
  /** Stops where the next step promises less than this share of f. */
  readonly tolerance: number;
  readonly maxIterations: number;
  readonly onIteration?: (iteration: number) => void;
}

/** Steps and changes of the gradient that are remembered. */
export const MEMORY = 6;
const SUFFICIENT = 1e-4;
const MOST_TRIES = 30;

/**
 * Minimises in place; gives f.
 * @param evaluate f at a point, with its gradient written into the second argument
 * @param curvature diagonal of the Hessian, roughly, above 0
 */
export function lbfgs(
  evaluate: (at: Float32Array, gradient: Float32Array) => number,
  parameters: Float32Array,
  curvature: Float32Array,
  { tolerance, maxIterations, onIteration }: LbfgsOptions,
): number {
  const size = parameters.length;
  let gradient = new Float32Array(size);
  let nextGradient = new Float32Array(size);
  const direction = new Float32Array(size);
  const next = new Float32Array(size);
  const history: { step: Float32Array; change: Float32Array; inverse: number }[] = []; // inverse: 1 / (step · change)
  const alphas = new Float64Array(MEMORY);
  let scale = 1;
  let value = evaluate(parameters, gradient);
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    direction.set(gradient);
    for (let m = history.length - 1; m >= 0; m--) {
      alphas[m] = history[m].inverse * dot(history[m].step, direction);
      add(direction, history[m].change, -alphas[m]);
    }
    for (let i = 0; i < size; i++) direction[i] *= scale / curvature[i];
    for (const [m, { step, change, inverse }] of history.entries())
      add(direction, step, alphas[m] - inverse * dot(change, direction));
    const slope = -dot(direction, gradient); // where f is quadratic it falls by half of it
    if (!(slope < 0) || -slope / 2 <= tolerance * Math.abs(value)) break;
    const found = search(evaluate, { parameters, direction, value, slope, next, nextGradient });
    if (found === null) break;
    const oldest = history.length === MEMORY ? history.shift() : undefined;
    const step = oldest?.step ?? new Float32Array(size);
    const change = oldest?.change ?? new Float32Array(size);
    let along = 0;
    let squares = 0;
    for (let i = 0; i < size; i++) {
      const moved = next[i] - parameters[i];
      const changed = nextGradient[i] - gradient[i];
      parameters[i] = next[i];
      step[i] = moved;
      change[i] = changed;
      along += moved * changed;
      squares += (changed * changed) / curvature[i];
    }
    if (along > 0) {
      history.push({ step, change, inverse: 1 / along });
      scale = along / squares;
    }
    [gradient, nextGradient] = [nextGradient, gradient];
    value = found;
    onIteration?.(iteration);
  }
  return value;
}

interface Line {
  readonly parameters: Float32Array;
  readonly direction: Float32Array;
  readonly value: number;
  readonly slope: number;
  /** Written: the point that is taken, and its gradient. */
  readonly next: Float32Array;
  readonly nextGradient: Float32Array;
}

/** A point along −direction where f falls enough, and f there; null: rounding is all that is left. */
function search(
  evaluate: (at: Float32Array, gradient: Float32Array) => number,
  { parameters, direction, value, slope, next, nextGradient }: Line,
): number | null {
  let length = 1;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    for (let i = 0; i < next.length; i++) next[i] = parameters[i] - length * direction[i];
    const found = evaluate(next, nextGradient);
    if (found <= value + SUFFICIENT * length * slope) return found;
    // the lowest point of the parabola through both values and the slope, within bounds
    const lowest = (-slope * length * length) / (2 * (found - value - slope * length));
    length = Math.min(Math.max(lowest, length / 10), length / 2);
  }
  return null;
}

/** Four sums side by side: one would wait for itself. */
function dot(a: Float32Array, b: Float32Array): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const whole = a.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    s0 += a[i] * b[i];
    s1 += a[i + 1] * b[i + 1];
    s2 += a[i + 2] * b[i + 2];
    s3 += a[i + 3] * b[i + 3];
  }
  for (let i = whole; i < a.length; i++) s0 += a[i] * b[i];
  return s0 + s1 + s2 + s3;
}

function add(to: Float32Array, vector: Float32Array, factor: number): void {
  for (let i = 0; i < to.length; i++) to[i] += factor * vector[i];
}
