/**
 * Tokenizers of RoBERTa's, XLM-RoBERTa's and DeBERTa's classes: byte-level BPE, and Unigram over SentencePiece's words.
 * transformers 4 goes by tokenizer.json, transformers 5 by the class; a file that is not as the class has it is refused.
 */
import { byteLetters as lettersOf } from './byte-letters.ts';
import { deberta } from './deberta-parts.ts';
import { type JsonPart, named } from './json-part.ts';
import { mergeModel } from './merge-model.ts';
import { normalizerOf } from './normalizers.ts';
import { byteLevelWords, preTokenizerOf } from './pre-tokenizers.ts';
import { partsAtBlank } from './segment-ids.ts';
import { robertaTemplates, specialTokens } from './special-tokens.ts';
import { declaredTokens, type TokenFiles, type TokenName } from './tokenizer-files.ts';
import {
  finders,
  idOfName,
  mustBeDescribed,
  type Pipeline,
  partsAtWords,
  type RebuiltClass,
  rebuiltTokens,
  type TokenizerParts,
  truncationSide,
  unlike,
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

const roberta: RebuiltClass = {
  pipeline: byteLevel,
  names: NAMES,
  templates: robertaTemplates,
  unknownIsNamed: false,
  typed: () => false,
  byteLetters: true,
  partsAt: () => partsAtBlank,
};

/** By the class's name without "Fast". */
export const ROBERTA_CLASSES: Readonly<Record<string, RebuiltClass>> = {
  RobertaTokenizer: roberta,
  XLMRobertaTokenizer: { ...roberta, pipeline: sentencePiece, byteLetters: false, partsAt: partsAtWords },
  DebertaV2Tokenizer: deberta,
};

/** `name`: of ROBERTA_CLASSES. */
export function robertaParts(files: TokenFiles, tokenizer: JsonPart, name: string): TokenizerParts {
  const { config } = files;
  const {
    pipeline,
    names,
    typed,
    byteLetters,
    partsAt,
    unknownIsNamed,
    templates: templatesOf,
  } = ROBERTA_CLASSES[name];
  const { normalize, words, model } = pipeline(tokenizer, config);
  const declared = declaredTokens(files, names);
  mustBeDescribed(declared, config);
  const idOf = (token: TokenName) => idOfName(declared, token, model.ids, { config, source: tokenizer });
  if (unknownIsNamed && idOf('unk') !== model.unknownId)
    throw unlike(tokenizer, `the unknown piece ${model.unknownId}, which is not unk_token,`);
  const templates = templatesOf(idOf('cls'), idOf('sep'));
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
    partsAt: partsAt(normalize, places),
    byteLetters,
    templates,
    truncationSide: truncationSide(files),
    typed: typed(config),
  };
}

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
  ...new Set(lettersOf(Array.from({ length: 0x110000 >> 6 }, (_, i) => String.fromCodePoint(i << 6)).join(''))),
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
