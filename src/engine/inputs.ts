/** What a caller may hand in to be classified, checked. */
import { PyramidError } from '../errors.ts';

/** A text, or a pair of texts (`pair` left out: one text). */
export type TextInput = string | { readonly text: string; readonly pair?: string };

export interface Text {
  readonly text: string;
  readonly pair: string | undefined;
}

/** Throws MP_TEXT_TYPE. `index` is the input's place, for the message. Any string will do, '' and lone surrogates too. */
export function checkText(input: unknown, index: number): Text {
  if (typeof input === 'string') return { text: input, pair: undefined };
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) {
    const { text, pair } = input as { text?: unknown; pair?: unknown };
    if (typeof text === 'string' && (pair === undefined || typeof pair === 'string')) return { text, pair };
    const got = typeof text === 'string' ? `{ text, pair: ${show(pair)} }` : `an object whose text is ${show(text)}`;
    throw new PyramidError('MP_TEXT_TYPE', { index, got });
  }
  throw new PyramidError('MP_TEXT_TYPE', { index, got: show(input) });
}

function show(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return `the ${typeof value} ${value}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
