/**
 * The parts of a folder's tokenizer, and what its kinds have in common: where added tokens are found, which side is cut,
 * whether token types count. Knows nothing of models and of how a text is cut to a length.
 */
import { AddedVocabulary, type PlacedToken, type TokenFinder, tokenFinder } from './added-tokens.ts';
import type { BertNormalization } from './bert-words.ts';
import { type JsonPart, named } from './json-part.ts';
import type { Normalize } from './normalizers.ts';
import type { PieceModel } from './piece-model.ts';
import type { Words } from './pre-tokenizers.ts';
import { type PartsAt, partsAtBlank, partsAtLetter, partsInAscii } from './segment-ids.ts';
import type { SpecialTokens } from './special-tokens.ts';
import { type DeclaredTokens, RESAVE, type TokenFiles, type TokenName } from './tokenizer-files.ts';

export interface TokenizerParts {
  readonly model: PieceModel;
  readonly added: readonly PlacedToken[];
  readonly names: ReadonlyMap<TokenName, string>;
  readonly normalize: Normalize;
  readonly words: Words;
  /** Where both are BERT's: how texts are normalised. */
  readonly bert: BertNormalization | null;
  /** Where parts of a text begin that are independent of each other; null: none are known. */
  readonly partsAt: PartsAt | null;
  /** Words are written in letters for bytes. */
  readonly byteLetters: boolean;
  readonly templates: SpecialTokens;
  /** Of the added tokens in the text as it is given, and in the normalised text; null: there are none. */
  readonly given: TokenFinder | null;
  readonly normalized: TokenFinder | null;
  /** A pattern holds white space. */
  readonly patternsHaveBlanks: boolean;
  /** A token may reach from a part that begins where `partsAt` says into the one before it. */
  readonly tokensCrossParts: boolean;
  readonly truncationSide: 'right' | 'left';
  /** The second text's tokens are told apart by their type. */
  readonly typed: boolean;
}

/** How a class cuts a text. */
export interface Pipeline {
  readonly normalize: Normalize;
  readonly words: Words;
  readonly model: PieceModel;
}

/** A class that transformers 5 builds anew. */
export interface RebuiltClass {
  /** Throws MP_MODEL_TOKENIZER where the file is not as the class has it. */
  readonly pipeline: (tokenizer: JsonPart, config: JsonPart) => Pipeline;
  /** Where no file gives another. */
  readonly names: Readonly<Record<TokenName, string>>;
  readonly templates: (clsId: number, sepId: number) => SpecialTokens;
  /** The model's unknown piece must be unk_token. */
  readonly unknownIsNamed: boolean;
  readonly typed: (config: JsonPart) => boolean;
  readonly byteLetters: boolean;
  /** See TokenizerParts. */
  readonly partsAt: (normalize: Normalize, places: Pick<TokenizerParts, 'patternsHaveBlanks'>) => PartsAt;
}

/** What helps where a class of transformers rebuilds what tokenizer.json has otherwise. */
export const AS_IT_IS =
  'set tokenizer_class to "PreTrainedTokenizerFast" in tokenizer_config.json to read tokenizer.json as it is';

/** What to throw where tokenizer.json is not as the class has it. */
export const unlike = (tokenizer: JsonPart, what: string) =>
  tokenizer.unread(`${what} under this tokenizer class`, AS_IT_IS);

/** The finders of the added tokens. `before`: how their patterns are normalised in transformers 4. */
export function finders(
  added: AddedVocabulary,
  config: JsonPart,
  source: JsonPart,
  normalize: Normalize,
  before: Normalize,
): Pick<TokenizerParts, 'added' | 'given' | 'normalized' | 'patternsHaveBlanks' | 'tokensCrossParts'> {
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
    const found = token.normalized ? normalized : given;
    const same = found.get(pattern);
    if (same)
      throw source.unread(
        `the added tokens ${named(same.content)} and ${named(content)}, which are alike to the normalizer,`,
      );
    const described = `${singleWord} ${lstrip} ${rstrip}`;
    if ((flags.get(id) ?? described) !== described) throw source.unread(`the id ${id} of two added tokens`);
    flags.set(id, described);
    found.set(pattern, token);
  }
  const patterns = [...given.keys(), ...normalized.keys()];
  const patternsHaveBlanks = patterns.some((pattern) => /\s/.test(pattern));
  const passed = config.flag('split_special_tokens', false) ? (token: PlacedToken) => token.special : undefined;
  return {
    added: added.tokens,
    given: tokenFinder(given, passed),
    normalized: tokenFinder(normalized, passed),
    patternsHaveBlanks,
    tokensCrossParts:
      added.tokens.some(({ rstrip, singleWord }) => rstrip || (singleWord && patternsHaveBlanks)) ||
      patterns.some(crossesParts),
  };
}

/** Where texts part whose words part at white space. A table may make blanks of other characters, and something else of a blank. */
export const partsAtWords = (
  normalize: Normalize,
  { patternsHaveBlanks }: Pick<TokenizerParts, 'patternsHaveBlanks'>,
): PartsAt => (patternsHaveBlanks || normalize(' ') !== ' ' ? partsInAscii : partsAtLetter);

/** Runs of blanks do not: a part begins at a single one. */
const crossesParts = (pattern: string): boolean =>
  (pattern.endsWith(' ') && pattern.trim() !== '') ||
  Array.from({ length: pattern.length }, (_, at) => at).some((at) => partsAtBlank(pattern, at));

/**
 * The added tokens of a class that transformers 5 builds anew, without the list of tokenizer.json.
 * Throws MP_MODEL_TOKENIZER where versions of transformers would number or read a token differently.
 */
export function rebuiltTokens(
  { listed, decoder, specials }: DeclaredTokens,
  ids: ReadonlyMap<string, number>,
  { tokenizer, config }: TokenFiles,
): AddedVocabulary {
  const added = new AddedVocabulary(ids);
  const rest = [...decoder, ...specials];
  const changed = added.add(tokenizer ? listed : []) ?? added.add(rest);
  if (changed) throw flagsDiffer(config, changed.content);
  const asLater = new AddedVocabulary(ids);
  asLater.add(rest);
  for (const token of added.tokens) {
    if (asLater.get(token.content)?.id !== token.id)
      throw config.unread(
        `the added token ${named(token.content)}, which only tokenizer.json has or numbers so,`,
        RESAVE,
      );
  }
  return added;
}

export const flagsDiffer = (config: JsonPart, content: string) =>
  config.unread(`the added token ${named(content)}, normalized in one file and not in another,`, RESAVE);

/** Refuses special tokens that no list describes: transformers would look for them by a rule of the class's own. */
export function mustBeDescribed({ decoder, specials }: DeclaredTokens, config: JsonPart): void {
  const described = new Set(decoder.map(({ content }) => content));
  const alone = specials.find(({ content }) => !described.has(content));
  if (alone)
    throw config.unread(`the special token ${named(alone.content)}, which no list of added tokens has,`, RESAVE);
}

/** The text of a named token; it must not be null. */
export function nameOf({ names }: DeclaredTokens, token: TokenName, config: JsonPart): string {
  const content = names.get(token);
  if (content === undefined) throw config.damaged(`${token}_token is null`);
  return content;
}

/** The id of a named token, which must be in the vocabulary and have no other id elsewhere. */
export function idOfName(
  declared: DeclaredTokens,
  token: TokenName,
  ids: ReadonlyMap<string, number>,
  { config, source }: { readonly config: JsonPart; readonly source: JsonPart },
): number {
  const content = nameOf(declared, token, config);
  const id = ids.get(content);
  if (id === undefined) throw source.damaged(`there is no piece ${named(content)}`);
  const other = declared.decoder.find((t) => t.content === content && t.id !== id);
  if (other) throw config.unread(`the token ${named(content)} with two ids, ${id} and ${other.id},`, RESAVE);
  return id;
}

export function truncationSide({ config, tokenizer }: TokenFiles): 'right' | 'left' {
  const truncation = tokenizer?.optional('truncation');
  const side = config.text('truncation_side', truncation?.text('direction', 'Right').toLowerCase() ?? 'right');
  if (side !== 'right' && side !== 'left') throw config.damaged(`truncation_side is ${named(side)}`);
  return side;
}

export function hasTypes(config: JsonPart): boolean {
  const names = config.value('model_input_names');
  return !Array.isArray(names) || names.includes('token_type_ids');
}
