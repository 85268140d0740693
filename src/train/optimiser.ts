/** The optimiser of a stage: for each learnt tensor its gradient's memory and moments, clipping by the joint norm, AdamW. */
import { decays } from '../encoder/index.ts';
import { isHead } from '../pyramid/heads.ts';
import { THRESHOLDS } from '../pyramid/network.ts';
import { float32, type Tensor } from '../runtime/runtime.ts';
import {
  ADAMW,
  type AdamWOptions,
  adamwUpdate,
  clipFactor,
  type Factors,
  type Moments,
  newMoments,
  stepFactors,
  sumOfSquares,
} from './adamw.ts';

export interface LearntTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Moments by tensor name: what a checkpoint keeps beside the weights. */
export type OptimiserMoments = Map<string, Moments>;

/** The memory of one tensor's update. */
export interface TensorMemory {
  readonly weights: Float32Array;
  readonly gradient: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
}

export interface LearningRates {
  readonly weights: number;
  /** Of exit heads. */
  readonly heads: number;
  readonly thresholds: number;
}

/** `onReplaced` is told when a tensor has come back in other memory than it went out in. */
export class Optimiser {
  readonly #tensors: Map<string, LearntTensor>;
  readonly #gradients: Map<string, Float32Array>;
  readonly #onReplaced: (name: string, tensor: LearntTensor) => void;
  readonly #clip: number;
  readonly settings: AdamWOptions;
  readonly moments: OptimiserMoments;

  constructor(
    tensors: ReadonlyMap<string, LearntTensor>,
    { weightDecay, clip }: { weightDecay: number; clip: number },
    onReplaced: (name: string, tensor: LearntTensor) => void = () => {},
  ) {
    this.#tensors = new Map(tensors);
    this.#onReplaced = onReplaced;
    this.#clip = clip;
    this.settings = { ...ADAMW, weightDecay };
    const each = <T>(make: (length: number) => T) =>
      new Map([...tensors].map(([name, { data }]) => [name, make(data.length)]));
    this.#gradients = each((length) => new Float32Array(length));
    this.moments = each(newMoments);
  }

  /** Values of each tensor. */
  lengths(): ReadonlyMap<string, number> {
    return new Map([...this.#tensors].map(([name, { data }]) => [name, data.length]));
  }

  /** A tensor's memory, to be moved to another thread; it must be put back before anything else is done with it. */
  takeOut(name: string): TensorMemory {
    return { weights: this.#tensors.get(name)!.data, gradient: this.#gradients.get(name)!, ...this.moments.get(name)! };
  }

  putBack(name: string, { weights, gradient, m, v }: TensorMemory): void {
    const tensor = { shape: this.#tensors.get(name)!.shape, data: weights };
    this.#tensors.set(name, tensor);
    this.#gradients.set(name, gradient);
    this.moments.set(name, { m, v });
    this.#onReplaced(name, tensor);
  }

  /** Where the next step's graph is to write its outputs `gradient:NAME`. */
  gradientOutputs(): Record<string, Tensor> {
    return Object.fromEntries(
      [...this.#gradients].map(([name, data]) => [
        `gradient:${name}`,
        float32(data, ...this.#tensors.get(name)!.shape),
      ]),
    );
  }

  /**
   * Sum of squares of the gradients but those of `away`. The thresholds stay out of it: their gradient, steep by 1/T,
   * would shrink all others.
   */
  squares(away: ReadonlySet<string> = NONE): number {
    let sum = 0;
    for (const [name, gradient] of this.#gradients) {
      if (name !== THRESHOLDS && !away.has(name)) sum += sumOfSquares(gradient);
    }
    return sum;
  }

  /** Norm of all gradients together, `others` (a sum of squares) included. */
  norm(others = 0): number {
    return Math.sqrt(others + this.squares());
  }

  clipFactor(norm: number): number {
    return clipFactor(norm, this.#clip);
  }

  factors(name: string, clip: number, rates: LearningRates, step: number): Factors {
    const isThreshold = name === THRESHOLDS;
    const rate = isThreshold ? rates.thresholds : isHead(name) ? rates.heads : rates.weights;
    return stepFactors(this.settings, rate, step, !isThreshold && decays(name), isThreshold ? 1 : clip);
  }

  /** One AdamW step with the gradients at hand, but for the tensors of `away`; `step` counts from 1. */
  apply(clip: number, rates: LearningRates, step: number, away: ReadonlySet<string> = NONE): void {
    for (const [name, { data }] of this.#tensors) {
      if (away.has(name)) continue;
      const factors = this.factors(name, clip, rates, step);
      adamwUpdate(data, this.moments.get(name)!, 0, data.length, this.#gradients.get(name)!, factors);
    }
  }
}

const NONE: ReadonlySet<string> = new Set();
