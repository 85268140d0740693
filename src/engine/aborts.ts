/**
 * Many calls that wait on one signal, with one listener for all of them: adding or removing the n-th listener of a signal
 * walks through those before it.
 */
import type { Turn } from './workers/turn.ts';

export class Aborts {
  readonly #turn: Turn;
  readonly #waiting = new WeakMap<AbortSignal, { readonly all: Set<() => void>; readonly listener: () => void }>();

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  /** Calls `work` once when the signal, not aborted so far, is; of many in slices. What it gives takes `work` back. */
  on(signal: AbortSignal, work: () => void): () => void {
    let waiting = this.#waiting.get(signal);
    if (!waiting) {
      const all = new Set<() => void>();
      const listener = () => {
        this.#waiting.delete(signal);
        void this.#turn.through([...all], (one) => {
          if (all.delete(one)) one();
        });
      };
      waiting = { all, listener };
      this.#waiting.set(signal, waiting);
      signal.addEventListener('abort', listener, { once: true });
    }
    const { all, listener } = waiting;
    all.add(work);
    return () => {
      if (!all.delete(work) || all.size > 0) return;
      signal.removeEventListener('abort', listener);
      if (this.#waiting.get(signal)?.all === all) this.#waiting.delete(signal);
    };
  }
}
