/** Tokenizers of transformers' general class, whose tokenizer.json is read as it is. */
import { AddedVocabulary } from './added-tokens.ts';
import { type JsonPart, named } from './json-part.ts';
import { mergeModel } from './merge-model.ts';
import { bertNormalization, normalizerOf } from './normalizers.ts';
import type { PieceModel } from './piece-model.ts';
import { preTokenizerOf } from './pre-tokenizers.ts';
import { type PartsAt, partsAtBlank, partsInAscii } from './segment-ids.ts';
import { specialTokens } from './special-tokens.ts';
import { declaredTokens, RESAVE, type TokenFiles } from './tokenizer-files.ts';
import {
  finders,
  flagsDiffer,
  hasTypes,
  partsAtWords,
  type TokenizerParts,
  truncationSide,
} from './tokenizer-parts.ts';
import { unigramModel } from './unigram-model.ts';
import { pieceModel, vocabularyOf, wordPieceOf } from './word-piece-model.ts';

/** Names without "Fast". */
export const GENERAL_CLASSES = ['PreTrainedTokenizer', 'TokenizersBackend'];

export function generalParts(files: TokenFiles, tokenizer: JsonPart): TokenizerParts {
  const { config } = files;
  const normalizer = tokenizer.optional('normalizer');
  const splitter = tokenizer.optional('pre_tokenizer');
  const normalize = normalizerOf(normalizer);
  const words = preTokenizerOf(splitter);
  const prefix = splitter?.text('type') === 'ByteLevel' && splitter.flag('add_prefix_space', true);
  // transformers 4 sets the file's to the configuration's, transformers 5 does not
  if (splitter?.text('type') === 'ByteLevel' && prefix !== config.flag('add_prefix_space', false))
    throw config.unread(`add_prefix_space, which is ${prefix} in tokenizer.json and not here,`, RESAVE);
  const model = modelOf(tokenizer.part('model'));
  const declared = declaredTokens(files, {});
  const added = new AddedVocabulary(model.ids);
  const changed = added.add(declared.listed) ?? added.add([...declared.decoder, ...declared.specials]);
  if (changed) throw flagsDiffer(config, changed.content);
  const isBert =
    normalizer?.text('type') === 'BertNormalizer' &&
    splitter?.text('type') === 'BertPreTokenizer' &&
    tokenizer.part('model').text('type', 'WordPiece') === 'WordPiece';
  const places = finders(added, config, tokenizer, normalize, normalize);
  return {
    ...places,
    names: declared.names,
    model,
    normalize,
    words,
    bert: isBert ? bertNormalization(normalizer) : null,
    partsAt: partsOf(normalizer, splitter, partsAtWords(normalize, places)),
    byteLetters: splitter?.text('type') === 'ByteLevel',
    templates: specialTokens(tokenizer.optional('post_processor')),
    truncationSide: truncationSide(files),
    typed: hasTypes(config),
  };
}

function modelOf(part: JsonPart): PieceModel {
  switch (typeOf(part)) {
    case 'Unigram':
      return unigramModel(part);
    case 'BPE':
      return mergeModel(part, vocabularyOf(part));
    default: {
      const ids = vocabularyOf(part);
      const pieces = wordPieceOf(part, ids);
      const unknownId = ids.get(pieces.unknown);
      if (unknownId === undefined) throw part.damaged(`there is no piece ${named(pieces.unknown)}`);
      return pieceModel(pieces, unknownId);
    }
  }
}

/** Files of early versions name none. */
function typeOf(part: JsonPart): string {
  if (part.has('type')) return part.text('type');
  if (Array.isArray(part.value('vocab'))) return 'Unigram';
  return part.has('merges') ? 'BPE' : 'WordPiece';
}

/** By transformers 4 and 5. */
const DEBERTA_FORMS: readonly string[] = ['Strip Precompiled Replace', 'Replace NFC Strip'];

function isMarked(splitter: JsonPart): boolean {
  const [mark] = splitter.text('type') === 'Sequence' ? splitter.parts('pretokenizers') : [splitter];
  return mark.text('prepend_scheme', 'always') === 'always' && mark.flag('split', true);
}

/**
 * Where a text parts so that neither normaliser nor words reach over: byte-level BPE's and SentencePiece's, as published
 * models have them. null: nowhere that is known.
 */
function partsOf(normalizer: JsonPart | null, splitter: JsonPart | null, atWords: PartsAt): PartsAt | null {
  const kinds = (part: JsonPart | null, steps: string): string =>
    part === null
      ? ''
      : part.text('type') === 'Sequence'
        ? part
            .parts(steps)
            .map((step) => step.text('type'))
            .join(' ')
        : part.text('type');
  const forms = kinds(normalizer, 'normalizers');
  switch (kinds(splitter, 'pretokenizers')) {
    case 'ByteLevel':
      return (forms === '' || forms === 'NFC') && splitter?.value('use_regex') !== false ? partsAtBlank : null;
    case 'Metaspace':
      // DeBERTa's: what is stripped of a part's beginning, the mark before each part puts back
      if (DEBERTA_FORMS.includes(forms)) return isMarked(splitter!) ? partsInAscii : null;
      return (forms === '' || forms === 'Precompiled') && splitter?.value('split') !== false ? partsInAscii : null;
    case 'WhitespaceSplit Metaspace':
      return forms === '' || forms === 'Precompiled' ? atWords : null;
    default:
      return null;
  }
}
