/** Checks the texts that a caller gives. */
import { PyramidError } from '../errors.ts';
import type { Encoding, Tokenizer } from '../text/tokenizer/tokenizer.ts';
import { windowsOf } from '../text/tokenizer/windows.ts';

/** A text, or a pair of texts (`pair` left out or null: one text). */
export type TextInput = string | { readonly text: string; readonly pair?: string | null };

export interface Text {
  readonly text: string;
  readonly pair: string | undefined;
}

/** Throws MP_TEXT_TYPE. `index` is the input's place, for the message. Any string will do, '' and lone surrogates too. */
export function checkText(input: unknown, index: number): Text {
  if (typeof input === 'string') return { text: input, pair: undefined };
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) {
    const { text, pair } = input as { text?: unknown; pair?: unknown };
    if (typeof text === 'string' && (pair === undefined || pair === null || typeof pair === 'string'))
      return { text, pair: pair ?? undefined };
    const got = typeof text === 'string' ? `{ text, pair: ${show(pair)} }` : `an object whose text is ${show(text)}`;
    throw new PyramidError('MP_TEXT_TYPE', { index, got });
  }
  throw new PyramidError('MP_TEXT_TYPE', { index, got: show(input) });
}

/** The whole of a single text, as the network gets it: in one window or more. */
export const inWindows = (tokenizer: Tokenizer, text: string, maxLength: number, stride: number): Encoding[] =>
  windowsOf(tokenizer.encode(text, undefined, Number.MAX_SAFE_INTEGER), tokenizer.around, maxLength, stride);

/** Inputs that came together. Throws MP_USAGE for one that stands alone: going through a string would give its letters. */
export function checkList<T>(inputs: T): T {
  if (Array.isArray(inputs)) return inputs;
  throw new PyramidError('MP_USAGE', {
    what: `the texts are ${typeof inputs === 'string' ? 'a string' : show(inputs)}`,
    todo: 'give an array of texts',
  });
}

/** The same for what may also come one by one. */
export function checkSource<T>(source: T): T {
  const given = source as { [Symbol.iterator]?: unknown; [Symbol.asyncIterator]?: unknown } | null | undefined;
  if (typeof source === 'object' && (given?.[Symbol.iterator] || given?.[Symbol.asyncIterator])) return source;
  throw new PyramidError('MP_USAGE', {
    what: `the source of texts is ${typeof source === 'string' ? 'a string' : show(source)}`,
    todo: 'give an array or another iterable of texts',
  });
}

function show(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return `the ${typeof value} ${value}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
