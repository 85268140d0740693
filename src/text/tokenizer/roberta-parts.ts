/**
 * Tokenizers of RoBERTa's and XLM-RoBERTa's classes: byte-level BPE, and Unigram over SentencePiece's words. transformers 4
 * goes by tokenizer.json, transformers 5 by the class; a file that is not as the class has it is refused.
 */
import { byteLetters } from './byte-letters.ts';
import { type JsonPart, named } from './json-part.ts';
import { mergeModel } from './merge-model.ts';
import { type Normalize, normalizerOf } from './normalizers.ts';
import type { PieceModel } from './piece-model.ts';
import { byteLevelWords, preTokenizerOf, type Words } from './pre-tokenizers.ts';
import { partsAtBlank } from './segment-ids.ts';
import { robertaTemplates, specialTokens } from './special-tokens.ts';
import { declaredTokens, type TokenFiles, type TokenName } from './tokenizer-files.ts';
import {
  AS_IT_IS,
  finders,
  idOfName,
  mustBeDescribed,
  partsAtWords,
  rebuiltTokens,
  type TokenizerParts,
  truncationSide,
} from './tokenizer-parts.ts';
import { unigramModel } from './unigram-model.ts';
import { vocabularyOf } from './word-piece-model.ts';

const NAMES: Readonly<Record<TokenName, string>> = {
  bos: '<s>',
  eos: '</s>',
  unk: '<unk>',
  sep: '</s>',
  pad: '<pad>',
  cls: '<s>',
  mask: '<mask>',
};

interface Pipeline {
  readonly normalize: Normalize;
  readonly words: Words;
  readonly model: PieceModel;
}

/** By the class's name without "Fast". */
export const ROBERTA_CLASSES: Readonly<Record<string, (tokenizer: JsonPart, config: JsonPart) => Pipeline>> = {
  RobertaTokenizer: byteLevel,
  XLMRobertaTokenizer: sentencePiece,
};

/** `name`: of ROBERTA_CLASSES. */
export function robertaParts(files: TokenFiles, tokenizer: JsonPart, name: string): TokenizerParts {
  const { config } = files;
  const { normalize, words, model } = ROBERTA_CLASSES[name](tokenizer, config);
  const isByteLevel = ROBERTA_CLASSES[name] === byteLevel;
  const declared = declaredTokens(files, NAMES);
  mustBeDescribed(declared, config);
  const idOf = (token: TokenName) => idOfName(declared, token, model.ids, { config, source: tokenizer });
  const templates = robertaTemplates(idOf('cls'), idOf('sep'));
  const found = specialTokens(tokenizer.optional('post_processor'));
  if (JSON.stringify(found) !== JSON.stringify(templates))
    throw unlike(tokenizer, 'a post_processor with tokens other than cls_token and sep_token');
  const added = rebuiltTokens(declared, model.ids, files);
  const places = finders(added, config, tokenizer, normalize, normalize);
  return {
    ...places,
    names: declared.names,
    model,
    normalize,
    words,
    bert: null,
    partsAt: isByteLevel ? partsAtBlank : partsAtWords(normalize, places),
    byteLetters: isByteLevel,
    templates,
    truncationSide: truncationSide(files),
    typed: false,
  };
}

const unlike = (tokenizer: JsonPart, what: string) => tokenizer.unread(`${what} under this tokenizer class`, AS_IT_IS);

function byteLevel(tokenizer: JsonPart, config: JsonPart): Pipeline {
  const normalizer = tokenizer.optional('normalizer');
  const splitter = tokenizer.optional('pre_tokenizer');
  const normalize = normalizerOf(normalizer);
  preTokenizerOf(splitter); // throws for what is not read in any case
  if (normalizer) throw unlike(tokenizer, `the normalizer ${named(normalizer.text('type'))}`);
  if (splitter?.text('type') !== 'ByteLevel' || !splitter.flag('use_regex', true))
    throw unlike(tokenizer, 'a pre_tokenizer other than "ByteLevel"');
  const part = tokenizer.part('model');
  const ids = vocabularyOf(part);
  const model = mergeModel(part, ids);
  if (part.flag('ignore_merges', false)) throw unlike(tokenizer, 'ignore_merges');
  if (part.flag('byte_fallback', false)) throw unlike(tokenizer, 'byte_fallback');
  if (part.has('unk_token') && !hasAllBytes(ids)) throw unlike(tokenizer, 'an unk_token for bytes without a piece');
  // the configuration's word counts, not the file's
  return { normalize, words: byteLevelWords(config.flag('add_prefix_space', false)), model };
}

const ALL_BYTES: readonly string[] = [
  // each byte of a text is one of these: of ASCII, and of the first and the other bytes of longer characters
  ...new Set(byteLetters(Array.from({ length: 0x110000 >> 6 }, (_, i) => String.fromCodePoint(i << 6)).join(''))),
];

function hasAllBytes(ids: ReadonlyMap<string, number>): boolean {
  return ALL_BYTES.every((letter) => ids.has(letter));
}

function sentencePiece(tokenizer: JsonPart, config: JsonPart): Pipeline {
  const normalizer = tokenizer.optional('normalizer');
  const splitter = tokenizer.optional('pre_tokenizer');
  const normalize = normalizerOf(normalizer);
  const words = preTokenizerOf(splitter);
  if (normalizer && !isTable(normalizer)) throw unlike(tokenizer, 'a normalizer other than "Precompiled"');
  const [first, second, ...rest] = splitter?.text('type') === 'Sequence' ? splitter.parts('pretokenizers') : [];
  const isWords =
    first?.text('type') === 'WhitespaceSplit' && second?.text('type') === 'Metaspace' && rest.length === 0;
  const isMarked =
    isWords &&
    second.text('replacement') === '▁' &&
    second.text('prepend_scheme', 'always') === 'always' &&
    second.flag('split', true) &&
    config.flag('add_prefix_space', true);
  if (!isMarked) throw unlike(tokenizer, 'a pre_tokenizer other than "WhitespaceSplit" and "Metaspace"');
  const part = tokenizer.part('model');
  // files of early versions name no type
  if (part.text('type', 'Unigram') !== 'Unigram') throw unlike(tokenizer, `the model ${named(part.text('type'))}`);
  const model = unigramModel(part);
  if (model.unknownId !== 3) throw unlike(tokenizer, `the unknown piece ${model.unknownId}`);
  if (part.flag('byte_fallback', false)) throw unlike(tokenizer, 'byte_fallback');
  return { normalize, words, model };
}

/** Whether it is the table alone, or followed by what makes runs of blanks one, which no word depends on. */
function isTable(normalizer: JsonPart): boolean {
  if (normalizer.text('type') !== 'Sequence') return normalizer.text('type') === 'Precompiled';
  const [table, blanks, ...rest] = normalizer.parts('normalizers');
  if (table?.text('type') !== 'Precompiled' || rest.length > 0) return false;
  return blanks === undefined || (blanks.text('type') === 'Replace' && blanks.text('content') === ' ');
}
