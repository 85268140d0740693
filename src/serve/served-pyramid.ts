/**
 * A model that is served: lets requests in, chooses their tau, runs them on the engine and counts what they cost. Knows
 * nothing of HTTP; a route sees it as `ServedModel`.
 */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { diskFolder } from '../disk-folder.ts';
import {
  type Detail,
  type Explanation,
  type ModelInfo,
  modelInfo,
  type Pyramid,
  type TextInput,
} from '../engine/index.ts';
import { PyramidError } from '../errors.ts';
import { readTrace } from '../evaluate/trace.ts';
import { jsonObjectIn, readText } from '../folder.ts';
import { examplesOf } from '../pyramid/folder/examples.ts';
import { Admission, type Spent } from './admission.ts';
import type { Auditor, AuditState } from './audit/auditor.ts';
import { countCharacters } from './characters.ts';
import { LoopLag } from './loop-lag.ts';
import { RecentTimes } from './recent-times.ts';
import type { Beside, Classified, ExplainOptions, ModelCard, ServedModel, ServeOptions } from './served-model.ts';
import { ServedTotals } from './served-totals.ts';
import { firstState, nextState, type TauLimits, type TauState } from './tau-control.ts';

export interface ServedLimits {
  readonly maxClientBatchSize: number;
  /** Characters of one text, its pair included. */
  readonly maxTextLength: number;
  /** Tokens that may wait or run, each at the price of all layers. */
  readonly maxBatchTokens: number;
}

/** How tau is chosen where a request does not give one. */
export type TauPolicy =
  | { readonly kind: 'fixed'; readonly tau: number | null; readonly sloMs: number | null }
  | { readonly kind: 'auto'; readonly limits: TauLimits };

/** Steps of the controller, in milliseconds; every so many the answers of the last second are looked at anew. */
const STEP_MS = 25;
const LOOK_EVERY = 4;
/** How long a worker may take to end its batch when the engine is ended at once, in milliseconds. */
const GRACE_MS = 500;
/** How often a request that waits for room looks again, in milliseconds. */
const PATIENCE_MS = 10;

/** Told of each request that was answered: for histograms. */
export type OnAnswer = (name: string, classified: Classified, totalMs: number, inputs: readonly TextInput[]) => void;

export class ServedPyramid implements ServedModel {
  readonly card: ModelCard;
  readonly totals: ServedTotals;
  readonly #times = new RecentTimes();
  readonly #pyramid: Pyramid;
  readonly #dir: string;
  readonly #limits: ServedLimits;
  readonly #policy: TauPolicy;
  readonly #admission: Admission;
  readonly #onAnswer: OnAnswer;
  readonly #auditor: Auditor | null;
  readonly #timer: NodeJS.Timeout | null;
  #control: TauState;
  readonly #lag: LoopLag | null;
  #p95Ms: number | null = null;
  #steps = 0;
  /** Requests under way, those that wait for room included. */
  #requests = 0;
  #whenIdle: (() => void) | null = null;

  constructor(
    pyramid: Pyramid,
    {
      dir,
      card,
      limits,
      policy,
      onAnswer,
      auditor = null,
    }: {
      readonly dir: string;
      readonly card: ModelCard;
      readonly limits: ServedLimits;
      readonly policy: TauPolicy;
      readonly onAnswer: OnAnswer;
      /** Null: nothing is audited. Ended with the model. */
      readonly auditor?: Auditor | null;
    },
  ) {
    this.card = card;
    this.#dir = dir;
    this.totals = new ServedTotals(card.layers);
    this.#pyramid = pyramid;
    this.#limits = limits;
    this.#policy = policy;
    this.#onAnswer = onAnswer;
    this.#auditor = auditor;
    const { maxLength } = card;
    const layers = Math.max(1, card.layers); // floor 0 alone has none, and its texts are work too
    this.#admission = new Admission({ maxWork: layers * limits.maxBatchTokens, layers, maxLength });
    const sloMs = policy.kind === 'auto' ? policy.limits.sloMs : policy.sloMs;
    this.#control = firstState({
      low: 0,
      high: 1,
      ...(policy.kind === 'auto' ? policy.limits : { sloMs: sloMs ?? 0 }),
    });
    this.#timer = sloMs === null ? null : setInterval(() => this.#step(sloMs), STEP_MS);
    this.#timer?.unref();
    this.#lag = sloMs === null ? null : new LoopLag();
  }

  get name(): string {
    return this.card.name;
  }

  get tau(): number | null {
    if (this.#auditor?.isSafe) return null;
    return this.#policy.kind === 'auto' ? this.#control.tau : this.#policy.tau;
  }

  /** Null: nothing is audited. */
  get audit(): AuditState | null {
    return this.#auditor?.state ?? null;
  }

  get admission(): Pick<Admission, 'texts' | 'work' | 'expectedMs' | 'refused' | 'countRefusal'> {
    return this.#admission;
  }

  /** Nothing would be let in now. */
  get isFull(): boolean {
    return this.#admission.isFull(this.#allowedMs);
  }

  /** What a request is told that is not let in; counts it. */
  refusal(): PyramidError {
    return this.#admission.refusal();
  }

  classify(inputs: readonly TextInput[], options: ServeOptions = {}): Promise<Classified> {
    return this.#underWay(() => this.#classify(inputs, options));
  }

  async #classify(inputs: readonly TextInput[], { patient, ...given }: ServeOptions): Promise<Classified> {
    const { maxClientBatchSize: most } = this.#limits;
    if (inputs.length > most) throw new PyramidError('MP_BATCH_LARGE', { inputs: inputs.length, most });
    const { tau = this.tau, signal, deadlineMs } = given;
    const options = { ...given, tau };
    const characters = inputs.map(this.#charactersOf);
    if (patient) while (this.isFull) await setTimeout(PATIENCE_MS, null, { signal });
    const start = performance.now();
    // a tau of the request's own says nothing of the certified one, even if it is the same
    const isOwn = given.tau === undefined && tau === this.#auditor?.tau;
    // and a certificate is for texts as they are cut, not for windows
    const audited = isOwn && given.stride === undefined ? this.#auditor!.begin(inputs.length) : null;
    const run = () => this.#pyramid.detail(inputs, options);
    const asked = { characters, deadlineMs, stride: given.stride };
    const details = await this.#admitted(asked, run, (one) => spentOf(one, characters)).catch((error: unknown) => {
      audited?.failed();
      throw error;
    });
    const totalMs = performance.now() - start;
    audited?.answered(inputs, details, given.truncate);
    const results = details.map((detail) => ({
      ...detail,
      queueMs: Math.max(0, totalMs - detail.tokenizeMs - detail.inferenceMs),
    }));
    for (const result of results) this.totals.add(result);
    this.#times.add(totalMs, start + totalMs);
    const classified: Classified = { model: this.card, tau, results };
    this.#onAnswer(this.name, classified, totalMs, inputs);
    return classified;
  }

  explain(input: TextInput, { tau = this.tau, ...given }: ExplainOptions = {}): Promise<Explanation> {
    const run = () => this.#pyramid.explain(input, { ...given, tau });
    const asked = { characters: [this.#charactersOf(input, 0)], deadlineMs: given.deadlineMs };
    return this.#underWay(() => this.#admitted(asked, run, () => []));
  }

  /** Texts that no worker has yet, and those that one has. */
  get load(): Pyramid['load'] {
    return this.#pyramid.load;
  }

  /** Texts by level, see the engine's queueLevels; null: the model is being unloaded. */
  queueLevels(): Promise<readonly number[] | null> {
    return this.#pyramid.queueLevels().catch((error: unknown) => {
      if (error instanceof PyramidError && error.code === 'MP_CLOSED') return null;
      throw error;
    });
  }

  get info(): ModelInfo {
    return modelInfo(this.name, this.#pyramid);
  }

  beside(what: Beside): Promise<unknown> {
    if (what === 'examples') return examplesOf(diskFolder(this.#dir));
    return what === 'trace' ? readTrace(join(this.#dir, 'trace.jsonl')) : readReport(this.#dir);
  }

  /** Waits for what is under way, takes no more, and ends the engine. */
  async drain(): Promise<void> {
    if (this.#requests > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    await this.#end();
  }

  /** Ends the engine at once: what is under way fails with MP_CLOSED. */
  async close(): Promise<void> {
    await this.#end({ graceMs: GRACE_MS });
  }

  async #end(options?: { readonly graceMs: number }): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#auditor?.stop();
    this.#lag?.close();
    await this.#pyramid.close(options);
  }

  /** The engine's threads, for those who watch or end them. */
  get workers(): Pyramid['workers'] {
    return this.#pyramid.workers;
  }

  /** The engine stays open for it: a model that is replaced waits for all that it took. */
  async #underWay<T>(request: () => Promise<T>): Promise<T> {
    this.#requests++;
    try {
      return await request();
    } finally {
      if (--this.#requests === 0) this.#whenIdle?.();
    }
  }

  async #admitted<T>(
    { characters, deadlineMs, stride }: AskedFor,
    run: () => Promise<T>,
    spentBy: (result: T) => readonly Spent[],
  ): Promise<T> {
    const admitted = this.#admission.admit(characters, deadlineMs ?? null, this.#allowedMs, stride ?? null);
    let spent: readonly Spent[] | undefined;
    try {
      const result = await run();
      spent = spentBy(result);
      return result;
    } finally {
      admitted.end(spent);
      this.#auditor?.wake();
    }
  }

  #charactersOf = (input: TextInput, index: number): number => {
    const { text, pair } = typeof input === 'string' ? { text: input } : input;
    const length = text.length + (pair?.length ?? 0);
    const { maxTextLength: maxLength } = this.#limits;
    if (length > maxLength && countCharacters(input) > maxLength)
      throw new PyramidError('MP_TEXT_LONG', { index, maxLength, unit: 'characters' });
    return length;
  };

  /** How long an answer may be expected to take; null: any time. */
  get #allowedMs(): number | null {
    return this.#timer === null ? null : this.#control.allowedMs;
  }

  #step(sloMs: number): void {
    if (this.#steps++ % LOOK_EVERY === 0) {
      const p95Ms = this.#times.p95(performance.now());
      const lagMs = this.#lag?.read() ?? 0; // the client's clock runs from before the request was read
      this.#p95Ms = p95Ms === null ? null : p95Ms + lagMs;
    }
    const limits = this.#policy.kind === 'auto' ? this.#policy.limits : { low: 0, high: 0, sloMs };
    const { expectedMs } = this.#admission;
    this.#control = nextState(this.#control, { elapsedMs: STEP_MS, expectedMs, p95Ms: this.#p95Ms }, limits);
  }
}

/** What is to be let in. */
interface AskedFor {
  readonly characters: readonly number[];
  readonly deadlineMs?: number;
  readonly stride?: number;
}

const spentOf = (details: readonly Detail[], characters: readonly number[]): Spent[] =>
  details.map(({ tokens }, i) => ({ characters: characters[i], tokens: tokens[0] }));

/** Throws MP_FILE_MISSING, MP_MODEL_FILE. */
async function readReport(dir: string): Promise<unknown> {
  const name = 'report.json';
  const path = join(dir, name);
  const text = await readText(diskFolder(dir), name);
  if (text === null) throw new PyramidError('MP_FILE_MISSING', { path, what: 'report' });
  const { rows } = jsonObjectIn(
    text,
    (problem, cause) => new PyramidError('MP_MODEL_FILE', { path, problem }, { cause }),
  );
  return rows ?? null;
}
