/**
 * The optimiser's work on more than one thread. onnxruntime-node does not take shared memory, so before the update the
 * large tensors of each helper's share (weights, gradient, moments) are moved to it and moved back after: buffers
 * change hands, nothing is copied. Between steps everything is here.
 */
import { Worker } from 'node:worker_threads';
import type { Factors } from './adamw.ts';
import type { LearningRates, Optimiser, TensorMemory } from './optimiser.ts';

/** Smaller tensors are not worth moving. */
const LEAST_LENGTH = 1 << 15;
/** What a helper is told to begin with: measure the gradients it is given. */
export interface Share {
  readonly kind: 'share';
  readonly tensors: readonly TensorMemory[];
}
/** Then, to update them by these factors (one entry a tensor; null: leave them) and give them back. */
export interface Update {
  readonly kind: 'update';
  readonly factors: readonly Factors[] | null;
}
export type ToHelper = Share | Update;
export type FromHelper =
  | { readonly kind: 'squares'; readonly squares: number }
  | { readonly kind: 'back'; readonly tensors: readonly TensorMemory[] };

interface Helper {
  readonly worker: Worker;
  readonly names: readonly string[];
}

// under vitest this file is TypeScript, which a worker of Node 20 cannot run: the built one does the same
const workerFile = import.meta.url.endsWith('.ts') ? '../../dist/train/optimiser-worker.js' : './optimiser-worker.js';

export class OptimiserCrew {
  readonly #optimiser: Optimiser;
  readonly #helpers: readonly Helper[];
  readonly #away: ReadonlySet<string>;

  /** `ownWork`: values that the calling thread has to update beside the optimiser's (the word embedding's). */
  constructor(optimiser: Optimiser, threads: number, ownWork: number) {
    this.#optimiser = optimiser;
    const shares = divide(optimiser.lengths(), threads, ownWork).filter((names) => names.length > 0);
    this.#helpers = shares.map((names) => ({ worker: new Worker(new URL(workerFile, import.meta.url)), names }));
    for (const { worker } of this.#helpers) worker.unref();
    this.#away = new Set(shares.flat());
  }

  /**
   * One step: the joint norm of all gradients (`others` is the sum of squares of those beside the optimiser's), clipping,
   * AdamW. Nothing is changed, and `clip` is null, if the loss or the norm is not finite. `alongside` runs on this
   * thread while the helpers work.
   */
  async update(
    others: number,
    loss: number,
    rates: LearningRates,
    step: number,
    alongside: (clip: number) => void,
  ): Promise<{ readonly norm: number; readonly clip: number | null }> {
    const optimiser = this.#optimiser;
    const measured = this.#helpers.map(({ worker, names }) => {
      const tensors = names.map((name) => optimiser.takeOut(name));
      const answer = next(worker, 'squares');
      worker.postMessage({ kind: 'share', tensors } satisfies Share, buffersOf(tensors));
      return answer;
    });
    let squares = others + optimiser.squares(this.#away);
    for (const answer of await Promise.all(measured)) squares += answer.squares;
    const norm = Math.sqrt(squares);
    const clip = Number.isFinite(norm) && Number.isFinite(loss) ? optimiser.clipFactor(norm) : null;
    const returned = this.#helpers.map(({ worker, names }) => {
      const factors = clip === null ? null : names.map((name) => optimiser.factors(name, clip, rates, step));
      const answer = next(worker, 'back');
      worker.postMessage({ kind: 'update', factors } satisfies Update);
      return answer;
    });
    if (clip !== null) {
      optimiser.apply(clip, rates, step, this.#away);
      alongside(clip);
    }
    (await Promise.all(returned)).forEach(({ tensors }, i) => {
      this.#helpers[i].names.forEach((name, j) => {
        optimiser.putBack(name, tensors[j]);
      });
    });
    return { norm, clip };
  }

  async close(): Promise<void> {
    await Promise.all(this.#helpers.map(({ worker }) => worker.terminate()));
  }
}

/** The helper's next message, which must be of that kind. */
function next<K extends FromHelper['kind']>(worker: Worker, kind: K): Promise<Extract<FromHelper, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const done = (act: () => void) => {
      worker.off('message', onMessage);
      worker.off('error', reject);
      worker.off('exit', onExit);
      worker.unref();
      act();
    };
    const onMessage = (message: FromHelper) =>
      done(() =>
        message.kind === kind
          ? resolve(message as Extract<FromHelper, { kind: K }>)
          : reject(new Error(`internal: a helper said ${message.kind} where ${kind} was due`)),
      );
    const onExit = () => done(() => reject(new Error('internal: a helper of the optimiser ended')));
    worker.on('message', onMessage);
    worker.on('error', reject);
    worker.on('exit', onExit);
    worker.ref();
  });
}

export const buffersOf = (tensors: readonly TensorMemory[]): ArrayBuffer[] =>
  tensors.flatMap(({ weights, gradient, m, v }) =>
    [weights, gradient, m, v].map(({ buffer }) => buffer as ArrayBuffer),
  );

/** Names for each helper: largest first, each to whom has least so far; the first of the threads is the caller's own. */
function divide(lengths: ReadonlyMap<string, number>, threads: number, ownWork: number): string[][] {
  const loads = new Array<number>(threads).fill(0);
  const shares: string[][] = loads.map(() => []);
  loads[0] = ownWork;
  const bySize = [...lengths].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  for (const [name, length] of bySize) {
    const least = length < LEAST_LENGTH ? 0 : loads.indexOf(Math.min(...loads));
    loads[least] += length;
    shares[least].push(name);
  }
  return shares.slice(1);
}
