/**
 * How long what reaches this thread lies before it is looked at: the time of a turn of the event loop, which no clock that
 * starts in a request's handler can see. Under thousands of requests a second it is most of what a client waits.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 2;

export class LoopLag {
  readonly #turns = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#turns.enable();
  }

  /** The mean since it was last read, in milliseconds. */
  read(): number {
    const ms = this.#turns.count === 0 ? 0 : this.#turns.mean / 1e6 - RESOLUTION_MS;
    this.#turns.reset();
    return Math.max(0, ms);
  }

  close(): void {
    this.#turns.disable();
  }
}
