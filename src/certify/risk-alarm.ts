/**
 * An alarm for losses whose mean rises above a bound at a time that nobody knows. A mean over all of the past (risk-sequence.ts) is
 * slow to see that: 20,000 good texts outweigh 500 bad ones. Here bets also start later. Constant work and memory a loss.
 */
import { PyramidError } from '../errors.ts';
import { needLoss } from './risk-sequence.ts';

/** What is allowed, and how seldom the alarm may be false. */
export interface RiskAlarmOptions {
  /** The mean that is allowed, above 0 and below 1: the upper bound of the risk at calibration. */
  readonly bound: number;
  /** α: how likely an alarm is at any time, for ever, while the mean stays within the bound. */
  readonly level: number;
}

/** What losses may rise to, as odds over those of the bound; a gambler for each. */
const ODDS = [1.5, 2, 3, 5, 8, 15, 40];
/** Half of the money has been laid out by then; later losses get ever less of it, but never none. */
const HALF_BY = 200;

/**
 * A gambler's capital while the mean is at most u is a supermartingale with factors 1 + λ (x − u), λ = (θ − u) / (u (1 − u)), θ the
 * mean betted on. 1 is shared out over gamblers and over the times at which they begin, so what they own together and what is not yet
 * laid out is one too, and reaches 1/α with probability α at most (Ville; Shin, Ramdas and Rinaldo, "E-detectors", 2024).
 */
export class RiskAlarm {
  readonly #bound: number;
  readonly #enough: number;
  readonly #bets: readonly number[];
  /** Of each gambler: what those that have begun own. */
  readonly #owned: number[];
  #n = 0;
  #raised: number | null = null;

  /** Throws MP_USAGE unless both are between 0 and 1. */
  constructor({ bound, level }: RiskAlarmOptions) {
    for (const [name, value] of Object.entries({ bound, level })) {
      if (!(value > 0 && value < 1))
        throw new PyramidError('MP_USAGE', { what: `${name} is ${value}`, todo: 'give a fraction between 0 and 1' });
    }
    this.#bound = bound;
    this.#enough = 1 / level;
    // odds o / (1 − u + o u) · u are the mean betted on; λ from it
    this.#bets = ODDS.map((odds) => (odds - 1) / (1 - bound + odds * bound));
    this.#owned = ODDS.map(() => 0);
  }

  /** `loss` from 0 to 1. Throws MP_USAGE. */
  add(loss: number): void {
    needLoss(loss);
    const share = (waiting(this.#n) - waiting(this.#n + 1)) / ODDS.length;
    for (let j = 0; j < ODDS.length; j++)
      this.#owned[j] = (this.#owned[j] + share) * (1 + this.#bets[j] * (loss - this.#bound));
    this.#n++;
    if (this.#raised === null && this.evidence >= this.#enough) this.#raised = this.#n;
  }

  /** Losses so far. */
  get n(): number {
    return this.#n;
  }
  /** All capital, 1 at first; an alarm at 1/level. */
  get evidence(): number {
    return this.#owned.reduce((sum, capital) => sum + capital, waiting(this.#n));
  }
  /** After how many losses the alarm was raised; null: it was not. It stays. */
  get raisedAt(): number | null {
    return this.#raised;
  }
}

/** What is not yet laid out after n losses: 1, falling as slowly as 1 / log n. */
const waiting = (n: number): number => 1 / (1 + Math.log2(1 + n / HALF_BY));
