/**
 * How often early and full answers differ, as found so far, and whether that is more than was certified. Knows nothing of how
 * it is found.
 */
import { RiskAlarm, RiskSequence } from '../../certify/index.ts';

/** The chance of a false alarm, and of an interval that is ever wrong, however long they are looked at. */
export const ALARM_LEVEL = 0.001;
/** Texts of the recent share. */
const RECENT = 500;
/** A bound that is 0 would make one difference an alarm. */
const LEAST_BOUND = 1e-6;

export interface DisagreementState {
  /** Texts whose two answers were compared. */
  readonly texts: number;
  readonly disagreements: number;
  /** Their share, and bounds of the true share that hold at any time of looking; null: no text yet. */
  readonly disagreement: { readonly mean: number; readonly lower: number; readonly upper: number } | null;
  /** Of the last texts, 500 at most: the share whose answers differ. */
  readonly recent: { readonly texts: number; readonly share: number } | null;
  /** What the certificate says that the true share is below; null: no certificate. */
  readonly certified: number | null;
  /** More differ than was certified, by all that was seen: the texts have changed, or the model has. */
  readonly alarm: boolean;
}

export class Disagreement {
  readonly #certified: number | null;
  readonly #sequence = new RiskSequence({ confidence: 1 - ALARM_LEVEL });
  /** Of the mean of all texts it would take long to see that the newest differ: the alarm looks for a change at any time. */
  readonly #alarm: RiskAlarm | null;
  readonly #recent = new Uint8Array(RECENT);
  #disagreements = 0;
  #recentDisagreements = 0;

  constructor(certified: number | null) {
    this.#certified = certified;
    // a bound of 1 is never exceeded
    this.#alarm =
      certified === null || certified >= 1
        ? null
        : new RiskAlarm({ bound: Math.max(LEAST_BOUND, certified), level: ALARM_LEVEL });
  }

  get isAlarmed(): boolean {
    return this.#alarm !== null && this.#alarm.raisedAt !== null;
  }

  get state(): DisagreementState {
    const { n: texts, mean, lower, upper } = this.#sequence;
    const last = Math.min(texts, RECENT);
    return {
      texts,
      disagreements: this.#disagreements,
      disagreement: texts === 0 ? null : { mean, lower, upper },
      recent: texts === 0 ? null : { texts: last, share: this.#recentDisagreements / last },
      certified: this.#certified,
      alarm: this.isAlarmed,
    };
  }

  /** Of the next text, in the order of sampling. True with the text that raises the alarm, once. */
  add(differs: boolean): boolean {
    const loss = differs ? 1 : 0;
    const at = this.#sequence.n % RECENT;
    this.#recentDisagreements += loss - this.#recent[at];
    this.#recent[at] = loss;
    this.#disagreements += loss;
    this.#sequence.add(loss);
    this.#alarm?.add(loss);
    return this.#alarm?.raisedAt === this.#sequence.n;
  }
}
