/** The options of a call to a model, checked: what was left out or null has its default, and tau fits the model. */
import { PyramidError } from '../errors.ts';
import { knownOptions } from '../option.ts';
import { assertTau, mayExit } from '../pyramid/exits/exit-rule.ts';
import type { WindowRule } from '../pyramid/exits/windows.ts';
import type { Truncate } from './job.ts';
import { choice, count, signalOf } from './option-checks.ts';
import { checkWindows } from './windows.ts';
import type { ModelDescription } from './workers/messages.ts';

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
   * A text longer than the model reads loses its end ('right') or its beginning ('left'), or fails the call with
   * MP_TEXT_LONG ('never'); default: as the tokeniser's `truncation_side` has it, mostly 'right'.
   */
  readonly truncate?: Truncate;
  /**
   * A text longer than the model reads is not cut: it runs as windows, each of which begins with this many tokens of the one before (0 or
   * more, below the tokens that fit into a window) and leaves by itself at tau. Of single texts, and not together with `truncate`. Floor 0
   * is asked once, of the whole text.
   */
  readonly stride?: number;
  /** With `stride`, how the windows' answers become one: the 'mean' of their logits (the default), or the most 'certain' window's. */
  readonly windows?: WindowRule;
}

/** What each kind of call takes. */
export const DETAIL_OPTIONS = ['tau', 'signal', 'deadlineMs', 'truncate', 'stride', 'windows'] as const;
export const CLASSIFY_OPTIONS = [...DETAIL_OPTIONS, 'topK'] as const;
export const EXPLAIN_OPTIONS = ['tau', 'signal', 'deadlineMs'] as const;

export interface CheckedOptions {
  readonly tau: number | null;
  readonly topK: number;
  readonly signal: AbortSignal | undefined;
  readonly deadlineMs: number | undefined;
  readonly truncate: Truncate | undefined;
  readonly stride: number | undefined;
  readonly windows: WindowRule;
}

/** `ownTau` gives the model's, where the call names none. Throws MP_OPTION_*, MP_TAU_RANGE, MP_MODEL_HEADS, MP_USAGE. */
export function checkedOptions(
  options: ClassifyOptions | null | undefined,
  known: readonly (keyof ClassifyOptions)[],
  model: ModelDescription,
  ownTau: () => number | null,
): CheckedOptions {
  const given = knownOptions(options, known);
  const topK = count('topK', given.topK ?? 1);
  const deadlineMs = given.deadlineMs ?? undefined;
  if (deadlineMs !== undefined) count('deadlineMs', deadlineMs, 2 ** 31 - 1);
  const truncate = given.truncate ?? undefined;
  if (truncate !== undefined) choice('truncate', truncate, ['right', 'left', 'never']);
  const tau = given.tau === undefined ? ownTau() : checkedTau(given.tau, model);
  const stride = given.stride ?? undefined;
  const windows = given.windows ?? undefined;
  checkWindows({ stride, windows, truncate }, model);
  return { tau, topK, signal: signalOf(given.signal), deadlineMs, truncate, stride, windows: windows ?? 'mean' };
}

function checkedTau(tau: number | null, { config, info, headSettings, sum }: ModelDescription): number | null {
  assertTau(tau);
  if (tau === null) return tau;
  if (mayExit({ headKind: headSettings.kind, hasFloor: sum !== null, shape: config })) return tau;
  throw new PyramidError('MP_MODEL_HEADS', { method: info.method });
}
