/**
 * Audits: a sample of the texts that leave early is run to the end after it was answered, and the two answers are compared. The
 * share that differs, with bounds that hold at any time of looking, is held against what the certificate says of it. Knows
 * the engine as a function, and nothing of HTTP.
 *
 * The share is over all texts that are answered at the audited tau, as the certificate's is: a text is taken, or skipped, before
 * it is known where it leaves, and one that went to the end agrees without being run again. What is skipped (the budget is
 * used up, too many wait) depends on what came before the request and on chance, never on the text. A text is forgotten when
 * its audit ends.
 */
import type { Detail, TextInput } from '../../engine/index.ts';
import type { Truncate } from '../../engine/job.ts';
import type { Certificate } from '../../pyramid/folder/certificate.ts';
import { type RandomStream, randomStream } from '../../random.ts';
import { Budget } from './budget.ts';
import { Disagreement, type DisagreementState } from './disagreement.ts';
import { Drift, type DriftState, type Passed } from './drift.ts';
import { InTurn, type Place } from './in-turn.ts';
import { Sampler } from './sampler.ts';

export interface AuditSettings {
  /** Of the texts that are answered at `tau`, the share that is sampled, above 0 and up to 1. */
  readonly rate: number;
  /** Work of audits, as a share of that of answers. */
  readonly budget: number;
  readonly seed: number;
  /** The tau that is audited; answers at another one are not looked at. */
  readonly tau: number;
  readonly layers: number;
  /** Of this tau; null: there is nothing to compare with. */
  readonly certificate: Pick<Certificate, 'disagreement' | 'exits' | 'texts'> | null;
  /** After an alarm the safe setting holds, in which every text goes to the end. */
  readonly isSafeOnDrift: boolean;
}

/** What an auditor needs of its surroundings. */
export interface AuditEvents {
  /** Runs a text to the end, behind all others. */
  readonly run: (
    input: TextInput,
    options: { readonly truncate?: Truncate; readonly signal: AbortSignal },
  ) => Promise<Full>;
  /** A worker has nothing to do. */
  readonly isIdle: () => boolean;
  /** The disagreement has left what was certified. Called once. */
  readonly onAlarm: (state: AuditState) => void;
}

type Full = Pick<Detail, 'best' | 'labels' | 'exit' | 'flops' | 'tokenizeMs' | 'inferenceMs'>;
/** What an answer says of itself. */
export type Answered = Full & Passed;

/** `texts` are sampled ones that were compared, those that went to the end of themselves included. */
export interface AuditState extends DisagreementState {
  readonly tau: number;
  readonly rate: number;
  /** Those of them that were run again. */
  readonly run: number;
  /** Sampled texts that were not audited: the budget was used up, too many waited, the engine failed. */
  readonly skipped: { readonly budget: number; readonly busy: number; readonly failed: number };
  /** Texts that wait for their audit. */
  readonly waiting: number;
  /** Texts go to the end since the alarm. */
  readonly safe: boolean;
  readonly drift: DriftState;
}

/** The texts of one request. */
export interface AuditedRequest {
  /** With the texts and answers, in their order. */
  answered(inputs: readonly TextInput[], answers: readonly Answered[], truncate?: Truncate): void;
  /** It has no answers. */
  failed(): void;
}

/** Sampled texts that are under way, or wait for their audit. */
const MOST_WAITING = 64;
/** While texts wait and no request ends, milliseconds until the engine is looked at again. */
const AGAIN_MS = 1000;

interface Finding {
  readonly differs: boolean;
  /** It was run again to find out. */
  readonly isRun: boolean;
}

interface Waiting {
  readonly place: Place<Finding>;
  readonly input: TextInput;
  readonly answer: string;
  readonly truncate: Truncate | undefined;
}

export class Auditor {
  readonly #settings: AuditSettings;
  readonly #events: AuditEvents;
  readonly #disagreement: Disagreement;
  readonly #sampler: Sampler;
  readonly #order: RandomStream;
  readonly #budget: Budget;
  readonly #drift: Drift;
  readonly #inTurn: InTurn<Finding>;
  readonly #stopping = new AbortController();
  #waiting: Waiting[] = [];
  #skipped = { budget: 0, busy: 0, failed: 0 };
  #run = 0;
  #isRunning = false;
  #next: NodeJS.Immediate | null = null;
  #again: NodeJS.Timeout | undefined;

  constructor(settings: AuditSettings, events: AuditEvents) {
    const { rate, budget, seed, layers, certificate } = settings;
    this.#settings = settings;
    this.#events = events;
    this.#disagreement = new Disagreement(certificate?.disagreement.upper ?? null);
    this.#sampler = new Sampler(rate, randomStream(seed, 'audit'));
    this.#order = randomStream(seed, 'audit order');
    this.#budget = new Budget(budget);
    this.#drift = new Drift(layers, certificate);
    this.#inTurn = new InTurn(MOST_WAITING, (finding) => this.#found(finding));
  }

  get tau(): number {
    return this.#settings.tau;
  }

  /** The audited tau holds no more: every text that names no tau is to go to the end. */
  get isSafe(): boolean {
    return this.#disagreement.isAlarmed && this.#settings.isSafeOnDrift;
  }

  get state(): AuditState {
    const { tau, rate } = this.#settings;
    return {
      ...this.#disagreement.state,
      tau,
      rate,
      run: this.#run,
      skipped: { ...this.#skipped },
      waiting: this.#waiting.length + (this.#isRunning ? 1 : 0),
      safe: this.isSafe,
      drift: this.#drift.state,
    };
  }

  /** Of a request at the audited tau, before it is run: which of its texts are taken is decided here. */
  begin(texts: number): AuditedRequest {
    const sampled: number[] = [];
    for (let index = 0; index < texts; index++) if (this.#sampler.next()) sampled.push(index);
    const places = new Map<number, Place<Finding>>();
    // where there is room for some, the first ones of a request would always be they, and its order may mean something
    for (const index of this.#order.shuffle(sampled)) if (this.#hasRoom()) places.set(index, this.#inTurn.take());
    return {
      answered: (inputs, answers, truncate) => {
        for (const answer of answers) {
          this.#budget.earn(answer);
          this.#drift.add(answer);
        }
        for (const [index, place] of places) this.#take(place, inputs[index], answers[index], truncate);
        this.wake();
      },
      failed: () => {
        for (const place of places.values()) {
          this.#budget.release();
          place.fill(null);
        }
      },
    };
  }

  /** A request has ended, so the engine may be idle: what waits may run, once the answer is on its way. */
  wake(): void {
    if (this.#waiting.length === 0 || this.#isRunning) return;
    this.#next ??= setImmediate(() => {
      this.#next = null;
      this.#look();
    });
  }

  /** Nothing is run any more, and what waits is forgotten. */
  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#again);
    this.#waiting = [];
  }

  #hasRoom(): boolean {
    if (this.#stopping.signal.aborted) return false;
    const reason = this.#inTurn.isFull ? 'busy' : this.#budget.promise() ? null : 'budget';
    if (reason) this.#skipped[reason]++;
    return reason === null;
  }

  #take(place: Place<Finding>, input: TextInput, answered: Answered, truncate: Truncate | undefined): void {
    if (answered.exit < this.#settings.layers) {
      const answer = answerIn(answered);
      if (!this.#stopping.signal.aborted) this.#waiting.push({ place, input, answer, truncate });
      return;
    }
    this.#budget.release();
    place.fill({ differs: false, isRun: false });
  }

  /** One at a time: a text alone on a worker holds up others by a layer at most, and its time can be measured. */
  #look(): void {
    clearTimeout(this.#again);
    if (this.#isRunning || this.#waiting.length === 0) return;
    if (this.#events.isIdle()) void this.#audit(this.#waiting.shift()!);
    else this.#again = setTimeout(() => this.#look(), AGAIN_MS).unref();
  }

  async #audit({ place, input, answer, truncate }: Waiting): Promise<void> {
    const { signal } = this.#stopping;
    this.#isRunning = true;
    try {
      const full = await this.#events.run(input, { truncate, signal });
      this.#budget.spend(full);
      place.fill({ differs: answerIn(full) !== answer, isRun: true });
    } catch {
      this.#budget.release();
      if (!signal.aborted) this.#skipped.failed++;
      place.fill(null);
    } finally {
      this.#isRunning = false;
    }
    this.wake();
  }

  #found({ differs, isRun }: Finding): void {
    if (isRun) this.#run++; // with the text, and not when it was run: others may stand before it
    if (this.#disagreement.add(differs)) this.#events.onAlarm(this.state);
  }
}

/** What two answers must have in common: the label, or where a text may have any number of labels all of them. */
const answerIn = ({ best, labels }: Pick<Full, 'best' | 'labels'>): string =>
  labels ? JSON.stringify(labels) : String(best);
