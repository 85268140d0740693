/**
 * A trained model, ready to classify texts: the engine's public face, wherever its worker threads run. What it is given is
 * checked (classify-options.ts) and run (text-runner.ts), and what comes back made into answers (answer.ts); on the caller's
 * thread nothing is computed but floor 0 of a lone text.
 */

import type { FamilyName } from '../encoder/index.ts';
import { knownOptions } from '../option.ts';
import type { ProblemType } from '../problem-type.ts';
import type { HeadKind } from '../pyramid/exits/exits.ts';
import type { ExitSum } from '../pyramid/exits/sum.ts';
import type { WindowRule } from '../pyramid/exits/windows.ts';
import type { Dtype, PyramidInfo } from '../pyramid/folder/model-folder.ts';
import { type NetworkShape, shapeOf } from '../pyramid/shape.ts';
import type { DeviceName } from '../runtime/devices.ts';
import { type Answer, answerOf, type Detail, detailOf } from './answer.ts';
import {
  type CheckedOptions,
  CLASSIFY_OPTIONS,
  type ClassifyOptions,
  checkedOptions,
  DETAIL_OPTIONS,
  EXPLAIN_OPTIONS,
} from './classify-options.ts';
import { type Explanation, explanationOf } from './explain.ts';
import type { FloorExit } from './floor-exit.ts';
import { begunInOrder } from './in-order.ts';
import { checkList, checkSource, type TextInput } from './inputs.ts';
import type { WeightBits } from './int8.ts';
import type { Outcome } from './job.ts';
import { type Host, ModelWarnings } from './model-warnings.ts';
import { callback, signalOf } from './option-checks.ts';
import type { PieceCost } from './piece-costs.ts';
import { TextRunner } from './text-runner.ts';
import { checkWindows } from './windows.ts';
import type { ModelDescription, TimedOutcome } from './workers/messages.ts';
import type { WorkerPool } from './workers/worker-pool.ts';

/** One text of a trace: see `Trace` in src/evaluate, which adds the true label. */
export interface TracedText {
  /** Tokens, special ones included. */
  readonly length: number;
  /** [L+1]: tokens that enter layer 1, then those that each layer leaves. */
  readonly tokens: readonly number[];
  /** Unknown pieces among the first of them. */
  readonly unknown: number;
  /** [L] of [C]: of each layer's head, the network's own; [] where a layer has none. */
  readonly logits: readonly (readonly number[])[];
  /** [C]: z_0, floor 0's own logits; null where the text has no feature. Left out where the model has no floor 0. */
  readonly floor?: readonly number[] | null;
}

export interface TraceOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (share: number) => void;
}

/**
 * Texts of a stream that are under way, or answered but not yet read, by texts that the worker pool can have under way: one that
 * takes long holds up those after it for a while. Each of them is in memory, and collecting it makes pauses.
 */
const STREAM_WINDOW = 2;

export class TextClassifier {
  readonly #pool: WorkerPool;
  readonly #model: ModelDescription;
  readonly #warnings: ModelWarnings;
  readonly #runner: TextRunner;

  /** `floorExit`: answers lone texts on this thread; null: workers answer all. */
  protected constructor(pool: WorkerPool, model: ModelDescription, host: Host, floorExit: FloorExit | null = null) {
    this.#pool = pool;
    this.#model = model;
    this.#warnings = new ModelWarnings(model, host);
    this.#runner = new TextRunner(pool, (text) => this.#warnings.withPairChecked(text), floorExit);
  }

  /** What the model folder says of itself: method, heads, longest text, its own tau. */
  get info(): PyramidInfo {
    return this.#model.info;
  }

  /** What products with weights are computed in. */
  get dtype(): Dtype {
    return this.#model.dtype;
  }

  /** Bits of int8 weights: 8, or 7 where the processor's byte products would overflow (x86 without VNNI); null with fp32. */
  get weightBits(): WeightBits | null {
    return this.#model.weightBits;
  }

  /** The device that the network was compiled on; null: there is no network, or the caller named it (in a browser). */
  get device(): DeviceName | null {
    return this.#model.device?.name ?? null;
  }

  /** The answers that it may give; scores and logits stand in this order. */
  get labels(): readonly string[] {
    return this.#model.config.labels;
  }

  /** Texts that no worker has yet, and those that one has. */
  get load(): { readonly waiting: number; readonly running: number } {
    return this.#pool.load;
  }

  /** One label, any number of labels, or a number. */
  get problemType(): ProblemType {
    return this.#model.config.problemType;
  }

  /** The family of encoders, as `src/encoder/families` names it. */
  get family(): FamilyName {
    return this.#model.config.family;
  }

  /** Sizes of the network. */
  get shape(): NetworkShape {
    return shapeOf(this.#model.config);
  }

  /** There is a floor 0, which may answer before the network runs. */
  get hasFloor(): boolean {
    return this.#model.info.floor !== undefined;
  }

  /** How floor 0 enters the exits; null: there is none. */
  get exitSum(): ExitSum | null {
    return this.#model.sum;
  }

  /** What its exit heads read; `none`: it has no early exit. */
  get headKind(): HeadKind {
    return this.#model.headSettings.kind;
  }

  /**
   * Classifies a text, a pair of texts, or an array of either; an array of strings is always a batch. One input gives
   * one answer, an array an array in its order.
   *
   * Throws MP_TEXT_TYPE, MP_TAU_RANGE, MP_MODEL_HEADS (a tau for a model without exit heads), MP_OPTION_VALUE,
   * MP_OPTION_UNKNOWN, MP_USAGE,
   * MP_TEXT_LONG, MP_CLOSED, MP_DEADLINE, MP_TEXT_STALLED, MP_WORKER_LOST, and the signal's reason.
   */
  classify(input: TextInput, options?: ClassifyOptions): Promise<Answer>;
  classify(inputs: readonly TextInput[], options?: ClassifyOptions): Promise<Answer[]>;
  classify(inputs: TextInput | readonly TextInput[], options?: ClassifyOptions): Promise<Answer | Answer[]>;
  async classify(inputs: TextInput | readonly TextInput[], options?: ClassifyOptions): Promise<Answer | Answer[]> {
    const checked = this.#checked(options, CLASSIFY_OPTIONS);
    const { tau, topK, truncate, stride, windows } = checked;
    const toAnswer = (outcome: Outcome) => answerOf(this.#model, outcome, { tau, topK, windows });
    const rule = { tau, trace: false, truncate, stride };
    if (isList(inputs)) return this.#runner.all(inputs, rule, toAnswer, checked);
    const [answer] = await this.#runner.all([inputs], rule, toAnswer, checked);
    return answer;
  }

  /**
   * As `classify` of an array, with all that is known of each answer: every label's score and logit, the operations
   * beside those of the dense model, and how long it took. In the `background` the texts go behind all others that a worker
   * has, at every layer anew.
   */
  async detail(
    inputs: readonly TextInput[],
    options?: Omit<ClassifyOptions, 'topK'>,
    { background = false }: { readonly background?: boolean } = {},
  ): Promise<Detail[]> {
    const checked = this.#checked(options, DETAIL_OPTIONS);
    const { tau, truncate, stride, windows } = checked;
    const rule = { tau, trace: false, truncate, stride, background };
    const toDetail = (outcome: TimedOutcome) => detailOf(this.#model, outcome, tau, windows);
    return this.#runner.all(checkList(inputs), rule, toDetail, checked);
  }

  /**
   * Answers for a stream of any length, in its order and in constant memory. Ends the source when the reader stops.
   * Throws as `classify`; after an error the stream is over.
   *
   * @example
   * for await (const { label } of pyramid.stream(lines)) console.log(label);
   */
  stream(
    source: Iterable<TextInput> | AsyncIterable<TextInput>,
    options?: ClassifyOptions,
  ): AsyncGenerator<Answer, void, undefined> {
    const { tau, topK, signal, deadlineMs, truncate, stride, windows } = this.#checked(options, CLASSIFY_OPTIONS);
    const toAnswer = (outcome: Outcome) => answerOf(this.#model, outcome, { tau, topK, windows });
    const rule = { tau, trace: false, truncate, stride };
    return begunInOrder(
      checkSource(source),
      STREAM_WINDOW * this.#pool.capacity,
      (input, index, settle) => this.#runner.begin(input, index, rule, toAnswer, deadlineMs, settle),
      signal,
      this.#pool.turn,
    );
  }

  /**
   * Every head's logits and the tokens that each layer leaves, with exits off: one entry a text, in order. `onProgress`
   * gets the share done, 0 to 1. Throws as `classify`.
   */
  async trace(inputs: readonly TextInput[], options?: TraceOptions): Promise<TracedText[]> {
    const given = knownOptions(options, ['signal', 'onProgress']);
    return this.#traced(inputs, given, undefined, (outcome) => this.#tracedText(outcome));
  }

  /** As `trace`, of each text its windows, see `stride` of `ClassifyOptions`: one where it fits. Throws as `classify`. */
  async traceWindows(
    inputs: readonly TextInput[],
    options: TraceOptions & { readonly stride: number; readonly windows?: WindowRule },
  ): Promise<TracedText[][]> {
    const { stride, windows, ...given } = knownOptions(options, ['signal', 'onProgress', 'stride', 'windows']);
    checkWindows({ stride, windows }, this.#model);
    return this.#traced(inputs, given, stride, (outcome) =>
      (outcome.windows ?? [outcome]).map((window) => this.#tracedText(window)),
    );
  }

  #tracedText({ tokens, unknown, logits, floor }: Outcome): TracedText {
    return { length: tokens[0], tokens, unknown, logits, ...(this.exitSum && { floor }) };
  }

  #traced<T>(
    inputs: readonly TextInput[],
    given: TraceOptions,
    stride: number | undefined,
    result: (outcome: Outcome) => T,
  ): Promise<T[]> {
    const signal = signalOf(given.signal);
    const onProgress = callback('onProgress', given.onProgress);
    let done = 0;
    return this.#runner.all(
      checkList(inputs),
      { tau: null, trace: true, stride },
      (outcome) => {
        onProgress?.(++done / inputs.length);
        return result(outcome);
      },
      { signal, deadlineMs: undefined },
    );
  }

  /**
   * What a page draws of one text: its pieces, their importance and which are left at every layer, and every head's
   * scores and uncertainty, with exits off; beside it the answer at `tau`. Throws as `classify`.
   *
   * @example
   * const { pieces, layers } = await pyramid.explain('You have won');
   * console.log(pieces.filter((_, i) => layers[2].kept[i])); // what layer 3 leaves
   */
  async explain(
    input: TextInput,
    options?: Pick<ClassifyOptions, 'tau' | 'signal' | 'deadlineMs'>,
  ): Promise<Explanation> {
    const checked = this.#checked(options, EXPLAIN_OPTIONS);
    const { tau } = checked;
    const rule = { tau: null, trace: true, explain: true };
    const [explanation] = await this.#runner.all([input], rule, (one) => explanationOf(this.#model, one, tau), checked);
    return explanation;
  }

  /**
   * What the model's pieces (a layer's peek, a layer, a head) have cost since it was loaded, over all workers: how many
   * texts went through each, and the milliseconds of their batches, copies in and out included. Throws MP_CLOSED.
   */
  async pieceCosts(): Promise<readonly PieceCost[]> {
    return (await this.#pool.stats()).pieces;
  }

  /**
   * Where the texts under way are now, over all workers: [L + 1], entry 0 those that are not yet tokenised, entry l
   * those that are before layer l or in it. Asks the workers, which answer between two batches; the texts of one that does
   * not within a second count as not tokenised. Throws MP_CLOSED.
   */
  async queueLevels(): Promise<readonly number[]> {
    const [fresh = 0, ...layers] = (await this.#pool.stats()).levels;
    const { waiting } = this.#pool.load;
    return [fresh + waiting, ...Array.from({ length: this.#model.config.layers }, (_, i) => layers[i] ?? 0)];
  }

  /**
   * Ends the worker threads. What is under way fails with MP_CLOSED. `graceMs`, default 5000: how long a worker may take
   * to end its running batch, before it is ended in the midst of it.
   */
  async close(options?: { readonly graceMs?: number }): Promise<void> {
    const { graceMs } = knownOptions(options, ['graceMs']);
    await this.#pool.close(graceMs ?? undefined);
  }

  /** Closes it, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #checked(options: ClassifyOptions | null | undefined, known: readonly (keyof ClassifyOptions)[]): CheckedOptions {
    const checked = checkedOptions(options, known, this.#model, () => this.#warnings.ownTau());
    this.#warnings.checkTau(checked.tau);
    return checked;
  }
}

const isList = (inputs: TextInput | readonly TextInput[]): inputs is readonly TextInput[] => Array.isArray(inputs);
