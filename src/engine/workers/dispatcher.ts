/**
 * Who gets which texts: what waits is shared out evenly among the workers, each of which has a bounded number under way.
 * What is asked for in one go is gathered first. Knows texts, not what they mean.
 */
import type { WireText } from './messages.ts';
import type { PoolWorker } from './pool-worker.ts';
import type { PendingRequest, TaskQueue } from './task-queue.ts';
import type { Thread } from './thread.ts';
import { later, type Turn } from './turn.ts';

/** Texts that one worker may have under way: enough for full batches of like length, few enough for a new text to wait little. */
export const UNDER_WAY = 128;
/** UTF-16 units that a worker is sent in one message, unless one text alone is longer: copying them takes time. */
const MESSAGE_UNITS = 2 ** 18;

export interface DispatchEvents {
  /** Something is awaited of a worker now. */
  readonly sent: () => void;
  /** A text could not be had. */
  readonly failed: (pending: PendingRequest, error: unknown) => void;
}

export class Dispatcher<T extends Thread> {
  readonly #workers: readonly PoolWorker<T>[];
  readonly #queue: TaskQueue;
  readonly #turn: Turn;
  readonly #events: DispatchEvents;
  #nextId = 1;
  #isScheduled = false;
  #isStopped = false;

  /** `workers` are those of now at any time. */
  constructor(workers: readonly PoolWorker<T>[], queue: TaskQueue, turn: Turn, events: DispatchEvents) {
    this.#workers = workers;
    this.#queue = queue;
    this.#turn = turn;
    this.#events = events;
  }

  /** Sends what waits: at once when a worker is idle, else with the next turn of the event loop. */
  soon(): void {
    const isIdle = this.#workers.some(({ ready, isLate, underWay }) => ready && !isLate && underWay.size === 0);
    this.#schedule(isIdle && !this.#turn.isSpent ? queueMicrotask : later);
  }

  /** Nothing is sent any more. */
  stop(): void {
    this.#isStopped = true;
  }

  #schedule(by: (work: () => void) => void): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    by(() => {
      this.#isScheduled = false;
      if (!this.#isStopped) this.#dispatch();
    });
  }

  #dispatch(): void {
    const open = this.#workers.filter(({ isOpen }) => isOpen).sort((a, b) => a.underWay.size - b.underWay.size);
    if (open.length === 0) return;
    // what there is is shared out evenly, so that a few texts use all workers too
    const texts = this.#queue.length + open.reduce((sum, { underWay }) => sum + underWay.size, 0);
    const share = Math.min(UNDER_WAY, Math.ceil(texts / open.length));
    const drained = this.#queue.hasLastTry ? open[0] : null; // until it is empty, for the text that runs alone
    for (const worker of open) {
      if (worker === drained && worker.underWay.size > 0) continue;
      const sent = this.#fill(worker, share);
      if (sent.length === 0) continue;
      worker.send(sent);
      this.#events.sent();
    }
  }

  /** Gives the worker texts, up to so many under way and a message's length. */
  #fill(worker: PoolWorker<T>, share: number): WireText[] {
    const sent: WireText[] = [];
    let units = 0;
    while (worker.underWay.size < share && !worker.runsAlone) {
      if (sent.length > 0 && (units > MESSAGE_UNITS || this.#turn.isSpent)) {
        this.#schedule(later);
        break;
      }
      const task = this.#queue.take(worker.underWay.size === 0);
      if (!task) break;
      const { pending, index } = task;
      const { tau, trace, explain, truncate, stride, background, text } = pending.request;
      try {
        const id = this.#nextId++;
        const wire = { id, index, ...text(index), tau, trace, explain, truncate, stride, background };
        sent.push(wire);
        units += wire.text.length + (wire.pair?.length ?? 0);
        worker.take(id, task);
      } catch (error) {
        this.#events.failed(pending, error);
      }
    }
    return sent;
  }
}
