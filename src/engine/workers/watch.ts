/**
 * Watches over workers that something is awaited of: one that does no step for too long is reported, be it a text or a
 * file of the model that it hangs on. Silence is counted in looks, not read off a clock, so that a thread of the caller's
 * that was held up itself blames nobody.
 */
import type { Thread } from './thread.ts';

/** How long a worker may be silent that has let a deadline pass, unless it computes: tokenising a text takes milliseconds. */
const GRACE_MS = 5000;
/** Looks within the limit. */
const LOOKS = 5;
const MOST_BETWEEN_LOOKS_MS = 1000;
/** Loading may take so many times the limit in all. */
const LOADING = 20;

export interface Watched {
  readonly thread: Thread;
  readonly ready: boolean;
  /** A text was taken back from it since its time was over, and it has not said that it knows. */
  readonly isLate: boolean;
  readonly isAwaited: boolean;
  readonly silence: Silence;
}

export class Silence {
  ms = 0;
  /** Milliseconds that loading has taken so far. */
  loadingMs = 0;
  steps: number | undefined;

  end(): void {
    this.ms = 0;
  }
}

export class Watch<M extends Watched> {
  readonly #workers: readonly M[];
  readonly #stallMs: number;
  readonly #onStalled: (worker: M) => void;
  #timer: ReturnType<typeof setInterval> | null = null;

  /** `stallMs`: how long a worker may be silent. */
  constructor(workers: readonly M[], stallMs: number, onStalled: (worker: M) => void) {
    this.#workers = workers;
    this.#stallMs = stallMs;
    this.#onStalled = onStalled;
  }

  /** Watches until nothing is awaited of anybody. */
  begin(): void {
    if (this.#timer !== null || this.#stallMs === Number.POSITIVE_INFINITY) return;
    const ms = Math.max(1, Math.min(MOST_BETWEEN_LOOKS_MS, this.#stallMs / LOOKS));
    this.#timer = setInterval(() => this.#look(ms), ms);
    (this.#timer as { unref?: () => void }).unref?.();
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #look(ms: number): void {
    if (!this.#workers.some(({ isAwaited }) => isAwaited)) this.end();
    for (const worker of [...this.#workers]) if (this.#isStalled(worker, ms)) this.#onStalled(worker);
  }

  #isStalled({ thread, ready, isAwaited, isLate, silence }: M, ms: number): boolean {
    if (!isAwaited || silence.steps !== thread.steps) silence.end();
    else silence.ms += ms;
    silence.steps = thread.steps;
    if (!ready) silence.loadingMs += ms;
    const most = isLate && !thread.isComputing ? Math.min(GRACE_MS, this.#stallMs) : this.#stallMs;
    return silence.ms > most || silence.loadingMs > LOADING * this.#stallMs;
  }
}
