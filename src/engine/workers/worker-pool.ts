/**
 * The worker threads of a model, from start to end: a request's texts go to them (dispatcher.ts) in turns (task-queue.ts),
 * and a worker that ends before its time, or does nothing any more, is replaced and its texts are run again. Knows texts
 * and outcomes, not what they mean, and threads by what they do, not how they are made.
 */
import { PyramidError } from '../../errors.ts';
import { Dispatcher, UNDER_WAY } from './dispatcher.ts';
import { endWorkers } from './end-workers.ts';
import type { ModelDescription, TimedOutcome, WorkerStats } from './messages.ts';
import { poolStats } from './pool-stats.ts';
import { PoolWorker, type PoolWorkerEvents } from './pool-worker.ts';
import { type PendingRequest, type Request, type Task, TaskQueue, TRIES } from './task-queue.ts';
import type { Thread, ThreadEvents } from './thread.ts';
import { Turn } from './turn.ts';
import { Watch } from './watch.ts';
import { orAborted } from './within.ts';

/** How long workers may take to end by themselves. */
const CLOSE_MS = 5000;
/** Before a worker that did not start for what may pass is tried again. */
const PAUSE_MS = 500;

export interface WorkerPoolOptions<T extends Thread> {
  readonly workers: number;
  /** Starts a thread, which reads the model. */
  readonly startThread: (events: ThreadEvents) => T;
  /** What messages call the model. */
  readonly path: string;
  /** How long a worker may do nothing while something is awaited of it, in milliseconds; Infinity: for ever. */
  readonly stallMs: number;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
  /** Whether what a worker does not start for may be over in a moment; left out: never. */
  readonly mayPass?: (error: unknown) => boolean;
}

export class WorkerPool<T extends Thread = Thread> {
  readonly #options: WorkerPoolOptions<T>;
  readonly #workers: PoolWorker<T>[] = [];
  readonly #queue = new TaskQueue();
  readonly #dispatcher: Dispatcher<T>;
  readonly #events: PoolWorkerEvents<T>;
  readonly #watch: { begin(): void; end(): void };
  /** What the worker pool does on its caller's thread is done in slices. */
  readonly turn = new Turn();
  /** What workers have said and nobody has looked at yet. */
  readonly #arrived: { readonly worker: PoolWorker<T>; readonly outcome: TimedOutcome }[] = [];
  #isDelivering = false;
  #closing: Promise<void> | null = null;
  #hurry = () => {};
  /** Of workers that are to be tried again. */
  readonly #pauses = new Set<ReturnType<typeof setTimeout>>();

  private constructor(options: WorkerPoolOptions<T>) {
    this.#options = options;
    this.#watch = new Watch(this.#workers, options.stallMs, (worker) => this.#endStalled(worker));
    this.#events = {
      onOpen: () => this.#dispatcher.soon(),
      onOutcomes: (worker, outcomes) => {
        for (const outcome of outcomes) this.#arrived.push({ worker, outcome });
        void this.#deliver();
      },
      onFailed: (worker, ids, error) => {
        for (const id of ids) this.#fail(this.#finish(worker, id)?.pending, error);
      },
      onEnd: (worker) => this.#replace(worker),
    };
    this.#dispatcher = new Dispatcher(this.#workers, this.#queue, this.turn, {
      sent: () => this.#watch.begin(),
      failed: (pending, error) => this.#fail(pending, error),
    });
  }

  /**
   * Resolves when every worker has read the model. Throws what reading it throws, MP_MODEL_STALLED, and the signal's
   * reason.
   */
  static async start<T extends Thread>(
    options: WorkerPoolOptions<T>,
  ): Promise<{ pool: WorkerPool<T>; model: ModelDescription }> {
    const { signal } = options;
    signal?.throwIfAborted();
    const pool = new WorkerPool<T>(options);
    try {
      const started = Promise.all(Array.from({ length: options.workers }, () => pool.#startWorker()));
      const [model] = await orAborted(started, signal);
      return { pool, model };
    } catch (error) {
      await pool.close(0);
      throw error;
    }
  }

  /**
   * Takes a request. The function that it gives withdraws the request: nothing is called any more. `isLate`: since its
   * time is over, so a worker that has a text of it may hang. Throws MP_CLOSED.
   */
  submit(request: Request): (isLate?: boolean) => void {
    this.#needOpen();
    const pending: PendingRequest = { request, next: 0, underWay: 0, ended: false };
    this.#queue.add(pending);
    let missing = this.#options.workers - this.#workers.length - this.#pauses.size;
    while (missing-- > 0) this.#restart();
    this.#dispatcher.soon();
    return (isLate) => {
      if (!pending.ended) this.#drop(pending, isLate);
    };
  }

  /**
   * What all workers' pieces have cost since each was started, and where their texts are now. Of a worker that does not
   * say so in a second, what it said last. Throws MP_CLOSED.
   */
  async stats(): Promise<WorkerStats> {
    this.#needOpen();
    const stats = poolStats(this.#workers);
    this.#watch.begin();
    return stats;
  }

  /** Texts that all workers together may have under way. */
  get capacity(): number {
    return this.#options.workers * UNDER_WAY;
  }

  /** Texts that no worker has yet, and those that one has. */
  get load(): { readonly waiting: number; readonly running: number } {
    const running = this.#workers.reduce((sum, { underWay }) => sum + underWay.size, 0);
    return { waiting: this.#queue.length, running };
  }

  get isClosed(): boolean {
    return this.#closing !== null;
  }

  /** The threads, for those who watch or end them. */
  get threads(): readonly T[] {
    return this.#workers.map(({ thread }) => thread);
  }

  /**
   * Fails what is under way with MP_CLOSED and ends the workers after their running batch, or at once those that take
   * longer than `graceMs`. May be called again with less.
   */
  close(graceMs = CLOSE_MS): Promise<void> {
    if (!this.#closing) {
      const hurried = new Promise<void>((resolve) => {
        this.#hurry = resolve;
      });
      this.#closing = this.#shutDown(hurried);
    }
    const timer = setTimeout(this.#hurry, graceMs);
    return this.#closing.finally(() => clearTimeout(timer));
  }

  async #shutDown(hurried: Promise<void>): Promise<void> {
    this.#watch.end();
    this.#dispatcher.stop();
    for (const pause of this.#pauses) clearTimeout(pause);
    for (const worker of this.#workers) worker.isLeaving = true;
    await null; // #closing is set before anything is called
    await this.#failAll(new PyramidError('MP_CLOSED', { what: 'model' }));
    await endWorkers(this.#workers.splice(0), hurried);
  }

  #needOpen(): void {
    if (this.isClosed) throw new PyramidError('MP_CLOSED', { what: 'model' });
  }

  async #startWorker(): Promise<ModelDescription> {
    const worker = new PoolWorker(this.#options.startThread, this.#events);
    this.#workers.push(worker);
    this.#watch.begin();
    try {
      return await worker.started;
    } catch (error) {
      this.#replace(worker); // it may take a moment to end by itself, and answers nobody
      throw error;
    }
  }

  /** Hands on what has arrived, in slices: a worker may answer faster than its answers are read. */
  async #deliver(): Promise<void> {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      await this.turn.through(this.#arrived, ({ worker, outcome }) => {
        const task = this.#finish(worker, outcome.id);
        if (task && !task.pending.ended) task.pending.request.done(task.index, outcome);
      });
    } finally {
      this.#isDelivering = false;
    }
  }

  #finish(worker: PoolWorker<T>, id: number): Task | undefined {
    const task = worker.finish(id);
    this.#dispatchRest();
    return task;
  }

  #dispatchRest(): void {
    if (!this.#queue.isEmpty) this.#dispatcher.soon();
  }

  /** Ends a worker that does nothing any more, as far as it can be ended, and replaces it. */
  #endStalled(worker: PoolWorker<T>): void {
    const { thread, underWay, ready } = worker;
    const { path, stallMs } = this.#options;
    const reading = thread.reading ?? 0;
    if (!ready) worker.failStart(new PyramidError('MP_MODEL_STALLED', { path, stallMs }));
    // a text that it cannot get through is known, and not tried again; then its neighbours are not to blame
    for (const [id, { pending }] of reading === 0 ? [] : [...underWay]) {
      if ((id | 0) === reading) this.#fail(pending, new PyramidError('MP_TEXT_STALLED', { stallMs }));
    }
    this.#replace(worker, reading !== 0);
    thread.setRef(false);
    thread.end();
  }

  /** `isBlameless`: its texts had no part in its end. */
  #replace(lost: PoolWorker<T>, isBlameless = false): void {
    if (lost.isLost) return;
    lost.isLost = true;
    const at = this.#workers.indexOf(lost);
    if (at >= 0) this.#workers.splice(at, 1);
    lost.giveUpStats();
    if (this.isClosed) return;
    for (const task of lost.underWay.values()) {
      task.pending.underWay--;
      if (task.pending.ended) continue;
      if (!isBlameless && ++task.tries >= TRIES) {
        this.#fail(task.pending, new PyramidError('MP_WORKER_LOST', { tries: task.tries }));
      } else this.#queue.retry(task);
    }
    lost.underWay.clear();
    if (lost.ready) this.#restart();
    this.#dispatchRest(); // the others need not wait for the new one
  }

  /**
   * Replaces a worker. One that ends while it starts is tried again, after a pause where what it died of may pass; one that
   * cannot read the model is not. A request that comes later begins anew.
   */
  #restart(tries = 1): void {
    this.#startWorker().catch((error) => {
      const isUnfit = error instanceof PyramidError && error.code !== 'MP_WORKER_LOST';
      if (this.isClosed) return;
      if (tries < TRIES && this.#options.mayPass?.(error)) {
        const pause = setTimeout(() => {
          this.#pauses.delete(pause);
          this.#restart(tries + 1);
        }, PAUSE_MS);
        this.#pauses.add(pause);
      } else if (!isUnfit && tries < TRIES) this.#restart(tries + 1);
      else if (this.#workers.length + this.#pauses.size === 0)
        void this.#failAll(isUnfit ? error : new PyramidError('MP_WORKER_LOST', { tries }, { cause: error }));
    });
  }

  #fail(pending: PendingRequest | undefined, error: unknown): void {
    if (!pending || pending.ended) return;
    this.#drop(pending);
    pending.request.failed(error);
  }

  /** In slices. */
  async #failAll(error: unknown): Promise<void> {
    const underWay = this.#workers.flatMap((worker) => [...worker.underWay.values()].map(({ pending }) => pending));
    const all = [...new Set([...this.#queue.requests, ...underWay])];
    await this.turn.through(all, (pending) => this.#fail(pending, error));
  }

  /** Nothing of the request is wanted any more. */
  #drop(pending: PendingRequest, isLate = false): void {
    pending.ended = true;
    this.#queue.drop(pending);
    for (const worker of pending.underWay > 0 ? this.#workers : []) {
      if (!worker.cancel(pending)) continue;
      if (isLate) worker.isLate = true;
      this.#watch.begin();
    }
    this.#dispatchRest();
  }
}
