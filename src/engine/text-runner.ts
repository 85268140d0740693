/**
 * Runs inputs through a worker pool: all of a call together, or one of a stream. Each ends once: with results, an error,
 * the signal's reason or at its deadline. What the results are made of is the caller's. A lone text is asked on this thread
 * first, where the model has a floor 0: the way to a worker and back takes several times as long as that does.
 */
import { PyramidError } from '../errors.ts';
import { Aborts } from './aborts.ts';
import type { CheckedOptions } from './classify-options.ts';
import type { FloorExit } from './floor-exit.ts';
import type { End } from './in-order.ts';
import { checkText, type Text, type TextInput } from './inputs.ts';
import type { Rule } from './job.ts';
import { LoneTexts } from './lone-texts.ts';
import { pairWithStride } from './windows.ts';
import type { TimedOutcome } from './workers/messages.ts';
import type { WorkerPool } from './workers/worker-pool.ts';

export class TextRunner {
  readonly #pool: WorkerPool;
  readonly #aborts: Aborts;
  readonly #check: (text: Text) => Text;
  readonly #floorExit: FloorExit | null;
  readonly #lone: LoneTexts;
  /** Texts of the background that were asked for and have no outcome yet. */
  #background = 0;

  /** `check` sees each text when its turn comes; `floorExit` is there where lone texts may be answered on this thread. */
  constructor(pool: WorkerPool, check: (text: Text) => Text, floorExit: FloorExit | null) {
    this.#floorExit = floorExit;
    this.#pool = pool;
    this.#aborts = new Aborts(pool.turn);
    this.#lone = new LoneTexts(pool.turn);
    this.#check = check;
  }

  /** Runs the inputs; results in their order. */
  async all<T>(
    inputs: readonly TextInput[],
    rule: Rule,
    result: (outcome: TimedOutcome) => T,
    { signal, deadlineMs }: Pick<CheckedOptions, 'signal' | 'deadlineMs'>,
  ): Promise<T[]> {
    signal?.throwIfAborted();
    if (this.#pool.isClosed) throw new PyramidError('MP_CLOSED', { what: 'model' });
    if (inputs.length === 0) return [];
    const texts = inputs.slice(); // the caller may change its array
    if (texts.length === 1 && this.#floorExit) {
      const text = textOf(texts[0], 0, rule);
      let isHere = this.#lone.isFree && this.#pool.load.waiting === 0;
      if (!isHere && this.#mayWait(text, rule, deadlineMs)) {
        await this.#lone.next();
        signal?.throwIfAborted();
        if (this.#pool.isClosed) throw new PyramidError('MP_CLOSED', { what: 'model' });
        isHere = true;
      }
      const here = isHere ? this.#floorExit.outcomeOf(this.#check(text), rule) : null;
      if (here) return [result(here)];
    }
    return new Promise<T[]>((resolve, reject) => {
      const results = new Array<T>(texts.length);
      let left = texts.length;
      let timer: ReturnType<typeof setTimeout> | undefined;
      let takeBack: (() => void) | undefined;
      const settle = (end: () => void) => {
        clearTimeout(timer);
        takeBack?.();
        if (rule.background) this.#background -= left;
        end();
      };
      const withdraw = this.#pool.submit({
        ...rule,
        length: texts.length,
        // checked when its turn comes: going through a long array at once would hold up the caller's thread
        text: (index) => this.#check(textOf(texts[index], index, rule)),
        done: (index, outcome) => {
          results[index] = result(outcome);
          if (rule.background) this.#background--;
          if (--left === 0) settle(() => resolve(results));
        },
        failed: (error) => settle(() => reject(error)),
      });
      if (rule.background) this.#background += left;
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
   * Whether a lone text waits for a turn with time left, to be answered here then. Not where it would miss its deadline
   * unseen, nor while workers run a network: then they are the ones who answer most, and asking here is asked twice. A text
   * of the background does not count: it runs because there is little else to do.
   */
  #mayWait(text: Text, rule: Rule, deadlineMs: number | undefined): boolean {
    if (!this.#lone.hasRoom || deadlineMs !== undefined) return false;
    const { waiting, running } = this.#pool.load;
    const isQuiet = waiting + running <= this.#background || (waiting === 0 && !this.#floorExit!.hasNetwork);
    return isQuiet && this.#floorExit!.isFor(text, rule);
  }

  /**
   * Runs one input of many, `index` for messages; what it gives withdraws it. Apart from `all` since a stream has a
   * thousand under way: what each of them holds in memory shows in the pauses that collecting it makes.
   */
  begin<T>(
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
      text: () => this.#check(textOf(input, index, rule)),
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
}

/** Throws MP_TEXT_TYPE, and MP_USAGE for a pair that windows are asked of. */
function textOf(input: TextInput, index: number, { stride }: Rule): Text {
  const text = checkText(input, index);
  if (stride !== undefined && text.pair !== undefined) throw pairWithStride(index);
  return text;
}
