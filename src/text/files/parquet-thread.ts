/**
 * A thread that reads a parquet file. It is stopped when it makes no progress for long or fills its memory. After a file
 * it waits a moment for the next one: starting a thread takes longer than reading a small file.
 */
import type { Worker } from 'node:worker_threads';
import { PyramidError } from '../../errors.ts';
import { startThread } from '../../start-thread.ts';
import { type FromParquet, type ParquetStart, STEPS, type ToParquet, WAITS } from './parquet-messages.ts';

// under vitest this file is TypeScript, which a worker of Node 20 cannot run: the built one does the same
const workerFile = import.meta.url.endsWith('.ts')
  ? '../../../dist/text/files/parquet-worker.js'
  : './parquet-worker.js';

/** Of the thread's heap: a row group of a million long texts takes about one. */
const HEAP_MB = 4096;
const TICK_MS = 250;
/** Ticks without a step (a page, a piece of the file, a slice of rows) after which a thread counts as lost: 10 s. */
const MOST_TICKS = 40;
const IDLE_MS = 2000;

/** Why the thread is no more; nothing more comes of it. */
export class ThreadLost extends Error {}

export class ParquetThread {
  readonly #worker: Worker;
  readonly #state = new Int32Array(new SharedArrayBuffer(8));
  readonly #answers: ((answer: FromParquet) => void)[] = [];
  readonly #failures: ((error: Error) => void)[] = [];
  #lost: Error | null = null;
  #watch: NodeJS.Timeout | null = null;

  /** Throws MP_SYSTEM_LIMIT. */
  constructor() {
    // until its first message it loads its code, and is waited for
    Atomics.store(this.#state, WAITS, 1);
    const workerData: ParquetStart = { state: this.#state.buffer as SharedArrayBuffer };
    const options = { workerData, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } };
    this.#worker = startThread(new URL(workerFile, import.meta.url), options, (error) => {
      const { code, message } = error as NodeJS.ErrnoException;
      const full = code === 'ERR_WORKER_OUT_OF_MEMORY';
      if (error instanceof PyramidError) this.#lose(error);
      else this.#lose(new ThreadLost(full ? 'reading it takes more memory than is available' : message));
    });
    this.#worker.on('message', (said: FromParquet) => {
      // what still comes from a thread that is being ended: its end is waited for
      if (this.#lost) return;
      this.#failures.shift();
      this.#answers.shift()?.(said);
      if (this.#answers.length === 0) this.#rest();
    });
    this.#worker.on('exit', () => this.#lose(new ThreadLost('its thread ended')));
    this.#worker.unref();
  }

  get lost(): boolean {
    return this.#lost !== null;
  }

  /** Answers come in the order of the messages. Rejects with ThreadLost, or with MP_SYSTEM_LIMIT where it does not start. */
  ask(message: ToParquet): Promise<FromParquet> {
    if (this.#lost) return Promise.reject(this.#lost);
    this.#worker.ref();
    this.#watch ??= this.#watchSteps();
    const answered = new Promise<FromParquet>((resolve, reject) => {
      this.#answers.push(resolve);
      this.#failures.push(reject);
    });
    // who has left the loop no longer asks for it
    answered.catch(() => {});
    this.#worker.postMessage(message);
    return answered;
  }

  async end(): Promise<void> {
    this.#lose(new ThreadLost('it was closed'));
    await this.#worker.terminate();
  }

  #rest(): void {
    if (this.#watch) clearInterval(this.#watch);
    this.#watch = null;
    this.#worker.unref();
  }

  /** Ticks are counted rather than time, which also passes while a computer sleeps. */
  #watchSteps(): NodeJS.Timeout {
    let seen = -1;
    let ticks = 0;
    return setInterval(() => {
      const steps = Atomics.load(this.#state, STEPS);
      const waits = Atomics.load(this.#state, WAITS) === 1;
      ticks = steps === seen && !waits ? ticks + 1 : 0;
      seen = steps;
      if (ticks < MOST_TICKS) return;
      this.#lose(new ThreadLost(`a page of it was not decoded within ${(MOST_TICKS * TICK_MS) / 1000} s`));
      void this.#worker.terminate();
    }, TICK_MS);
  }

  #lose(why: Error): void {
    if (this.#lost) return;
    this.#lost = why;
    this.#rest();
    this.#answers.length = 0;
    for (const fail of this.#failures.splice(0)) fail(why);
  }
}

let idle: ParquetThread | null = null;
let idleTimer: NodeJS.Timeout | null = null;

/** Throws MP_SYSTEM_LIMIT. */
export function takeThread(): ParquetThread {
  const kept = idle;
  idle = null;
  if (idleTimer) clearTimeout(idleTimer);
  return kept && !kept.lost ? kept : new ParquetThread();
}

/** Gives back a thread that has no file open. */
export async function giveThread(thread: ParquetThread): Promise<void> {
  if (thread.lost) return;
  if (idle) return thread.end();
  idle = thread;
  idleTimer = setTimeout(() => {
    idle = null;
    void thread.end();
  }, IDLE_MS).unref();
}
