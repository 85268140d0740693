/**
 * The `pre_tokenizer` of a tokenizer.json as a function from a normalised text to its words, for those that are read
 * exactly; the others are refused, and so is every regular expression but GPT-2's. Source: Hugging Face's Rust tokenizers.
 */
import { bertWords, PUNCTUATION } from './bert-words.ts';
import { byteLetters } from './byte-letters.ts';
import { type ClassMatch, classMatches } from './class-runs.ts';
import { GPT_EXPRESSION, gptWords } from './gpt-words.ts';
import { type JsonPart, named } from './json-part.ts';
import { WHITE_SPACE, WORD_LETTER, wellFormed } from './unicode-forms.ts';

export type Words = (normalized: string) => readonly string[];

const MAX_PARTS = 64;
const MAX_DEPTH = 8;
/** Each makes a text longer, and one after another would to any length: no model has two of one. */
const GROWING: ReadonlySet<string> = new Set(['ByteLevel', 'Metaspace']);

/** What a file may still ask for. */
interface Budget {
  parts: number;
  /** Of GROWING, those that are there. */
  readonly found: Set<string>;
}

/** What is done with the characters that part a text: each is a word, runs of them are, they are dropped. */
const BEHAVIOURS: Readonly<Record<string, (inside: string) => Words>> = {
  Isolated: (inside) => classMatches([runs(`[^${inside}]`), { characters: `[${inside}]`, isRun: false }]),
  Contiguous: (inside) => classMatches([runs(`[^${inside}]`), runs(`[${inside}]`)]),
  Removed: (inside) => classMatches([runs(`[^${inside}]`)]),
};

const runs = (characters: string): ClassMatch => ({ characters, isRun: true });

const whitespace = classMatches([runs(`[${WORD_LETTER}]`), runs(`[^[${WORD_LETTER}][${WHITE_SPACE}]]`)]);
const whitespaceSplit = classMatches([runs(`[^[${WHITE_SPACE}]]`)]);

/** The function that `part` describes. Throws MP_MODEL_TOKENIZER for one that is not read exactly. */
export function preTokenizerOf(part: JsonPart | null): Words {
  return part ? build(part, { parts: MAX_PARTS, found: new Set() }, 0) : (text) => (text === '' ? [] : [text]);
}

function build(part: JsonPart, budget: Budget, depth: number): Words {
  const type = part.text('type');
  if (--budget.parts < 0 || depth > MAX_DEPTH) throw part.unread(`a pre-tokenizer of more than ${MAX_PARTS} parts`);
  if (budget.found.has(type)) throw part.unread(`a second pre-tokenizer ${named(type)}`);
  if (GROWING.has(type)) budget.found.add(type);
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
      return BEHAVIOURS[behaviour](`[${PUNCTUATION}]`);
    }
    case 'Digits':
      return BEHAVIOURS[part.flag('individual_digits') ? 'Isolated' : 'Contiguous']('\\p{N}');
    case 'ByteLevel':
      return byteLevelWords(part.flag('add_prefix_space', true), part.flag('use_regex', true));
    case 'Metaspace':
      return metaspace(part);
    case 'Split':
      return split(part);
    case 'Sequence': {
      const steps = part.parts('pretokenizers').map((step) => build(step, budget, depth + 1));
      return (text) => steps.reduce<readonly string[]>((words, step) => words.flatMap(step), text === '' ? [] : [text]);
    }
    default:
      throw part.unread(`the pre-tokenizer ${named(type)}`);
  }
}

/** @param prefix a blank is put before a text that begins with none */
export function byteLevelWords(prefix: boolean, splits = true): Words {
  const cut = splits ? gptWords : (text: string) => [text];
  return (text) => cut(prefix && !text.startsWith(' ') ? ` ${text}` : text).map(byteLetters);
}

/** Blanks become marks, a mark is put before the text, and each mark begins a word: SentencePiece's way. */
function metaspace(part: JsonPart): Words {
  const mark = part.text('replacement');
  if ([...mark].length !== 1 || mark === ' ' || wellFormed(mark) !== mark || part.text('str_rep', mark) !== mark)
    throw part.unread(`the pre-tokenizer "Metaspace" with the replacement ${named(mark)}`);
  const scheme = part.text('prepend_scheme', 'always');
  // "first" hangs on where in the text as it was given a part began
  if (scheme !== 'always' && scheme !== 'never')
    throw part.unread(`the pre-tokenizer "Metaspace" with the prepend_scheme ${named(scheme)}`);
  if (!part.flag('add_prefix_space', true) && scheme !== 'never')
    throw part.damaged(`${part.at('add_prefix_space')} is false and prepend_scheme is "always"`);
  const cut = part.flag('split', true) ? (text: string) => beforeEach(mark, text) : (text: string) => [text];
  return (text) => {
    const marked = text.replaceAll(' ', () => mark);
    return cut(scheme === 'always' && !marked.startsWith(mark) ? mark + marked : marked);
  };
}

/** A text cut before each `mark`. */
function beforeEach(mark: string, text: string): string[] {
  const result: string[] = [];
  for (let from = 0; from < text.length; ) {
    const next = text.indexOf(mark, from + 1);
    const to = next < 0 ? text.length : next;
    result.push(text.slice(from, to));
    from = to;
  }
  return result;
}

/** What becomes of the places of a string at which a text is split, in their order among the parts. */
const SPLITS: Readonly<Record<string, (parts: readonly Part[]) => readonly string[]>> = {
  Removed: (parts) => parts.filter(({ isMatch }) => !isMatch).map(({ text }) => text),
  Isolated: (parts) => parts.map(({ text }) => text),
  Contiguous: (parts) => joined(parts, (part, before) => part.isMatch === before.isMatch),
  MergedWithPrevious: (parts) => joined(parts, (part, before) => part.isMatch && !before.isMatch),
  MergedWithNext: (parts) => joined(parts, (part, before) => before.isMatch && !part.isMatch),
};

interface Part {
  readonly text: string;
  readonly isMatch: boolean;
}

function joined(parts: readonly Part[], joins: (part: Part, before: Part) => boolean): readonly string[] {
  const result: string[] = [];
  for (const [i, part] of parts.entries()) {
    if (i > 0 && joins(part, parts[i - 1])) result[result.length - 1] += part.text;
    else result.push(part.text);
  }
  return result;
}

/** At each place of a string, or into GPT-2's words. */
function split(part: JsonPart): Words {
  const pattern = part.part('pattern');
  const behaviour = part.text('behavior');
  if (part.flag('invert', false)) throw part.unread('the pre-tokenizer "Split", inverted,');
  if (pattern.has('Regex')) {
    if (pattern.text('Regex') !== GPT_EXPRESSION || behaviour !== 'Isolated')
      throw part.unread('the pre-tokenizer "Split" with this regular expression');
    return gptWords;
  }
  const at = pattern.text('String');
  if (!Object.hasOwn(SPLITS, behaviour) || at === '')
    throw part.unread(`the pre-tokenizer "Split" with the behavior ${named(behaviour)}`);
  return (text) => {
    const parts = text
      .split(at)
      .flatMap((inside, i): Part[] => [
        ...(i > 0 ? [{ text: at, isMatch: true }] : []),
        ...(inside === '' ? [] : [{ text: inside, isMatch: false }]),
      ]);
    return SPLITS[behaviour](parts);
  };
}
