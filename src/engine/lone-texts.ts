/**
 * Lone texts that are to be answered on the caller's thread, and find the engine's share of this turn of its event loop used
 * up: a few may wait for the next turn, in order, since that takes a tenth of the way to a worker and back. Knows turns,
 * not texts.
 */
import { later, type Turn } from './workers/turn.ts';

/** So many texts take about the engine's share of a turn; more are for the workers, which answer them side by side. */
const MOST_WAITING = 16;

export class LoneTexts {
  readonly #turn: Turn;
  readonly #waiting: (() => void)[] = [];
  #isResuming = false;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  /** Whether a text may be answered at once: there is time left, and none has come before it. */
  get isFree(): boolean {
    return this.#waiting.length === 0 && !this.#turn.isSpent;
  }

  /** Whether one more may wait. */
  get hasRoom(): boolean {
    return this.#waiting.length < MOST_WAITING;
  }

  /** Resolves in a turn with time left. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#isResuming) return; // those that wait already are being answered, and it is after them
      this.#isResuming = true;
      later(() => void this.#resume());
    });
  }

  /** One after the other: a nasty text alone takes more than the engine's share. */
  async #resume(): Promise<void> {
    while (this.#waiting.length > 0) {
      if (this.#turn.isSpent) await this.#turn.next();
      this.#waiting.shift()!();
      await null; // it is answered before this goes on
    }
    this.#isResuming = false;
  }
}
