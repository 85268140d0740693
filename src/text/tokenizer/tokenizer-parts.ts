/**
 * The parts of a folder's tokenizer, as transformers' AutoTokenizer builds them from the same files. For the BERT classes,
 * tokenizer_config.json overrides tokenizer.json on case, accents and ideographs; for the general class, tokenizer.json
 * is read as it is. Checked against transformers 4.57 and 5.24. What these two read differently is refused, and so is
 * every part that is not read exactly. Knows nothing of how a text is cut to a length.
 */
import { AddedVocabulary, type PlacedToken, type TokenFinder, tokenFinder } from './added-tokens.ts';
import { type BertNormalization, bertWords, normalizeBert } from './bert-words.ts';
import { JsonPart, named } from './json-part.ts';
import { bertNormalization, type Normalize, normalizerOf } from './normalizers.ts';
import { preTokenizerOf, type Words } from './pre-tokenizers.ts';
import { bertTemplates, type SpecialTokens, specialTokens } from './special-tokens.ts';
import { declaredTokens, RESAVE, type TokenFiles, type TokenName } from './tokenizer-files.ts';
import { vocabularyOf, vocabularyOfLines, wordPieceOf } from './word-piece-model.ts';
import type { WordPieceVocabulary } from './word-pieces.ts';

export interface TokenizerParts {
  readonly pieces: WordPieceVocabulary;
  readonly added: readonly PlacedToken[];
  readonly names: ReadonlyMap<TokenName, string>;
  readonly normalize: Normalize;
  readonly words: Words;
  /** Where both are BERT's: how texts are normalised. */
  readonly bert: BertNormalization | null;
  readonly templates: SpecialTokens;
  /** Of the added tokens in the text as it is given, and in the normalised text; null: there are none. */
  readonly given: TokenFinder | null;
  readonly normalized: TokenFinder | null;
  /** A pattern holds white space. */
  readonly patternsHaveBlanks: boolean;
  readonly truncationSide: 'right' | 'left';
  /** The second text's tokens are told apart by their type. */
  readonly typed: boolean;
}

/** The files by name, and what config.json says of the tokenizer. */
export interface PartsSource {
  readonly files: Readonly<Record<string, string>>;
  readonly path: (name: string) => string;
  /** `tokenizer_class` of config.json, for a tokenizer_config.json without one. */
  readonly tokenizerClass?: string | undefined;
}

const BERT_CLASSES = ['BertTokenizer', 'DistilBertTokenizer', 'ElectraTokenizer'];
const GENERAL_CLASSES = ['PreTrainedTokenizer', 'TokenizersBackend']; // without "Fast"
const GENERAL =
  'set tokenizer_class to "PreTrainedTokenizerFast" in tokenizer_config.json to read tokenizer.json as it is';

/** @throws MP_MODEL_FILE for a damaged file, MP_MODEL_TOKENIZER for a part that is not read exactly */
export function tokenizerParts({ files, path, tokenizerClass }: PartsSource): TokenizerParts {
  const parse = (name: string) => (files[name] ? JsonPart.parse(path(name), files[name]) : null);
  const config = parse('tokenizer_config.json') ?? new JsonPart(path('tokenizer_config.json'), '', {});
  const given: TokenFiles = {
    tokenizer: parse('tokenizer.json'),
    config,
    specialTokensMap: parse('special_tokens_map.json'),
    addedTokens: parse('added_tokens.json'),
  };
  const versions = config.value('fast_tokenizer_files');
  if (Array.isArray(versions) && versions.some((name) => name !== 'tokenizer.json'))
    throw config.unread('the choice between several files in fast_tokenizer_files');
  const name = config.text('tokenizer_class', tokenizerClass ?? 'BertTokenizer').replace(/Fast$/, '');
  if (BERT_CLASSES.includes(name)) return bertParts(given, files['vocab.txt'], path('vocab.txt'), name);
  if (!GENERAL_CLASSES.includes(name)) throw config.unread(`the tokenizer class ${named(name)}`);
  if (!given.tokenizer) throw config.damaged(`the tokenizer class ${named(name)} needs a tokenizer.json`);
  return generalParts(given, given.tokenizer);
}

const BERT_NAMES: Readonly<Partial<Record<TokenName, string>>> = {
  unk: '[UNK]',
  sep: '[SEP]',
  pad: '[PAD]',
  cls: '[CLS]',
  mask: '[MASK]',
};

function bertParts(files: TokenFiles, vocabTxt: string | undefined, vocabPath: string, name: string): TokenizerParts {
  const { config, tokenizer } = files;
  const how = configured(config);
  const declared = declaredTokens(files, BERT_NAMES);
  const needed = (token: TokenName): string => {
    const content = declared.names.get(token);
    if (content === undefined) throw config.damaged(`${token}_token is null`);
    return content;
  };
  const source = tokenizer ?? new JsonPart(vocabPath, '', {});
  const pieces: WordPieceVocabulary = {
    ids: tokenizer ? vocabularyOf(tokenizer.part('model')) : vocabularyOfLines(source, vocabTxt ?? ''),
    unknown: needed('unk'),
    prefix: '##',
    maxWordLength: 100,
  };
  const idOf = (token: TokenName): number => {
    const id = pieces.ids.get(needed(token));
    if (id === undefined) throw source.damaged(`there is no piece ${named(needed(token))}`);
    const other = declared.decoder.find((t) => t.content === needed(token) && t.id !== id);
    if (other) throw config.unread(`the token ${named(needed(token))} with two ids, ${id} and ${other.id},`, RESAVE);
    return id;
  };
  idOf('unk');
  const templates = bertTemplates(idOf('cls'), idOf('sep'));
  /** The normaliser that was there when the added tokens were. */
  let before = how;
  if (tokenizer) before = sameAsBert(tokenizer, pieces, templates);
  else if (!config.flag('do_basic_tokenize', true))
    before = { cleanText: true, lowerCase: false, stripAccents: false, splitIdeographs: false };

  const added = new AddedVocabulary(pieces.ids);
  const rest = [...declared.decoder, ...declared.specials];
  const changed = added.add(tokenizer ? declared.listed : []) ?? added.add(rest);
  if (changed)
    throw config.unread(
      `the added token ${named(changed.content)}, normalized in one file and not in another,`,
      RESAVE,
    );
  const asLater = new AddedVocabulary(pieces.ids); // transformers 5 passes over the list of tokenizer.json
  asLater.add(rest);
  for (const token of added.tokens) {
    if (asLater.get(token.content)?.id !== token.id)
      throw config.unread(
        `the added token ${named(token.content)}, which only tokenizer.json has or numbers so,`,
        RESAVE,
      );
  }
  return {
    ...finders(
      added,
      config,
      source,
      (text) => normalizeBert(text, how),
      (text) => normalizeBert(text, before),
    ),
    names: declared.names,
    pieces,
    normalize: (text) => normalizeBert(text, how),
    words: bertWords,
    bert: how,
    templates,
    truncationSide: truncationSide(files),
    typed: name !== 'DistilBertTokenizer' && hasTypes(config),
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
function sameAsBert(tokenizer: JsonPart, pieces: WordPieceVocabulary, templates: SpecialTokens): BertNormalization {
  const unlike = (what: string) => tokenizer.unread(`${what} under a BERT tokenizer class`, GENERAL);
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

function generalParts(files: TokenFiles, tokenizer: JsonPart): TokenizerParts {
  const { config } = files;
  const model = tokenizer.part('model');
  const pieces = wordPieceOf(model, vocabularyOf(model));
  if (!pieces.ids.has(pieces.unknown)) throw tokenizer.damaged(`there is no piece ${named(pieces.unknown)}`);
  const normalizer = tokenizer.optional('normalizer');
  const splitter = tokenizer.optional('pre_tokenizer');
  const normalize = normalizerOf(normalizer);
  const words = preTokenizerOf(splitter);
  const declared = declaredTokens(files, {});
  const added = new AddedVocabulary(pieces.ids);
  const changed = added.add(declared.listed) ?? added.add([...declared.decoder, ...declared.specials]);
  if (changed)
    throw config.unread(
      `the added token ${named(changed.content)}, normalized in one file and not in another,`,
      RESAVE,
    );
  const isBert = normalizer?.text('type') === 'BertNormalizer' && splitter?.text('type') === 'BertPreTokenizer';
  return {
    ...finders(added, config, tokenizer, normalize, normalize),
    names: declared.names,
    pieces,
    normalize,
    words,
    bert: isBert ? bertNormalization(normalizer) : null,
    templates: specialTokens(tokenizer.optional('post_processor')),
    truncationSide: truncationSide(files),
    typed: hasTypes(config),
  };
}

/** The finders of the added tokens. `before`: how their patterns are normalised in transformers 4. */
function finders(
  added: AddedVocabulary,
  config: JsonPart,
  source: JsonPart,
  normalize: Normalize,
  before: Normalize,
): Pick<TokenizerParts, 'added' | 'given' | 'normalized' | 'patternsHaveBlanks'> {
  const given = new Map<string, PlacedToken>();
  const normalized = new Map<string, PlacedToken>();
  const flags = new Map<number, string>();
  for (const token of added.tokens) {
    const { content, id, singleWord, lstrip, rstrip } = token;
    const pattern = token.normalized ? normalize(content) : content;
    if (token.normalized && before(content) !== pattern)
      throw config.unread(`the added token ${named(content)} with a normalizer other than tokenizer.json's`, RESAVE);
    if (pattern === '')
      throw source.unread(`the added token ${named(content)}, which the normalizer removes entirely,`);
    const patterns = token.normalized ? normalized : given;
    const same = patterns.get(pattern);
    if (same)
      throw source.unread(
        `the added tokens ${named(same.content)} and ${named(content)}, which are alike to the normalizer,`,
      );
    const described = `${singleWord} ${lstrip} ${rstrip}`;
    if ((flags.get(id) ?? described) !== described) throw source.unread(`the id ${id} of two added tokens`);
    flags.set(id, described);
    patterns.set(pattern, token);
  }
  const passed = config.flag('split_special_tokens', false) ? (token: PlacedToken) => token.special : undefined;
  return {
    added: added.tokens,
    given: tokenFinder(given, passed),
    normalized: tokenFinder(normalized, passed),
    patternsHaveBlanks: [...given.keys(), ...normalized.keys()].some((pattern) => /\s/.test(pattern)),
  };
}

function truncationSide({ config, tokenizer }: TokenFiles): 'right' | 'left' {
  const truncation = tokenizer?.optional('truncation');
  const side = config.text('truncation_side', truncation?.text('direction', 'Right').toLowerCase() ?? 'right');
  if (side !== 'right' && side !== 'left') throw config.damaged(`truncation_side is ${named(side)}`);
  return side;
}

function hasTypes(config: JsonPart): boolean {
  const names = config.value('model_input_names');
  return !Array.isArray(names) || names.includes('token_type_ids');
}
