/**
 * A trained model, ready to classify: the engine's public face, wherever its worker threads run. It checks what it is
 * given, hands texts to the worker pool and makes answers of what comes back; nothing is computed on the caller's thread.
 */
import type { FamilyName, ProblemType } from '../encoder/index.ts';
import { PyramidError } from '../errors.ts';
import { knownOptions } from '../option.ts';
import { assertTau, hasUncertainty } from '../pyramid/exits/exit-rule.ts';
import type { HeadKind } from '../pyramid/exits/exits.ts';
import type { Dtype, PyramidInfo } from '../pyramid/folder/model-folder.ts';
import { type NetworkShape, shapeOf } from '../pyramid/shape.ts';
import { Aborts } from './aborts.ts';
import { type Answer, answerOf, type Detail, detailOf } from './answer.ts';
import { type Explanation, explanationOf } from './explain.ts';
import { begunInOrder, type End } from './in-order.ts';
import { checkList, checkSource, checkText, type Text, type TextInput } from './inputs.ts';
import type { WeightBits } from './int8.ts';
import type { Outcome, Rule, Truncate } from './job.ts';
import { callback, choice, count, signalOf } from './option-checks.ts';
import type { PieceCost } from './piece-costs.ts';
import type { ModelDescription, TimedOutcome } from './workers/messages.ts';
import type { WorkerPool } from './workers/worker-pool.ts';

/** An option that is undefined or null counts as left out, but for `tau`, where null is off. Unknown ones are refused. */
export interface ClassifyOptions {
  /**
   * The dial: a text leaves at the first layer whose uncertainty, 0 to 1, is at most this. Larger is earlier and
   * cheaper; null switches early exit off. Default: what the model's own validation chose (`info.tau`), which holds for
   * one dtype.
   */
  readonly tau?: number | null;
  /** Above 1: the answer also has the scores of so many labels. Default 1. */
  readonly topK?: number;
  /** Gives up: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Time for the whole call, of a stream for each text, in milliseconds, 1 to 2³¹ − 1; default: any. */
  readonly deadlineMs?: number;
  /**
   * A text longer than the model reads loses its end ('right', the default) or its beginning ('left'), or fails the call
   * with MP_TEXT_LONG ('never').
   */
  readonly truncate?: Truncate;
}

const DETAIL_OPTIONS = ['tau', 'signal', 'deadlineMs', 'truncate'] as const;
const CLASSIFY_OPTIONS = [...DETAIL_OPTIONS, 'topK'] as const;
const EXPLAIN_OPTIONS = ['tau', 'signal', 'deadlineMs'] as const;

/** The options of a call, checked; what was left out or null has its default. */
interface Settled {
  readonly tau: number | null;
  readonly topK: number;
  readonly signal: AbortSignal | undefined;
  readonly deadlineMs: number | undefined;
  readonly truncate: Truncate | undefined;
}

/** One text of a trace: see `Trace` in src/evaluate, which adds the true label. */
export interface TracedText {
  readonly length: number;
  readonly tokens: readonly number[]; // [L+1]
  readonly logits: readonly (readonly number[])[]; // [L] of [C]; [] where a layer has no head
}

/**
 * Texts of a stream that are under way, or answered but not yet read, by texts that the worker pool can have under way: one that
 * takes long holds up those after it for a while. Each of them is in memory, and collecting it makes pauses.
 */
const STREAM_WINDOW = 2;

/** What differs between Node and a browser. */
export interface Host {
  readonly warn: (message: string) => void;
}

export class Classifier {
  readonly #pool: WorkerPool;
  readonly #model: ModelDescription;
  readonly #host: Host;
  readonly #aborts: Aborts;
  #said = false;
  #saidVoid = false;

  protected constructor(pool: WorkerPool, model: ModelDescription, host: Host) {
    this.#pool = pool;
    this.#aborts = new Aborts(pool.turn);
    this.#model = model;
    this.#host = host;
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

  get labels(): readonly string[] {
    return this.#model.config.labels;
  }

  /** Texts that no worker has yet, and those that one has. */
  get load(): { readonly waiting: number; readonly running: number } {
    return this.#pool.load;
  }

  get problemType(): ProblemType {
    return this.#model.config.problemType;
  }

  /** bert, distilbert, roberta or electra. */
  get family(): FamilyName {
    return this.#model.config.family;
  }

  get shape(): NetworkShape {
    return shapeOf(this.#model.config);
  }

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
    const settled = this.#settle(options, CLASSIFY_OPTIONS);
    const { tau, topK, truncate } = settled;
    const toAnswer = (outcome: Outcome) => answerOf(this.#model, outcome, { tau, topK });
    const rule = { tau, trace: false, truncate };
    if (isList(inputs)) return this.#run(inputs, rule, toAnswer, settled);
    const [answer] = await this.#run([inputs], rule, toAnswer, settled);
    return answer;
  }

  /**
   * As `classify` of an array, with all that is known of each answer: every label's score and logit, the operations
   * beside those of the dense model, and how long it took.
   */
  async detail(inputs: readonly TextInput[], options?: Omit<ClassifyOptions, 'topK'>): Promise<Detail[]> {
    const settled = this.#settle(options, DETAIL_OPTIONS);
    const { tau, truncate } = settled;
    const rule = { tau, trace: false, truncate };
    return this.#run(checkList(inputs), rule, (outcome) => detailOf(this.#model, outcome, tau), settled);
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
    const { tau, topK, signal, deadlineMs, truncate } = this.#settle(options, CLASSIFY_OPTIONS);
    const toAnswer = (outcome: Outcome) => answerOf(this.#model, outcome, { tau, topK });
    const rule = { tau, trace: false, truncate };
    return begunInOrder(
      checkSource(source),
      STREAM_WINDOW * this.#pool.capacity,
      (input, index, settle) => this.#begin(input, index, rule, toAnswer, deadlineMs, settle),
      signal,
      this.#pool.turn,
    );
  }

  /**
   * Every head's logits and the tokens that each layer leaves, with exits off: one entry a text, in order. `onProgress`
   * gets the share done, 0 to 1. Throws as `classify`.
   */
  async trace(
    inputs: readonly TextInput[],
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (share: number) => void },
  ): Promise<TracedText[]> {
    const given = knownOptions(options, ['signal', 'onProgress']);
    const signal = signalOf(given.signal);
    const onProgress = callback('onProgress', given.onProgress);
    let done = 0;
    return this.#run(
      checkList(inputs),
      { tau: null, trace: true },
      ({ tokens, logits }) => {
        onProgress?.(++done / inputs.length);
        return { length: tokens[0], tokens, logits };
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
    const settled = this.#settle(options, EXPLAIN_OPTIONS);
    const { tau } = settled;
    const rule = { tau: null, trace: true, explain: true };
    const [explanation] = await this.#run([input], rule, (one) => explanationOf(this.#model, one, tau), settled);
    return explanation;
  }

  /**
   * What the model's pieces (a layer's peek, a layer, a head) have cost since it was loaded, over all workers: how many
   * texts went through each, and the milliseconds of their batches, copies in and out included. Throws MP_CLOSED.
   */
  async pieceCosts(): Promise<readonly PieceCost[]> {
    return (await this.#pool.tally()).pieces;
  }

  /**
   * Where the texts under way are now, over all workers: [L + 1], entry 0 those that are not yet tokenised, entry l
   * those that are before layer l or in it. Asks the workers, which answer between two batches; the texts of one that does
   * not within a second count as not tokenised. Throws MP_CLOSED.
   */
  async queueLevels(): Promise<readonly number[]> {
    const [fresh = 0, ...layers] = (await this.#pool.tally()).levels;
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

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #settle(options: ClassifyOptions | null | undefined, known: readonly (keyof ClassifyOptions)[]): Settled {
    const given = knownOptions(options, known);
    const topK = count('topK', given.topK ?? 1);
    const deadlineMs = given.deadlineMs ?? undefined;
    if (deadlineMs !== undefined) count('deadlineMs', deadlineMs, 2 ** 31 - 1);
    const truncate = given.truncate ?? undefined;
    if (truncate !== undefined) choice('truncate', truncate, ['right', 'left', 'never']);
    return { tau: this.#tauOf(given.tau), topK, signal: signalOf(given.signal), deadlineMs, truncate };
  }

  #tauOf(tau: number | null | undefined): number | null {
    if (tau === undefined) return this.#ownTau();
    assertTau(tau);
    const { config, info, headSettings } = this.#model;
    if (tau !== null && headSettings.kind === 'none') throw new PyramidError('MP_MODEL_HEADS', { method: info.method });
    if (tau !== null && !hasUncertainty(config.problemType)) {
      throw new PyramidError('MP_USAGE', {
        what: `tau is ${tau}, but the answers of a ${config.problemType} model have no uncertainty to leave by`,
        todo: 'leave tau out',
      });
    }
    return tau;
  }

  /** The model's; where it was chosen for another dtype there is none, and that is said once. */
  #ownTau(): number | null {
    const { dtype, info, voidTau } = this.#model;
    if (voidTau !== null && !this.#saidVoid) {
      this.#saidVoid = true;
      this.#host.warn(
        `early exit is off: the model's tau, ${voidTau}, was not chosen for ${dtype}; give a tau, or choose one (magic-pyramid calibrate --dtype ${dtype})`,
      );
    }
    return info.tau;
  }

  /** Runs the inputs; results in their order. */
  async #run<T>(
    inputs: readonly TextInput[],
    rule: Rule,
    result: (outcome: TimedOutcome) => T,
    { signal, deadlineMs }: Pick<Settled, 'signal' | 'deadlineMs'>,
  ): Promise<T[]> {
    signal?.throwIfAborted();
    if (this.#pool.isClosed) throw new PyramidError('MP_CLOSED', { what: 'model' });
    if (inputs.length === 0) return [];
    const texts = inputs.slice(); // the caller may change its array
    return new Promise<T[]>((resolve, reject) => {
      const results = new Array<T>(texts.length);
      let left = texts.length;
      let timer: ReturnType<typeof setTimeout> | undefined;
      let takeBack: (() => void) | undefined;
      const settle = (end: () => void) => {
        clearTimeout(timer);
        takeBack?.();
        end();
      };
      const withdraw = this.#pool.submit({
        ...rule,
        length: texts.length,
        // checked when its turn comes: going through a long array at once would hold up the caller's thread
        text: (index) => this.#warnOnPairMismatch(checkText(texts[index], index)),
        done: (index, outcome) => {
          results[index] = result(outcome);
          if (--left === 0) settle(() => resolve(results));
        },
        failed: (error) => settle(() => reject(error)),
      });
      const giveUp = (reason: unknown, isLate = false) =>
        settle(() => {
          withdraw(isLate);
          reject(reason);
        });
      if (deadlineMs !== undefined)
        timer = setTimeout(() => giveUp(new PyramidError('MP_DEADLINE', { deadlineMs }), true), deadlineMs);
      if (signal) takeBack = this.#aborts.on(signal, () => giveUp(signal.reason));
    });
  }

  /**
   * Runs one input of many, `index` for messages; what it gives withdraws it. Apart from #run since a stream has a
   * thousand under way: what each of them holds in memory shows in the pauses that collecting it makes.
   */
  #begin<T>(
    input: TextInput,
    index: number,
    rule: Rule,
    result: (outcome: TimedOutcome) => T,
    deadlineMs: number | undefined,
    settle: (end: End<T>) => void,
  ): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (settled: End<T>) => {
      clearTimeout(timer);
      settle(settled);
    };
    const withdraw = this.#pool.submit({
      ...rule,
      length: 1,
      text: () => this.#warnOnPairMismatch(checkText(input, index)),
      done: (_, outcome) => end({ value: result(outcome) }),
      failed: (error) => end({ error }),
    });
    if (deadlineMs === undefined) return withdraw;
    timer = setTimeout(() => {
      withdraw(true);
      settle({ error: new PyramidError('MP_DEADLINE', { deadlineMs }) });
    }, deadlineMs);
    return () => {
      clearTimeout(timer);
      withdraw();
    };
  }

  /** A pair for a model of single texts, or the reverse, is allowed; warns once. */
  #warnOnPairMismatch(text: Text): Text {
    const { pairs } = this.#model.info;
    if ((text.pair !== undefined) === pairs || this.#said) return text;
    this.#said = true;
    const message = pairs
      ? 'the model was trained on pairs of texts and is given single ones'
      : 'the model was trained on single texts and is given pairs';
    this.#host.warn(message);
    return text;
  }
}

const isList = (inputs: TextInput | readonly TextInput[]): inputs is readonly TextInput[] => Array.isArray(inputs);
