/**
 * Gradients of several batches as one: each batch's is of a mean over its texts, so that of all is their mean by the batches'
 * share of the texts' weights. Rows of the embeddings are put side by side. Its memory, as much as the gradients have, is kept from step
 * to step. Knows nothing of what is done with the sums.
 */
import { floats, type Tensor } from '../../runtime/runtime.ts';
import type { Packed } from '../batch.ts';
import type { StepPart } from './step.ts';

/** Which embeddings the rows of a step are the sums of. */
export type Rows = Pick<Packed, 'ids' | 'positions' | 'kinds'>;

export class GradientSums {
  readonly #gradients: Readonly<Record<string, Tensor>>;
  readonly #sums: ReadonlyMap<string, Float32Array>;
  #parts: readonly StepPart[] = [];
  #shares: readonly number[] = [];
  /** The first `#filled` numbers count. */
  #words = new Float32Array(0);
  #filled = 0;
  loss = 0;

  /** `gradients`: where each batch's are found, and all batches' are put at the end. */
  constructor(gradients: Readonly<Record<string, Tensor>>) {
    this.#gradients = gradients;
    this.#sums = new Map(
      Object.entries(gradients).map(([name, tensor]) => [name, new Float32Array(floats(tensor).length)]),
    );
  }

  /** Begins a step of these batches; what was summed before is gone. */
  begin(parts: readonly StepPart[]): void {
    const weights = parts.map(({ targets }) => floats(targets.weights).reduce((sum, weight) => sum + weight, 0));
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    this.#parts = parts;
    this.#shares = weights.map((weight) => weight / all);
    for (const sum of this.#sums.values()) sum.fill(0);
    this.#filled = 0;
    this.loss = 0;
  }

  /** What the graph gave of batch `i`; `words` [rows, width], or none. */
  add(i: number, loss: number, words: Float32Array): void {
    const share = this.#shares[i];
    this.loss += share * loss;
    for (const [name, sum] of this.#sums) {
      const gradient = floats(this.#gradients[name]);
      for (let k = 0; k < sum.length; k++) sum[k] += share * gradient[k];
    }
    const rows = this.#room(words.length);
    for (let k = 0; k < rows.length; k++) rows[k] = share * words[k];
  }

  /** The rows of all batches, one batch after the other. */
  finish(): Rows {
    for (const [name, sum] of this.#sums) floats(this.#gradients[name]).set(sum);
    const batches = this.#parts.map(({ batch }) => batch);
    return {
      ids: joined(
        Int32Array,
        batches.map(({ ids }) => ids),
      ),
      positions: joined(
        Int32Array,
        batches.map(({ positions }) => positions),
      ),
      kinds: joined(
        Uint8Array,
        batches.map(({ kinds }) => kinds),
      ),
    };
  }

  /** Gradients of the rows of `finish`; they hold until the next step begins. */
  get words(): Float32Array {
    return this.#words.subarray(0, this.#filled);
  }

  /** The next `length` numbers of the rows' memory, which grows to what the largest step needs. */
  #room(length: number): Float32Array {
    const end = this.#filled + length;
    if (end > this.#words.length) {
      const larger = new Float32Array(Math.max(end, 2 * this.#words.length));
      larger.set(this.words);
      this.#words = larger;
    }
    const room = this.#words.subarray(this.#filled, end);
    this.#filled = end;
    return room;
  }
}

function joined<T extends Int32Array | Uint8Array>(
  kind: new (length: number) => T,
  parts: readonly ArrayLike<number>[],
): T {
  const all = new kind(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
