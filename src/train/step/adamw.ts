/**
 * AdamW (Loshchilov & Hutter 2019) as PyTorch computes it: w ← w(1 − ηλ), m ← β₁m + (1 − β₁)g,
 * v ← β₂v + (1 − β₂)g², w ← w − η/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε), in float32, weights changed in place. The loop is
 * WebAssembly (adamw.wat), four values at a time. A weight of MiniLM takes 1.4 to 1.9 ns with its moments and gradient in
 * the cache, against 4.6 in JavaScript.
 */
import { ADAMW_WASM } from './adamw-wasm.ts';

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

export const ADAMW: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };

/** First and second moments of one tensor. */
export interface Moments {
  readonly m: Float32Array;
  readonly v: Float32Array;
}

/** The numbers of one tensor's update at one step. */
export interface Factors {
  /** ηλ, 0 without weight decay. */
  readonly decay: number;
  /** η/(1 − β₁ᵗ). */
  readonly size: number;
  /** 1/√(1 − β₂ᵗ). */
  readonly root: number;
  /** What the gradient is multiplied by first. */
  readonly clip: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** `step` counts from 1. */
export function stepFactors(
  options: AdamWOptions,
  learningRate: number,
  step: number,
  decays: boolean,
  clip: number,
): Factors {
  const { beta1, beta2, epsilon, weightDecay } = options;
  return {
    decay: learningRate * (decays ? weightDecay : 0),
    size: learningRate / (1 - power(beta1, step)),
    root: 1 / Math.sqrt(1 - power(beta2, step)),
    clip,
    beta1,
    beta2,
    epsilon,
  };
}

/** baseⁿ by multiplications, n a whole number from 0: what `**` rounds to differs between versions of Node. */
export function power(base: number, n: number): number {
  let result = 1;
  for (let square = base, left = n; left > 0; left = Math.floor(left / 2), square *= square) {
    if (left % 2 === 1) result *= square;
  }
  return result;
}

/** Floats that the kernel is given at a time. */
const BLOCK = 4096;
const FLOAT = Float32Array.BYTES_PER_ELEMENT;
/** Whole vectors of four: what the kernel's loops go by. */
export const padded = (floats: number): number => Math.ceil(floats / 4) * 4;
const PAGE = 65536;

interface Kernel {
  update(w: number, g: number, m: number, v: number, n: number, ...factors: number[]): void;
  squares(x: number, n: number): number;
}

/** What is used of it: Node's types have none. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

const assembly = new WebAssembly.Module(Buffer.from(ADAMW_WASM, 'base64'));

/**
 * The kernel with a memory of its own. Arrays that were taken from it are worked on where they are; others are copied
 * through it block by block, which is right as well, and slower (2.1 ns a weight if all four are others).
 */
export class AdamW {
  /** Floats that one memory can give out: WebAssembly's addresses end at 4 GiB. */
  static readonly LARGEST = 2 ** 30 - 2 ** 20;
  readonly #memory: { readonly buffer: ArrayBuffer };
  readonly #kernel: Kernel;
  readonly #blocks: readonly Float32Array[];
  /** Where an array ends, in bytes; up to the next vector of four nothing follows it. */
  readonly #ends = new Set<number>();
  #taken = 0;

  /** `floats`: how many are going to be taken, each array's length `padded`. */
  constructor(floats = 0) {
    const bytes = (4 * BLOCK + floats) * FLOAT;
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
    this.#kernel = new WebAssembly.Instance(assembly, { js: { memory: this.#memory } }).exports as Kernel;
    this.#blocks = Array.from({ length: 4 }, () => this.take(BLOCK));
  }

  /** Zeros in the kernel's memory. */
  take(length: number): Float32Array {
    const array = new Float32Array(this.#memory.buffer, this.#taken, length);
    this.#ends.add(this.#taken + length * FLOAT);
    this.#taken += padded(length) * FLOAT;
    return array;
  }

  moments(length: number): Moments {
    return { m: this.take(length), v: this.take(length) };
  }

  /** Updates weights[from … to). `gradient[i]` belongs to weights[from + i]; null stands for zeros. */
  update(
    weights: Float32Array,
    { m, v }: Moments,
    from: number,
    to: number,
    gradient: Float32Array | null,
    { decay, size, root, epsilon, clip, beta1, beta2 }: Factors,
  ): void {
    // any numbers times 0 are the zeros of no gradient
    const fresh = gradient ? clip : 0;
    const fresh1 = (1 - beta1) * fresh;
    const fresh2 = (1 - beta2) * fresh * fresh;
    for (let at = from; at < to; at += BLOCK) {
      const n = Math.min(BLOCK, to - at);
      const w = this.#enter(0, weights, at, n);
      const first = this.#enter(1, m, at, n);
      const second = this.#enter(2, v, at, n);
      const g = gradient ? this.#enter(3, gradient, at - from, n) : first;
      this.#kernel.update(w, g, first, second, padded(n), decay, size, root, epsilon, beta1, fresh1, beta2, fresh2);
      this.#leave(0, weights, at, n);
      this.#leave(1, m, at, n);
      this.#leave(2, v, at, n);
    }
  }

  /** Σ x², in double precision. */
  sumOfSquares(x: Float32Array): number {
    let sum = 0;
    for (let at = 0; at < x.length; at += BLOCK) {
      const n = Math.min(BLOCK, x.length - at);
      const place = this.#enter(0, x, at, n);
      // what fills up the last four is none of x
      if (n % 4 !== 0) new Float32Array(this.#memory.buffer, place + n * FLOAT, padded(n) - n).fill(0);
      sum += this.#kernel.squares(place, padded(n));
    }
    return sum;
  }

  /** Where the kernel finds x[at … at + n): in place, or copied into a block. */
  #enter(block: number, x: Float32Array, at: number, n: number): number {
    if (this.#isAtHand(x, at, n)) return x.byteOffset + at * FLOAT;
    this.#blocks[block].set(x.subarray(at, at + n));
    return this.#blocks[block].byteOffset;
  }

  #leave(block: number, x: Float32Array, at: number, n: number): void {
    if (!this.#isAtHand(x, at, n)) x.set(this.#blocks[block].subarray(0, n), at);
  }

  /** In the kernel's memory, and with nothing behind it that the last four would reach. */
  #isAtHand(x: Float32Array, at: number, n: number): boolean {
    if (x.buffer !== this.#memory.buffer) return false;
    const start = x.byteOffset + at * FLOAT;
    return n % 4 === 0 || (start % (4 * FLOAT) === 0 && this.#ends.has(start + n * FLOAT));
  }
}

/** The factor that brings gradients of this norm down to `limit` (PyTorch's clip_grad_norm_); 1 if limit is 0. */
export const clipFactor = (norm: number, limit: number): number => (limit > 0 ? Math.min(1, limit / (norm + 1e-6)) : 1);
