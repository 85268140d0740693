/**
 * The parts of a folder's tokenizer, and what its kinds have in common: where added tokens are found, which side is cut,
 * whether token types count. Knows nothing of models and of how a text is cut to a length.
 */
import { type AddedVocabulary, type PlacedToken, type TokenFinder, tokenFinder } from './added-tokens.ts';
import type { BertNormalization } from './bert-words.ts';
import { type JsonPart, named } from './json-part.ts';
import type { Normalize } from './normalizers.ts';
import type { Words } from './pre-tokenizers.ts';
import type { SpecialTokens } from './special-tokens.ts';
import { RESAVE, type TokenFiles, type TokenName } from './tokenizer-files.ts';
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

/** What helps where a class of transformers rebuilds what tokenizer.json has otherwise. */
export const AS_IT_IS =
  'set tokenizer_class to "PreTrainedTokenizerFast" in tokenizer_config.json to read tokenizer.json as it is';

/** The finders of the added tokens. `before`: how their patterns are normalised in transformers 4. */
export function finders(
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
