/**
 * Gradients of several batches as one: each batch's is of a mean over its texts, so that of all is their mean by the batches'
 * share of the texts' weights. Rows of the embeddings are put side by side. Knows nothing of what is done with the sums.
 */
import { floats, type Tensor } from '../../runtime/runtime.ts';
import type { Packed } from '../batch.ts';
import type { StepPart } from './step.ts';

/** Which embeddings the rows of a step are the sums of. */
export type Rows = Pick<Packed, 'ids' | 'positions' | 'kinds'>;

export class GradientSums {
  readonly #parts: readonly StepPart[];
  readonly #shares: readonly number[];
  readonly #gradients: Readonly<Record<string, Tensor>>;
  readonly #sums: ReadonlyMap<string, Float32Array>;
  readonly #words: Float32Array[] = [];
  loss = 0;

  /** `gradients`: where each batch's are found, and all batches' are put at the end. */
  constructor(parts: readonly StepPart[], gradients: Readonly<Record<string, Tensor>>) {
    this.#parts = parts;
    const weights = parts.map(({ targets }) => floats(targets.weights).reduce((sum, weight) => sum + weight, 0));
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    this.#shares = weights.map((weight) => weight / all);
    this.#gradients = gradients;
    this.#sums = new Map(
      Object.entries(gradients).map(([name, tensor]) => [name, new Float32Array(floats(tensor).length)]),
    );
  }

  /** What the graph gave of batch `i`; `words` [rows, width], or none. */
  add(i: number, loss: number, words: Float32Array): void {
    const share = this.#shares[i];
    this.loss += share * loss;
    for (const [name, sum] of this.#sums) {
      const gradient = floats(this.#gradients[name]);
      for (let k = 0; k < sum.length; k++) sum[k] += share * gradient[k];
    }
    this.#words.push(words.map((value) => share * value));
  }

  /** The rows of all batches, one batch after the other. */
  finish(): Rows {
    for (const [name, sum] of this.#sums) floats(this.#gradients[name]).set(sum);
    const batches = this.#parts.map(({ batch }) => batch);
    return {
      ids: Int32Array.from(batches.flatMap(({ ids }) => [...ids])),
      positions: Int32Array.from(batches.flatMap(({ positions }) => [...positions])),
      kinds: Uint8Array.from(batches.flatMap(({ kinds }) => [...kinds])),
    };
  }

  /** Gradients of the rows of `finish`. */
  get words(): Float32Array {
    const all = new Float32Array(this.#words.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const words of this.#words) {
      all.set(words, at);
      at += words.length;
    }
    return all;
  }
}
