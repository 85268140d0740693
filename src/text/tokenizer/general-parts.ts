/** Tokenizers of transformers' general class, whose tokenizer.json is read as it is. */
import { AddedVocabulary } from './added-tokens.ts';
import { type JsonPart, named } from './json-part.ts';
import { bertNormalization, normalizerOf } from './normalizers.ts';
import { preTokenizerOf } from './pre-tokenizers.ts';
import { specialTokens } from './special-tokens.ts';
import { declaredTokens, RESAVE, type TokenFiles } from './tokenizer-files.ts';
import { finders, hasTypes, type TokenizerParts, truncationSide } from './tokenizer-parts.ts';
import { vocabularyOf, wordPieceOf } from './word-piece-model.ts';

/** Names without "Fast". */
export const GENERAL_CLASSES = ['PreTrainedTokenizer', 'TokenizersBackend'];

export function generalParts(files: TokenFiles, tokenizer: JsonPart): TokenizerParts {
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
