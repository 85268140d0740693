/** The WordPiece model of a tokenizer: its pieces, from tokenizer.json or vocab.txt, and how a word is cut into them. */
import { JsonPart, named } from './json-part.ts';
import type { PieceModel } from './piece-model.ts';
import { type WordPieceVocabulary, wordPieces } from './word-pieces.ts';
import { parseVocabulary } from './wordpiece-files.ts';

/** BERT's own limit is 100; the work on a word grows with its square. */
const MAX_WORD_LENGTH = 1000;

/** The model with these pieces. Throws MP_MODEL_TOKENIZER for another kind of model. */
export function wordPieceOf(model: JsonPart, ids: ReadonlyMap<string, number>): WordPieceVocabulary {
  // files of early versions name no type
  const type = model.has('type')
    ? model.text('type')
    : model.has('continuing_subword_prefix')
      ? 'WordPiece'
      : 'of no type';
  if (type !== 'WordPiece') throw model.unread(`the model ${named(type)}`);
  const pieces: WordPieceVocabulary = {
    ids,
    unknown: model.text('unk_token', '[UNK]'),
    prefix: model.text('continuing_subword_prefix', '##'),
    maxWordLength: model.whole('max_input_chars_per_word', 100),
  };
  if (pieces.maxWordLength > MAX_WORD_LENGTH)
    throw model.unread(`a max_input_chars_per_word of more than ${MAX_WORD_LENGTH}`);
  return pieces;
}

/** How words are cut; `unknownId` is in the vocabulary. */
export function pieceModel(pieces: WordPieceVocabulary, unknownId: number): PieceModel {
  const cut = wordPieces(pieces);
  const idOf = (piece: string) => pieces.ids.get(piece)!;
  return { ids: pieces.ids, unknownId, idsOf: (word) => cut(word).map(idOf) };
}

/** The pieces of tokenizer.json and their ids. */
export function vocabularyOf(model: JsonPart): ReadonlyMap<string, number> {
  const type = model.has('type') ? model.text('type') : 'WordPiece';
  if (type !== 'WordPiece' && type !== 'BPE') throw model.unread(`the model ${named(type)}`);
  const { json } = model.part('vocab');
  const vocabulary = new JsonPart(model.path, model.at('vocab'), json);
  return new Map(Object.keys(json).map((piece) => [piece, vocabulary.whole(piece)]));
}

/** The pieces of vocab.txt, one a line. */
export function vocabularyOfLines(vocabulary: JsonPart, text: string): ReadonlyMap<string, number> {
  if (text.startsWith('\ufeff')) throw vocabulary.unread('a byte order mark', 'save the file without it');
  return new Map(parseVocabulary(text).map((piece, id) => [piece, id])); // of pieces that come twice the last counts
}
