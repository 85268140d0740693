/**
 * One worker of the pool: its thread, the texts that it has, what it says, and whether anything is awaited of it. Which
 * texts it is given, and what becomes of theirs when it ends, is the pool's.
 */
import { PyramidError } from '../../errors.ts';
import { receivedError } from '../../sent-error.ts';
import type { FromWorker, ModelDescription, TimedOutcome, WireText, WorkerStats } from './messages.ts';
import { isLastTry, type PendingRequest, type Task } from './task-queue.ts';
import type { Thread, ThreadEvents } from './thread.ts';
import { Silence } from './watch.ts';

/** Told by a worker. Methods, so that a pool of one kind of thread is a pool of threads. */
export interface PoolWorkerEvents<T extends Thread> {
  /** It can be given texts, for the first time or again. */
  onOpen(): void;
  onOutcomes(worker: PoolWorker<T>, outcomes: readonly TimedOutcome[]): void;
  onFailed(worker: PoolWorker<T>, ids: readonly number[], error: Error): void;
  onEnd(worker: PoolWorker<T>): void;
}

export class PoolWorker<T extends Thread> {
  readonly thread: T;
  /** Resolves when it has read the model. */
  readonly started: Promise<ModelDescription>;
  readonly ended: Promise<void>;
  readonly #events: PoolWorkerEvents<T>;
  #noteStart: (model: ModelDescription) => void = () => {};
  /** Says why it does not start. */
  failStart: (error: unknown) => void = () => {};
  readonly underWay = new Map<number, Task>();
  readonly silence = new Silence();
  ready = false;
  /** It is no longer one of the pool. */
  isLost = false;
  /** The pool closes and waits for it to end. */
  isLeaving = false;
  /** It runs one text, which has ended workers before. */
  runsAlone = false;
  /** A text was taken back from it since its time was over, and it has not said that it knows. */
  isLate = false;
  /** Times that texts were taken back from it, of which it has not said that it knows. */
  cancels = 0;
  /** What it said last of its pieces. */
  #pieces: WorkerStats['pieces'] = [];
  /** What it is asked to say now. */
  #asked: { readonly stats: Promise<WorkerStats>; readonly resolve: (stats: WorkerStats) => void } | null = null;

  constructor(startThread: (events: ThreadEvents) => T, events: PoolWorkerEvents<T>) {
    this.#events = events;
    this.started = new Promise((resolve, reject) => {
      this.#noteStart = resolve;
      this.failStart = reject;
    });
    let noteEnd = () => {};
    this.ended = new Promise<void>((resolve) => {
      noteEnd = resolve;
    });
    this.thread = startThread({
      onMessage: (message) => {
        if (!this.isLost) this.#onMessage(message);
      },
      onEnd: (reason) => {
        noteEnd();
        this.failStart(reason ?? new PyramidError('MP_WORKER_LOST', { tries: 1 }));
        events.onEnd(this);
      },
    });
  }

  get isAwaited(): boolean {
    return !this.ready || this.underWay.size > 0 || this.#asked !== null || this.cancels > 0;
  }

  /** It may be given texts. */
  get isOpen(): boolean {
    return this.ready && !this.isLate && !this.runsAlone;
  }

  /** Adds a text to those that it has. */
  take(id: number, task: Task): void {
    this.underWay.set(id, task);
    task.pending.underWay++;
    this.runsAlone = isLastTry(task);
  }

  send(texts: readonly WireText[]): void {
    this.thread.setRef(true);
    this.thread.post({ kind: 'texts', texts });
  }

  /** It is done with the text; undefined: it has none of that id. */
  finish(id: number): Task | undefined {
    const task = this.underWay.get(id);
    if (task) task.pending.underWay--;
    this.underWay.delete(id);
    this.runsAlone = false;
    this.unrefIfIdle();
    return task;
  }

  /** Takes back all texts of a request; false: it has none. */
  cancel(pending: PendingRequest): boolean {
    const ids = [...this.underWay].filter(([, task]) => task.pending === pending).map(([id]) => id);
    if (ids.length === 0) return false;
    for (const id of ids) this.underWay.delete(id);
    pending.underWay -= ids.length;
    this.thread.post({ kind: 'cancel', ids });
    this.cancels++;
    if (this.underWay.size === 0) {
      this.runsAlone = false;
      this.unrefIfIdle();
    }
    return true;
  }

  /** Asks what its pieces have cost and where its texts are; several who ask share one answer. */
  askStats(): Promise<WorkerStats> {
    if (!this.#asked) {
      let resolve: (stats: WorkerStats) => void = () => {};
      const stats = new Promise<WorkerStats>((answer) => {
        resolve = answer;
      });
      this.#asked = { stats, resolve };
      this.thread.setRef(true);
      this.thread.post({ kind: 'stats' });
    }
    return this.#asked.stats;
  }

  /** It will not answer any more: what is known holds. */
  giveUpStats(): void {
    this.#asked?.resolve(this.lastStats);
  }

  /** What is known of it without asking: texts that it has are those that it has not tokenised, for all that is known. */
  get lastStats(): WorkerStats {
    return { pieces: this.#pieces, levels: [this.underWay.size] };
  }

  #onMessage(message: FromWorker): void {
    this.silence.end();
    switch (message.kind) {
      case 'ready':
        this.ready = true;
        this.thread.setRef(false); // an idle engine keeps no process alive
        this.#noteStart(message.model);
        this.#events.onOpen();
        return;
      case 'unfit':
        this.failStart(receivedError(message.error));
        return;
      case 'outcomes':
        this.#events.onOutcomes(this, message.outcomes);
        return;
      case 'failed':
        this.#events.onFailed(this, message.ids, receivedError(message.error));
        return;
      case 'stats': {
        this.#pieces = message.pieces;
        const asked = this.#asked;
        this.#asked = null;
        asked?.resolve(message);
        this.unrefIfIdle();
        return;
      }
      case 'cancelled':
        if (--this.cancels > 0 || !this.isLate) return;
        this.isLate = false;
        this.#events.onOpen();
        return;
      default:
        message satisfies never;
    }
  }

  /** A worker of whom nothing is awaited keeps no process alive. */
  unrefIfIdle(): void {
    if (this.underWay.size === 0 && this.#asked === null && !this.isLeaving) this.thread.setRef(false);
  }
}
