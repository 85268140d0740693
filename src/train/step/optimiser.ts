/**
 * The optimiser of a stage: for each trained tensor the memory of its gradient and its moments; clipping by the total norm;
 * AdamW. It runs on the calling thread, because onnxruntime-node does not accept memory that two threads share.
 */
import { decays } from '../../encoder/index.ts';
import { isHead } from '../../pyramid/exits/head-name.ts';
import { THRESHOLDS } from '../../pyramid/network.ts';
import { float32, type Tensor } from '../../runtime/runtime.ts';
import {
  ADAMW,
  AdamW,
  type AdamWOptions,
  clipFactor,
  type Factors,
  type Moments,
  padded,
  stepFactors,
} from './adamw.ts';

export interface LearntTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Moments by tensor name: what a checkpoint keeps beside the weights. */
type OptimiserMoments = Map<string, Moments>;

export interface LearningRates {
  readonly weights: number;
  /** Of exit heads. */
  readonly heads: number;
  readonly thresholds: number;
}

export class Optimiser {
  readonly #tensors: ReadonlyMap<string, LearntTensor>;
  readonly #kernels: ReadonlyMap<string, AdamW>;
  readonly #gradients: ReadonlyMap<string, Float32Array>;
  readonly #clip: number;
  readonly settings: AdamWOptions;
  readonly moments: OptimiserMoments;

  constructor(
    tensors: ReadonlyMap<string, LearntTensor>,
    { weightDecay, clip }: { weightDecay: number; clip: number },
  ) {
    this.#tensors = tensors;
    this.#clip = clip;
    this.settings = { ...ADAMW, weightDecay };
    this.#kernels = kernels(tensors);
    const each = <T>(make: (kernel: AdamW, length: number) => T) =>
      new Map([...tensors].map(([name, { data }]) => [name, make(this.#kernels.get(name)!, data.length)]));
    this.#gradients = each((kernel, length) => kernel.take(length));
    this.moments = each((kernel, length) => kernel.moments(length));
  }

  /** Where a step's graph is to write its outputs `gradient:NAME`. */
  gradientOutputs(): Record<string, Tensor> {
    return Object.fromEntries(
      [...this.#gradients].map(([name, data]) => [
        `gradient:${name}`,
        float32(data, ...this.#tensors.get(name)!.shape),
      ]),
    );
  }

  /**
   * Norm of all gradients together, `others` (a sum of squares) included. The thresholds stay out of it: their gradient,
   * steep by 1/T, would shrink all others.
   */
  norm(others = 0): number {
    let sum = others;
    for (const [name, gradient] of this.#gradients)
      if (name !== THRESHOLDS) sum += this.#kernels.get(name)!.sumOfSquares(gradient);
    return Math.sqrt(sum);
  }

  clipFactor(norm: number): number {
    return clipFactor(norm, this.#clip);
  }

  /** One AdamW step with the gradients at hand; `step` counts from 1. */
  apply(clip: number, rates: LearningRates, step: number): void {
    for (const [name, { data }] of this.#tensors) {
      const factors = this.#factors(name, clip, rates, step);
      const gradient = this.#gradients.get(name)!;
      this.#kernels.get(name)!.update(data, this.moments.get(name)!, 0, data.length, gradient, factors);
    }
  }

  #factors(name: string, clip: number, rates: LearningRates, step: number): Factors {
    const isThreshold = name === THRESHOLDS;
    const rate = isThreshold ? rates.thresholds : isHead(name) ? rates.heads : rates.weights;
    return stepFactors(this.settings, rate, step, !isThreshold && decays(name), isThreshold ? 1 : clip);
  }
}

/** For each tensor a kernel with room for its gradient and moments; one kernel for as many tensors as it can hold. */
function kernels(tensors: ReadonlyMap<string, LearntTensor>): Map<string, AdamW> {
  const groups: { names: string[]; floats: number }[] = [];
  for (const [name, { data }] of tensors) {
    const floats = 3 * padded(data.length);
    const last = groups.at(-1);
    if (!last || last.floats + floats > AdamW.LARGEST) groups.push({ names: [name], floats });
    else {
      last.names.push(name);
      last.floats += floats;
    }
  }
  return new Map(
    groups.flatMap(({ names, floats }) => {
      const kernel = new AdamW(floats);
      return names.map((name) => [name, kernel] as const);
    }),
  );
}
