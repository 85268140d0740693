/**
 * What audits may cost: a share of the work that answers are. A text run to the end costs hundreds of times one that leaves
 * at floor 0, so a share of texts would say little. Pure; knows no engine.
 */
export interface Work {
  /** The layer that answered; 0: floor 0. */
  readonly exit: number;
  readonly flops: number;
  readonly tokenizeMs: number;
  /** Of floor 0 and of an audit it is the worker's own time. */
  readonly inferenceMs: number;
}

/** Audits that may be saved up for while none can run. */
const MOST_SAVED = 1000;
/** Weight of the newest audit in the usual cost. */
const NEWEST = 0.1;
/** By this the fastest audit is forgotten with each newer one: others may have used its worker meanwhile. */
const KEPT = 0.99;

/**
 * Work is counted in milliseconds of a worker: what was measured of tokenising and floor 0, and the network's operations at
 * the speed that audits, which run alone, were measured at. Measured times of texts that share batches overlap: they
 * would count the same work several times.
 *
 * Whether there is room is asked before a text's exit is known, and the answer follows from what was taken before it: what a
 * text would cost does not decide whether it is audited, so that what is skipped does not bend the estimate.
 */
export class Budget {
  readonly #share: number;
  /** What may be spent, in milliseconds; below 0 after an audit that took more than there was. */
  #credit = 0;
  /** Operations a millisecond; null: there was no audit yet. */
  #speed: number | null = null;
  /** Milliseconds of an audit, a running mean; null: not yet known. */
  #usual: number | null = null;
  /** Audits that were promised and have not ended. */
  #promised = 0;

  /** `share`: of the work that answers are; 0.05 is 5 %. */
  constructor(share: number) {
    this.#share = share;
  }

  /** A text was answered: this much more may be spent. */
  earn(answer: Work): void {
    this.#credit += this.#share * this.#msOf(answer);
    if (this.#usual !== null) this.#credit = Math.min(this.#credit, MOST_SAVED * this.#usual);
  }

  /** Promises one audit, if what was spent and promised so far leaves room. */
  promise(): boolean {
    const room = this.#usual === null ? this.#promised === 0 : this.#credit >= this.#promised * this.#usual;
    if (room) this.#promised++;
    return room;
  }

  /** A promised audit was not needed, or came to nothing. */
  release(): void {
    this.#promised--;
  }

  /** A promised audit was run. */
  spend(audit: Work): void {
    this.#promised--;
    if (audit.inferenceMs > 0) this.#speed = Math.max(KEPT * (this.#speed ?? 0), audit.flops / audit.inferenceMs);
    const ms = this.#msOf(audit);
    this.#credit -= ms;
    this.#usual = this.#usual === null ? ms : this.#usual + NEWEST * (ms - this.#usual);
  }

  #msOf({ exit, flops, tokenizeMs, inferenceMs }: Work): number {
    return tokenizeMs + (exit === 0 ? inferenceMs : this.#speed === null ? 0 : flops / this.#speed);
  }
}
