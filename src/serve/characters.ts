/** Lengths as protocols report them: in Unicode characters, not in JavaScript's units. Knows no protocol. */
import type { TextInput } from '../engine/index.ts';

const ofString = (text: string): number => {
  let count = text.length;
  for (let i = 1; i < text.length; i++)
    if ((text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) count--;
  return count;
};

/** Characters of a text or of both texts of a pair; a surrogate pair is one. */
export const countCharacters = (input: TextInput): number =>
  typeof input === 'string' ? ofString(input) : ofString(input.text) + ofString(input.pair ?? '');
