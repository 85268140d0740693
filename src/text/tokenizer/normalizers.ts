/**
 * The `normalizer` of a tokenizer.json as a function, for those that are read exactly; the others are refused, and so
 * is every regular expression but SentencePiece's for runs of blanks and DeBERTa's for white space: none out of a file is ever run. Source: Hugging Face's Rust tokenizers.
 */
import { type BertNormalization, normalizeBert } from './bert-words.ts';
import { charsmap } from './charsmap.ts';
import { type JsonPart, named } from './json-part.ts';
import { lowerCase, MARK, type NormalForm, normalForm, ranges, WHITE_SPACE } from './unicode-forms.ts';

export type Normalize = (text: string) => string;

// bounds on what a file may ask for: a text grows by no more than this, and parts are not nested without end
const MAX_GROWTH = 32;
const MAX_PARTS = 64;
const MAX_DEPTH = 8;
/** What a table may make of a character counts as this much: one table is enough, two are too many. */
const TABLE_GROWTH = 8;
/** SentencePiece's. */
const BLANKS = ' {2,}';
/** DeBERTa's, of transformers 5. */
export const SPACES = '\\s{2,}|[\\n\\r\\t]';

const marks = new RegExp(`[${MARK}]`, 'gv');
const leading = new RegExp(`^[${WHITE_SPACE}]+`, 'v');
// a lookbehind, so that a run of blanks inside the text is looked at once
/** The regular expressions that are known, as they are run here. */
const EXPRESSIONS: ReadonlyMap<string, RegExp> = new Map([
  [BLANKS, / {2,}/g],
  [SPACES, new RegExp(`[${WHITE_SPACE}]{2,}|[\\n\\r\\t]`, 'gv')],
]);
const trailing = new RegExp(`(?<![${WHITE_SPACE}])[${WHITE_SPACE}]+$`, 'v');
const nmtDropped = new RegExp(`[${ranges('1-8 b e-1f 7f 8f 9f')}]`, 'gv');
const nmtBlanks = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g;

const SIMPLE: Readonly<Record<string, Normalize>> = {
  Lowercase: lowerCase,
  StripAccents: (text) => text.replace(marks, ''),
  Nmt: (text) => text.replace(nmtDropped, '').replace(nmtBlanks, ' '),
};

/** The options of a BertNormalizer. */
export function bertNormalization(part: JsonPart): BertNormalization {
  const lower = part.flag('lowercase', true);
  return {
    cleanText: part.flag('clean_text', true),
    lowerCase: lower,
    stripAccents: part.has('strip_accents') ? part.flag('strip_accents', lower) : lower,
    splitIdeographs: part.flag('handle_chinese_chars', true),
  };
}

/** The function that `part` describes. Throws MP_MODEL_TOKENIZER for one that is not read exactly. */
export function normalizerOf(part: JsonPart | null): Normalize {
  const budget = { growth: MAX_GROWTH, parts: MAX_PARTS };
  return part ? build(part, budget, 0) : (text) => text;
}

function build(part: JsonPart, budget: { growth: number; parts: number }, depth: number): Normalize {
  const type = part.text('type');
  if (--budget.parts < 0 || depth > MAX_DEPTH) throw part.unread(`a normalizer of more than ${MAX_PARTS} parts`);
  if (Object.hasOwn(SIMPLE, type)) return SIMPLE[type];
  switch (type) {
    case 'BertNormalizer': {
      const how = bertNormalization(part);
      return (text) => normalizeBert(text, how);
    }
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return (text) => normalForm(text, type as NormalForm);
    case 'Precompiled':
      budget.growth /= TABLE_GROWTH;
      if (budget.growth < 1) throw part.unread('a normalizer of several tables "Precompiled"');
      return charsmap(part);
    case 'Strip':
      return strip(part.flag('strip_left'), part.flag('strip_right'));
    case 'Replace': {
      const pattern = part.part('pattern');
      const known = pattern.has('Regex') ? EXPRESSIONS.get(pattern.text('Regex')) : undefined;
      if (known) {
        const content = part.text('content');
        // of what is replaced the shortest is a character of SPACES
        if (content.length > (known === EXPRESSIONS.get(SPACES) ? 1 : 2))
          throw part.unread('the normalizer "Replace" that makes a text longer');
        return (text) => text.replace(known, () => content);
      }
      if (!pattern.has('String')) throw part.unread('the normalizer "Replace" with a regular expression');
      const from = pattern.text('String');
      const to = part.text('content');
      if (from === '') throw part.unread('the normalizer "Replace" of an empty string');
      budget.growth /= Math.max(1, to.length / from.length);
      if (budget.growth < 1) throw part.unread(`a normalizer that may make a text ${MAX_GROWTH} times as long`);
      return (text) => text.replaceAll(from, () => to);
    }
    case 'Prepend': {
      const start = part.text('prepend');
      if (start.length > MAX_GROWTH)
        throw part.unread(`a normalizer that puts ${start.length} characters before a text`);
      return (text) => (text === '' ? '' : start + text);
    }
    case 'Sequence': {
      const steps = part.parts('normalizers').map((step) => build(step, budget, depth + 1));
      return (text) => steps.reduce((result, step) => step(result), text);
    }
    default:
      throw part.unread(`the normalizer ${named(type)}`);
  }
}

function strip(left: boolean, right: boolean): Normalize {
  return (text) => {
    const result = left ? text.replace(leading, '') : text;
    return right ? result.replace(trailing, '') : result;
  };
}
