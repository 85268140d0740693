/**
 * The texts that no worker has yet. Requests take turns, so that a small one does not wait for a large one to end; texts
 * that a worker lost go first. Knows no workers.
 */
import type { Rule } from '../job.ts';
import type { TimedOutcome } from './messages.ts';

/** How often a text may be under way when its worker ends; the last time it runs alone, to spare its neighbours. */
export const TRIES = 3;

/** Texts that were asked for together. */
export interface Request extends Rule {
  readonly length: number;
  /** Asked for when its turn comes; what it throws fails the request. */
  readonly text: (index: number) => { readonly text: string; readonly pair: string | undefined };
  /** Called once for each index, in any order. */
  readonly done: (index: number, outcome: TimedOutcome) => void;
  /** The request is given up; nothing is called after it. */
  readonly failed: (error: unknown) => void;
}

export interface PendingRequest {
  readonly request: Request;
  /** Its next text; it is in the queue while there is one. */
  next: number;
  /** Texts that a worker has. */
  underWay: number;
  ended: boolean;
}

/** One text of a request. */
export interface Task {
  readonly pending: PendingRequest;
  readonly index: number;
  /** How many workers ended with it. */
  tries: number;
}

export const isLastTry = ({ tries }: Task): boolean => tries === TRIES - 1;

export class TaskQueue {
  #requests: PendingRequest[] = [];
  /** Texts of requests in the queue that are wanted; and requests that are not, which leave it when their turn comes. */
  #texts = 0;
  #ended = 0;
  #retries: Task[] = [];

  /** Texts that wait. */
  get length(): number {
    return this.#retries.length + this.#texts;
  }

  /** Nothing is in it, not even what is no longer wanted. */
  get isEmpty(): boolean {
    return this.#requests.length === 0 && this.#retries.length === 0;
  }

  /** A text waits that is to run alone. */
  get hasLastTry(): boolean {
    return this.#retries.some(isLastTry);
  }

  /** Requests of which a text waits, some of them twice. */
  get requests(): readonly PendingRequest[] {
    return [...this.#requests, ...this.#retries.map(({ pending }) => pending)];
  }

  add(pending: PendingRequest): void {
    if (pending.request.length > 0) this.#requests.push(pending);
    this.#texts += pending.request.length;
  }

  /** Puts a text first that a worker had when it ended. */
  retry(task: Task): void {
    this.#retries.push(task);
  }

  /** The next text for a worker; one that is to run alone only where the worker `isFree`. */
  take(isFree: boolean): Task | null {
    const at = this.#retries.findIndex((task) => isFree || !isLastTry(task));
    if (at >= 0) return this.#retries.splice(at, 1)[0];
    for (let pending = this.#requests.shift(); pending; pending = this.#requests.shift()) {
      if (pending.ended) {
        this.#ended--;
        continue;
      }
      this.#texts--;
      const index = pending.next++;
      if (pending.next < pending.request.length) this.#requests.push(pending);
      return { pending, index, tries: 0 };
    }
    return null;
  }

  /** Takes out what waits of a request that has ended. */
  drop(pending: PendingRequest): void {
    const left = pending.request.length - pending.next;
    if (left > 0) {
      this.#texts -= left;
      // taking it out at once would go through the queue for each of many requests that end together
      if (++this.#ended > this.#requests.length / 2) {
        this.#requests = this.#requests.filter(({ ended }) => !ended);
        this.#ended = 0;
      }
    }
    if (this.#retries.length > 0) this.#retries = this.#retries.filter((task) => task.pending !== pending);
  }
}
