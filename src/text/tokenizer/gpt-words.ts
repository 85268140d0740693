/**
 * The words of byte-level BPE, by GPT-2's regular expression: a word takes the blank before it. Compared with tokenizers
 * 0.22 and 0.23 code point by code point: characters newer than their tables are neither letters nor numbers there.
 */
import { LONG_TEXT, runEnd } from './class-runs.ts';
import { ranges, WHITE_SPACE } from './unicode-forms.ts';

/** The expression as files have it. No other is read: one out of a file could take a text's length to any power. */
export const GPT_EXPRESSION = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

const LATER_LETTERS =
  '88f c5c cdc a7ce-a7cf a7d2 a7d4 a7f1 10940-10959 10ec5-10ec7 11db0-11ddb 16ea0-16eb8 16ebb-16ed3 16ff2-16ff3 187f8-187ff 18d09-18d1e 18d80-18df2 1e6c0-1e6de 1e6e0-1e6e2 1e6e4-1e6e5 1e6e7-1e6ed 1e6f0-1e6f4 1e6fe-1e6ff 2b73a-2b73f 2cea2-2cead 323b0-33479';
const LATER_NUMBERS = '11de0-11de9 16ff4-16ff6';

const LETTER = `[\\p{L}--[${ranges(LATER_LETTERS)}]]`;
const NUMBER = `[\\p{N}--[${ranges(LATER_NUMBERS)}]]`;
const BLANK = `[${WHITE_SPACE}]`;
const OTHER = `[^${BLANK}${LETTER}${NUMBER}]`;
const ENDINGS = "'s|'t|'re|'ve|'m|'ll|'d";
const words = new RegExp(
  `${ENDINGS}| ?${LETTER}+| ?${NUMBER}+| ?${OTHER}+|${BLANK}+(?!${`[^${BLANK}]`})|${BLANK}+`,
  'gv',
);

/** Together they are the whole text. */
export const gptWords = (text: string): readonly string[] =>
  text.length > LONG_TEXT ? inSteps(text) : (text.match(words) ?? []);

const ending = new RegExp(ENDINGS, 'y');
const wordEnds = [LETTER, NUMBER, OTHER].map(runEnd);
const blanksEnd = runEnd(BLANK);

/** The same words, where runs may be too long for the expression. */
function inSteps(text: string): string[] {
  const result: string[] = [];
  for (let from = 0; from < text.length; ) {
    const to = wordEnd(text, from);
    result.push(text.slice(from, to));
    from = to;
  }
  return result;
}

function wordEnd(text: string, from: number): number {
  ending.lastIndex = from;
  if (ending.test(text)) return ending.lastIndex;
  const start = text[from] === ' ' ? from + 1 : from;
  for (const endOf of wordEnds) {
    const to = endOf(text, start);
    if (to > start) return to;
  }
  const to = blanksEnd(text, from);
  return to < text.length && to - from > 1 ? to - 1 : to; // the last of several blanks is left for the word after them
}
