/**
 * Who is let in: a bounded queue in tokens x layers, and an estimate of how long an answer will take. Refusing costs no
 * more than counting characters. Pure but for the clock it is given; knows nothing of HTTP and of models.
 *
 * A text's work is its tokens x all layers, the dense price, so that texts that never leave early cannot fill the queue
 * beyond its bound. Before it is tokenised its tokens are estimated from its characters. How fast such work is lately
 * done, early exits and all, is measured; the expected time follows from it.
 */
import { PyramidError } from '../errors.ts';
import { windowCount } from '../text/tokenizer/windows.ts';

export interface AdmissionLimits {
  /** Tokens x layers that may wait or run, at the dense price. */
  readonly maxWork: number;
  readonly layers: number;
  /** Longest input in tokens. */
  readonly maxLength: number;
}

/** What is known of a text when it has been answered. */
export interface Spent {
  readonly characters: number;
  readonly tokens: number;
}

/** A request that was let in. */
export interface Admitted {
  /** It was answered (with what its texts took), failed or was given up (without). To be called once. */
  readonly end: (spent?: readonly Spent[]) => void;
}

/** Weight of the newest in a running mean. */
const NEWEST = 0.05;
/** Milliseconds of work by which the rate is measured. */
const WINDOW_MS = 200;
/** Weight of the newest window: answers come in bursts, so one window shows little. */
const NEWEST_RATE = 0.3;
/** Texts under way that use the machine in full. */
const BUSY = 16;
const SPECIAL_TOKENS = 2;
/** No text has more tokens than characters and special tokens. English has about 0.22. */
const FIRST_TOKENS_A_CHARACTER = 0.25;

export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #now: () => number;
  #tokensPerCharacter = FIRST_TOKENS_A_CHARACTER;
  /** Tokens x layers let in and not ended, at the dense price. */
  #dense = 0;
  #texts = 0;
  /** Tokens x layers of a text that was let in, at the dense price: a running mean. */
  #usual = 0;
  /** Tokens x layers, at the dense price, answered a millisecond by a busy machine; null: not yet known. */
  #rate: number | null = null;
  #windowStart = 0;
  #windowWork = 0;
  /** Fewest texts under way in the window. */
  #windowLeast = 0;
  #refused = 0;

  constructor(limits: AdmissionLimits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Texts let in and not ended. */
  get texts(): number {
    return this.#texts;
  }

  /** Requests refused so far. */
  get refused(): number {
    return this.#refused;
  }

  /** Tokens x layers let in and not ended, at the dense price. */
  get work(): number {
    return this.#dense;
  }

  /** Milliseconds until what was let in should be answered; 0 as long as nothing is known of the speed. */
  get expectedMs(): number {
    return this.#timeOf(this.#dense);
  }

  /** A text of the usual length would not be let in now: what may be asked before a request is read. */
  isFull(allowedMs: number | null): boolean {
    if (this.#texts === 0) return false;
    const dense = this.#dense + this.#usual;
    return dense > this.#limits.maxWork || (allowedMs !== null && this.#timeOf(dense) > allowedMs);
  }

  /**
   * Lets in texts of so many characters. `allowedMs`: how long an answer may be expected to take, whatever the request
   * allows; null is any. A request that finds the queue empty is always admitted, whatever its size.
   *
   * `stride`: of texts that run as windows, the tokens that two share; null: texts are cut. A small text of many windows could fill the queue
   * beyond its bound, so such a request is let in only within it.
   *
   * Throws MP_OVERLOADED, MP_DEADLINE_EARLY, MP_REQUEST.
   */
  admit(
    characters: readonly number[],
    deadlineMs: number | null,
    allowedMs: number | null,
    stride: number | null = null,
  ): Admitted {
    const work = characters.reduce((sum, n) => sum + this.#estimate(n, stride), 0);
    if (stride !== null) this.#needWithin(work);
    const dense = this.#dense + work;
    if (this.#texts > 0 && dense > this.#limits.maxWork) throw this.refusal();
    const expectedMs = this.#timeOf(dense);
    if (this.#texts > 0 && allowedMs !== null && expectedMs > allowedMs) throw this.refusal();
    if (deadlineMs !== null && expectedMs > deadlineMs) {
      this.#refused++;
      throw new PyramidError('MP_DEADLINE_EARLY', { deadlineMs, expectedMs, retryAfterS: this.#retryAfterS });
    }
    if (this.#texts === 0) this.#beginWindow();
    if (characters.length > 0) this.#usual += NEWEST * (work / characters.length - this.#usual);
    this.#dense = dense;
    this.#texts += characters.length;
    let isOver = false;
    return {
      end: (spent = []) => {
        if (isOver) return;
        isOver = true;
        this.#windowLeast = Math.min(this.#windowLeast, this.#texts);
        this.#texts -= characters.length;
        this.#dense = this.#texts === 0 ? 0 : this.#dense - work; // rounding does not add up
        this.#learn(spent, spent.length > 0 ? work : 0);
      },
    };
  }

  /** A request was refused on the ground of what another was told. */
  countRefusal(): void {
    this.#refused++;
  }

  /** What a request is told that finds the queue full; counts it. */
  refusal(): PyramidError<'MP_OVERLOADED'> {
    this.#refused++;
    return new PyramidError('MP_OVERLOADED', { retryAfterS: this.#retryAfterS });
  }

  get #retryAfterS(): number {
    return Math.min(60, Math.max(1, Math.ceil(this.expectedMs / 1000)));
  }

  #timeOf(dense: number): number {
    return this.#rate === null ? 0 : dense / this.#rate;
  }

  #estimate(characters: number, stride: number | null): number {
    const { maxLength, layers } = this.#limits;
    const tokens = characters * this.#tokensPerCharacter;
    const room = maxLength - SPECIAL_TOKENS;
    if (stride === null || tokens <= room) return layers * Math.min(maxLength, SPECIAL_TOKENS + tokens);
    const windows = windowCount(tokens, Math.max(room, stride + 1), stride); // a stride that is too large is refused later
    return layers * (tokens + (windows - 1) * stride + windows * SPECIAL_TOKENS);
  }

  /** Throws MP_REQUEST. */
  #needWithin(work: number): void {
    const { maxWork, layers } = this.#limits;
    if (work <= maxWork) return;
    const [asked, most] = [work, maxWork].map((one) => Math.round(one / layers));
    throw new PyramidError('MP_REQUEST', {
      problem: `the windows of the texts have about ${asked} tokens together, and at most ${most} are taken at a time: send fewer or shorter texts, or a smaller stride`,
    });
  }

  #learn(spent: readonly Spent[], work: number): void {
    const { maxLength } = this.#limits;
    for (const { characters, tokens } of spent) {
      if (characters > 0 && tokens < maxLength) {
        const ratio = Math.min(1, Math.max(0, tokens - SPECIAL_TOKENS) / characters);
        this.#tokensPerCharacter += NEWEST * (ratio - this.#tokensPerCharacter);
      }
    }
    this.#windowWork += work;
    const ms = this.#now() - this.#windowStart;
    if (ms < WINDOW_MS) return;
    const rate = this.#windowWork / ms;
    // what a few texts take does not show what the machine can do, so a lower rate is believed of a busy one only
    if (this.#rate === null) this.#rate = rate > 0 ? rate : null;
    else if (rate > this.#rate || this.#windowLeast >= BUSY) this.#rate += NEWEST_RATE * (rate - this.#rate);
    this.#beginWindow();
  }

  #beginWindow(): void {
    this.#windowStart = this.#now();
    this.#windowWork = 0;
    this.#windowLeast = Number.POSITIVE_INFINITY;
  }
}
