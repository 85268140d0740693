/** What the worker pool keeps of each order and of each of its workers. */
import type { Rule } from '../job.ts';
import type { TimedOutcome, WorkerStats } from './messages.ts';
import type { Thread } from './thread.ts';
import { Silence } from './watch.ts';

/** Texts that were asked for together. */
export interface Order extends Rule {
  readonly length: number;
  /** Asked for when its turn comes; what it throws fails the order. */
  readonly text: (index: number) => { readonly text: string; readonly pair: string | undefined };
  /** Called once for each index, in any order. */
  readonly done: (index: number, outcome: TimedOutcome) => void;
  /** The order is given up; nothing is called after it. */
  readonly failed: (error: unknown) => void;
}

export interface Pending {
  readonly order: Order;
  /** Its next text; it is in the queue while there is one. */
  next: number;
  /** Texts that a worker has. */
  underWay: number;
  ended: boolean;
}

export interface Ticket {
  readonly pending: Pending;
  readonly index: number;
  tries: number;
}

export class Member<T extends Thread> {
  readonly thread: T;
  readonly ended: Promise<void>;
  /** Says why it is not ready. */
  readonly fail: (error: unknown) => void;
  readonly underWay = new Map<number, Ticket>();
  readonly silence = new Silence();
  ready = false;
  /** It is no longer one of the worker pool. */
  lost = false;
  /** It runs one text, which has ended workers before. */
  alone = false;
  isLate = false;
  /** Times that texts were taken back from it, of which it has not said that it knows. */
  cancels = 0;
  /** What it said last of its pieces. */
  pieces: WorkerStats['pieces'] = [];
  /** What it is asked to say now. */
  stats: Promise<WorkerStats> | null = null;
  tell: (stats: WorkerStats) => void = () => {};

  constructor(thread: T, ended: Promise<void>, fail: (error: unknown) => void) {
    this.thread = thread;
    this.ended = ended;
    this.fail = fail;
  }

  get isAwaited(): boolean {
    return !this.ready || this.underWay.size > 0 || this.stats !== null || this.cancels > 0;
  }

  /** What is known of it without asking: texts that it has are those that it has not tokenised, for all that is known. */
  get lastStats(): WorkerStats {
    return { pieces: this.pieces, levels: [this.underWay.size] };
  }
}
