/**
 * The `pre_tokenizer` of a tokenizer.json as a function from a normalised text to its words, for those that are read
 * exactly; the others are refused, and so is every regular expression. Source: Hugging Face's Rust tokenizers.
 */
import { bertWords, PUNCTUATION } from './bert-words.ts';
import { type JsonPart, named } from './json-part.ts';
import { WHITE_SPACE, WORD_LETTER } from './unicode-forms.ts';

export type Words = (normalized: string) => readonly string[];

const MAX_PARTS = 64;
const MAX_DEPTH = 8;

/** What is done with the characters that part a text: each is a word, runs of them are, they are dropped. */
const BEHAVIOURS: Readonly<Record<string, (inside: string) => string>> = {
  Isolated: (inside) => `[^${inside}]+|[${inside}]`,
  Contiguous: (inside) => `[^${inside}]+|[${inside}]+`,
  Removed: (inside) => `[^${inside}]+`,
};

const matches = (pattern: string): Words => {
  const regex = new RegExp(pattern, 'gv');
  return (text) => text.match(regex) ?? [];
};

const whitespace = matches(`[${WORD_LETTER}]+|[^[${WORD_LETTER}][${WHITE_SPACE}]]+`);
const whitespaceSplit = matches(`[^[${WHITE_SPACE}]]+`);

/** The function that `part` describes. Throws MP_MODEL_TOKENIZER for one that is not read exactly. */
export function preTokenizerOf(part: JsonPart | null): Words {
  return part ? build(part, { parts: MAX_PARTS }, 0) : (text) => (text === '' ? [] : [text]);
}

function build(part: JsonPart, budget: { parts: number }, depth: number): Words {
  const type = part.text('type');
  if (--budget.parts < 0 || depth > MAX_DEPTH) throw part.unread(`a pre-tokenizer of more than ${MAX_PARTS} parts`);
  switch (type) {
    case 'BertPreTokenizer':
      return bertWords;
    case 'Whitespace':
      return whitespace;
    case 'WhitespaceSplit':
      return whitespaceSplit;
    case 'Punctuation': {
      const behaviour = part.has('behavior') ? part.text('behavior') : 'Isolated';
      if (!Object.hasOwn(BEHAVIOURS, behaviour))
        throw part.unread(`the pre-tokenizer "Punctuation" with the behavior ${named(behaviour)}`);
      return matches(BEHAVIOURS[behaviour](`[${PUNCTUATION}]`));
    }
    case 'Digits':
      return matches(BEHAVIOURS[part.flag('individual_digits') ? 'Isolated' : 'Contiguous']('\\p{N}'));
    case 'Sequence': {
      const steps = part.parts('pretokenizers').map((step) => build(step, budget, depth + 1));
      return (text) => steps.reduce<readonly string[]>((words, step) => words.flatMap(step), text === '' ? [] : [text]);
    }
    default:
      throw part.unread(`the pre-tokenizer ${named(type)}`);
  }
}
