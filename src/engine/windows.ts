/**
 * A long text that runs as several windows, each of which leaves where it is sure: whether that may be asked for, and their outcomes put
 * together. Knows nothing of how texts are cut (src/text/tokenizer/windows.ts), nor how an answer is made (src/pyramid/exits/windows.ts).
 */
import { PyramidError } from '../errors.ts';
import { WINDOW_RULES, type WindowRule } from '../pyramid/exits/windows.ts';
import type { Outcome } from './job.ts';
import type { ModelDescription } from './workers/messages.ts';

/** What came of all windows of a text, in any order. Tokens are those of all windows; the exit is the deepest. */
export function joinedOutcome(windows: readonly Outcome[]): Outcome {
  const ordered = [...windows].sort((a, b) => a.window - b.window);
  const [{ id, floor }] = ordered;
  return {
    id,
    window: 0,
    exit: most(ordered.map(({ exit }) => exit)),
    tokens: Array.from({ length: most(ordered.map(({ tokens }) => tokens.length)) }, (_, l) =>
      sum(ordered.map(({ tokens }) => tokens[l] ?? 0)),
    ),
    logits: [],
    floor,
    truncated: false,
    unknown: sum(ordered.map(({ unknown }) => unknown)),
    tokenHistory: null,
    windows: ordered,
  };
}

/** Throws MP_USAGE, MP_OPTION_VALUE. */
export function checkWindows(
  { stride, windows, truncate }: { readonly stride?: unknown; readonly windows?: unknown; readonly truncate?: unknown },
  { room, info, config }: ModelDescription,
): void {
  const wrong = (what: string, todo: string) => new PyramidError('MP_USAGE', { what, todo });
  if (windows !== undefined && !WINDOW_RULES.includes(windows as WindowRule))
    throw new PyramidError('MP_OPTION_VALUE', {
      option: 'windows',
      value: String(windows),
      expected: WINDOW_RULES.join(' or '),
    });
  if (stride === undefined) {
    if (windows === undefined) return;
    throw wrong(
      'windows was given without stride',
      'add stride, the tokens that two windows share, or leave windows out',
    );
  }
  if (info.pairs)
    throw wrong(
      'stride is for single texts, and the model was trained on pairs',
      'leave it out: of a pair the longer text is cut first',
    );
  if (!(Number.isSafeInteger(stride) && (stride as number) >= 0 && (stride as number) < room))
    throw new PyramidError('MP_OPTION_VALUE', {
      option: 'stride',
      value: String(stride),
      expected: `a whole number from 0 to ${room - 1}: a window has room for ${room} tokens of the text, and the next one must begin after it`,
    });
  if (truncate !== undefined)
    throw wrong('both stride and truncate were given', 'leave one of them out: with stride nothing is cut off');
  if (windows === 'certain' && config.problemType === 'regression')
    throw wrong(
      'windows is "certain", and the model answers with numbers, which are not more or less certain',
      'use mean',
    );
}

/** Throws MP_USAGE. */
export const pairWithStride = (index: number): PyramidError =>
  new PyramidError('MP_USAGE', {
    what: `stride is for single texts, and input ${index} is a pair`,
    todo: 'leave stride out: of a pair the longer text is cut first',
  });

/** A long text may have more windows than a call has arguments. */
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
