/**
 * Tokenizers of the classes whose words are BERT's (WordPiece), and which differ in the names of their special tokens and in
 * how these stand around a text. tokenizer_config.json overrides tokenizer.json on case, accents and ideographs.
 */
import { type BertNormalization, bertWords, normalizeBert } from './bert-words.ts';
import { JsonPart, named } from './json-part.ts';
import { bertNormalization, normalizerOf } from './normalizers.ts';
import { preTokenizerOf } from './pre-tokenizers.ts';
import { bertTemplates, robertaTemplates, type SpecialTokens, specialTokens } from './special-tokens.ts';
import { declaredTokens, type TokenFiles, type TokenName } from './tokenizer-files.ts';
import {
  AS_IT_IS,
  finders,
  hasTypes,
  idOfName,
  mustBeDescribed,
  nameOf,
  rebuiltTokens,
  type TokenizerParts,
  truncationSide,
} from './tokenizer-parts.ts';
import { pieceModel, vocabularyOf, vocabularyOfLines, wordPieceOf } from './word-piece-model.ts';
import type { WordPieceVocabulary } from './word-pieces.ts';

interface BertClass {
  /** Names of tokens that count where no file gives another. */
  readonly names: Readonly<Partial<Record<TokenName, string>>>;
  readonly templates: (clsId: number, sepId: number) => SpecialTokens;
  /** transformers gives token types. */
  readonly typed: boolean;
  /** A vocab.txt without tokenizer.json is enough. */
  readonly fromLines: boolean;
}

const BERT: BertClass = {
  names: { unk: '[UNK]', sep: '[SEP]', pad: '[PAD]', cls: '[CLS]', mask: '[MASK]' },
  templates: bertTemplates,
  typed: true,
  fromLines: true,
};

/** By the class's name without "Fast". */
export const BERT_CLASSES: Readonly<Record<string, BertClass>> = {
  BertTokenizer: BERT,
  ElectraTokenizer: BERT,
  DistilBertTokenizer: { ...BERT, typed: false },
  MPNetTokenizer: {
    names: {
      bos: '<s>',
      eos: '</s>',
      unk: '[UNK]',
      sep: '</s>',
      pad: '<pad>',
      cls: '<s>',
      mask: '<mask>',
    },
    templates: robertaTemplates,
    typed: false,
    fromLines: false,
  },
};

/** `name`: of BERT_CLASSES. */
export function bertParts(
  files: TokenFiles,
  vocabTxt: string | undefined,
  vocabPath: string,
  name: string,
): TokenizerParts {
  const { config, tokenizer } = files;
  const kind = BERT_CLASSES[name];
  if (!tokenizer && !kind.fromLines) throw config.damaged(`the tokenizer class ${named(name)} needs a tokenizer.json`);
  const how = configured(config);
  const declared = declaredTokens(files, kind.names);
  if (!kind.fromLines) mustBeDescribed(declared, config);
  const source = tokenizer ?? new JsonPart(vocabPath, '', {});
  const pieces: WordPieceVocabulary = {
    ids: tokenizer ? vocabularyOf(tokenizer.part('model')) : vocabularyOfLines(source, vocabTxt ?? ''),
    unknown: nameOf(declared, 'unk', config),
    prefix: '##',
    maxWordLength: 100,
  };
  const idOf = (token: TokenName) => idOfName(declared, token, pieces.ids, { config, source });
  const unknownId = idOf('unk');
  const templates = kind.templates(idOf('cls'), idOf('sep'));
  /** The normaliser that was there when the added tokens were. */
  let before = how;
  if (tokenizer) before = sameAsBert(tokenizer, name, pieces, templates);
  else if (!config.flag('do_basic_tokenize', true))
    before = { cleanText: true, lowerCase: false, stripAccents: false, splitIdeographs: false };

  const added = rebuiltTokens(declared, pieces.ids, files);
  return {
    ...finders(
      added,
      config,
      source,
      (text) => normalizeBert(text, how),
      (text) => normalizeBert(text, before),
    ),
    names: declared.names,
    model: pieceModel(pieces, unknownId),
    normalize: (text) => normalizeBert(text, how),
    words: bertWords,
    bert: how,
    partsAt: null,
    byteLetters: false,
    templates,
    truncationSide: truncationSide(files),
    typed: kind.typed && hasTypes(config),
  };
}

/** tokenizer_config.json's say on BERT's normaliser. */
function configured(config: JsonPart): BertNormalization {
  const lowerCase = flagOrDefault(config, 'do_lower_case', true);
  return {
    cleanText: true,
    lowerCase,
    stripAccents: config.has('strip_accents') ? config.flag('strip_accents') : lowerCase,
    splitIdeographs: flagOrDefault(config, 'tokenize_chinese_chars', true),
  };
}

function flagOrDefault(config: JsonPart, key: string, otherwise: boolean): boolean {
  if (Object.hasOwn(config.json, key) && !config.has(key)) throw config.damaged(`${key} is null`);
  return config.flag(key, otherwise);
}

/**
 * Refuses a tokenizer.json under a BERT class that is more than BERT's words: transformers 4 goes by it, transformers 5
 * builds BERT's own instead. Gives its normaliser.
 */
function sameAsBert(
  tokenizer: JsonPart,
  name: string,
  pieces: WordPieceVocabulary,
  templates: SpecialTokens,
): BertNormalization {
  const unlike = (what: string) => tokenizer.unread(`${what} under the tokenizer class ${named(name)}`, AS_IT_IS);
  const of = (key: 'normalizer' | 'pre_tokenizer', type: string): JsonPart => {
    const part = tokenizer.optional(key);
    // the general class is no help for what is not read in any case
    if (key === 'normalizer') normalizerOf(part);
    else preTokenizerOf(part);
    if (part?.text('type') !== type) throw unlike(part ? `the ${key} ${named(part.text('type'))}` : `no ${key}`);
    return part;
  };
  const how = bertNormalization(of('normalizer', 'BertNormalizer'));
  if (!how.cleanText) throw unlike('the normalizer without clean_text');
  of('pre_tokenizer', 'BertPreTokenizer');
  const model = wordPieceOf(tokenizer.part('model'), pieces.ids);
  for (const key of ['unknown', 'prefix', 'maxWordLength'] as const) {
    if (model[key] !== pieces[key])
      throw unlike(`the model with ${named(String(model[key]))} for ${named(String(pieces[key]))}`);
  }
  const found = specialTokens(tokenizer.optional('post_processor'));
  if (JSON.stringify(found) !== JSON.stringify(templates))
    throw unlike('a post_processor with tokens other than cls_token and sep_token');
  return how;
}
