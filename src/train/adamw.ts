/**
 * AdamW (Loshchilov & Hutter 2019) as PyTorch computes it: w ← w(1 − ηλ), m ← β₁m + (1 − β₁)g,
 * v ← β₂v + (1 − β₂)g², w ← w − η/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε). Weights are changed in place.
 */

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

export const newMoments = (length: number): Moments => ({ m: new Float32Array(length), v: new Float32Array(length) });

/** The numbers of one tensor's update at one step. */
export interface Factors {
  /** 1 − ηλ, 1 without weight decay. */
  readonly keep: number;
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
    keep: 1 - learningRate * (decays ? weightDecay : 0),
    size: learningRate / (1 - beta1 ** step),
    root: 1 / Math.sqrt(1 - beta2 ** step),
    clip,
    beta1,
    beta2,
    epsilon,
  };
}

/**
 * Updates weights[from … to). `gradient[i]` belongs to weights[from + i]; null stands for zeros. In double precision, which
 * is what plain JavaScript is fast at (Math.fround doubles the time); what is stored is float32.
 */
export function adamwUpdate(
  weights: Float32Array,
  { m, v }: Moments,
  from: number,
  to: number,
  gradient: Float32Array | null,
  { keep, size, root, clip, beta1, beta2, epsilon }: Factors,
): void {
  if (gradient) {
    const fresh1 = (1 - beta1) * clip;
    const fresh2 = (1 - beta2) * clip * clip;
    for (let i = from, j = 0; i < to; i++, j++) {
      const g = gradient[j];
      const first = m[i] * beta1 + fresh1 * g;
      const second = v[i] * beta2 + fresh2 * g * g;
      m[i] = first;
      v[i] = second;
      weights[i] = weights[i] * keep - (size * first) / (Math.sqrt(second) * root + epsilon);
    }
  } else {
    for (let i = from; i < to; i++) {
      const first = m[i] * beta1;
      const second = v[i] * beta2;
      m[i] = first;
      v[i] = second;
      weights[i] = weights[i] * keep - (size * first) / (Math.sqrt(second) * root + epsilon);
    }
  }
}

/** Σ x², in double precision, four sums abreast. */
export function sumOfSquares(x: Float32Array): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const even = x.length - (x.length % 4);
  for (let i = 0; i < even; i += 4) {
    a += x[i] * x[i];
    b += x[i + 1] * x[i + 1];
    c += x[i + 2] * x[i + 2];
    d += x[i + 3] * x[i + 3];
  }
  for (let i = even; i < x.length; i++) a += x[i] * x[i];
  return a + b + c + d;
}

/** The factor that brings gradients of this norm down to `limit` (PyTorch's clip_grad_norm_); 1 if limit is 0. */
export const clipFactor = (norm: number, limit: number): number => (limit > 0 ? Math.min(1, limit / (norm + 1e-6)) : 1);
