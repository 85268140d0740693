/**
 * Unigram: of all ways to cut a word into pieces the one whose scores have the largest sum (Viterbi). Source: Kudo 2018
 * (https://arxiv.org/abs/1804.10959) and Hugging Face's Rust tokenizers, whose order of additions and of equal sums this
 * keeps. Knows nothing of how a text becomes words.
 */
import { isId, type JsonPart } from './json-part.ts';
import { byteIds } from './merge-model.ts';
import type { PieceModel } from './piece-model.ts';
import { PieceTrie } from './piece-trie.ts';
import { wellFormed } from './unicode-forms.ts';

/** An unknown character costs this much more than the worst piece. */
const UNKNOWN_PENALTY = 10;
/** SentencePiece's own are of 16 characters; the work on a word grows with its longest piece. */
const LONGEST_PIECE = 256;

/** @throws MP_MODEL_FILE for a damaged model, MP_MODEL_TOKENIZER for what is not read exactly */
export function unigramModel(model: JsonPart): PieceModel {
  const { pieces, scores } = scoredPieces(model);
  const unknownId = model.whole('unk_id');
  if (unknownId >= pieces.length)
    throw model.damaged(`${model.at('unk_id')} is ${unknownId}, not an id of the vocabulary`);
  const ids = new Map(pieces.map((piece, id) => [piece, id]));
  const bytes = model.flag('byte_fallback', false) ? byteIds(ids) : null;
  const trie = new PieceTrie(ids);
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY;

  // by place of the word: the best way to it. Used again for each word
  let best = new Float64Array(64);
  let from = new Int32Array(64);
  let pieceTo = new Int32Array(64);

  /** Fills the above for a word. */
  const search = (word: string): void => {
    const { length } = word;
    if (length >= from.length) {
      best = new Float64Array(2 * length);
      from = new Int32Array(2 * length);
      pieceTo = new Int32Array(2 * length);
    }
    from.fill(-1, 0, length + 1);
    best[0] = 0;
    const offer = (to: number, start: number, sum: number, id: number) => {
      if (from[to] >= 0 && sum <= best[to]) return; // of equal sums the first counts
      best[to] = sum;
      from[to] = start;
      pieceTo[to] = id;
    };
    for (let start = 0; start < length; ) {
      const step = word.codePointAt(start)! > 0xffff ? 2 : 1;
      let isKnown = false;
      let node = 0;
      for (let at = start; at < length; ) {
        node = trie.step(node, word.charCodeAt(at));
        if (node === 0) break;
        at++;
        const id = trie.id(node);
        if (id < 0) continue;
        offer(at, start, scores[id] + best[start], id);
        if (at === start + step) isKnown = true;
      }
      if (!isKnown) offer(start + step, start, unknownScore + best[start], unknownId);
      start += step;
    }
  };

  return {
    ids,
    unknownId,
    idsOf(word) {
      search(word);
      const result: number[] = []; // from the last to the first
      for (let to = word.length; to > 0; ) {
        if (pieceTo[to] !== unknownId) {
          result.push(pieceTo[to]);
          to = from[to];
          continue;
        }
        let start = from[to]; // unknown pieces side by side are one
        while (start > 0 && pieceTo[start] === unknownId) start = from[start];
        const unknown = word.slice(start, to);
        const known = ids.get(unknown);
        const inBytes = known === undefined ? bytes?.(unknown) : null;
        // one by one: there may be too many for a call
        if (inBytes) for (let i = inBytes.length; i > 0; ) result.push(inBytes[--i]);
        else result.push(known ?? unknownId);
        to = start;
      }
      return result.reverse();
    },
  };
}

function scoredPieces(model: JsonPart): { readonly pieces: string[]; readonly scores: Float64Array } {
  const list = model.value('vocab');
  if (!Array.isArray(list) || list.length === 0) throw model.damaged(`${model.at('vocab')} is not a list of pieces`);
  const pieces: string[] = [];
  const scores = new Float64Array(list.length);
  for (const [id, item] of list.entries()) {
    const [piece, score]: readonly unknown[] = Array.isArray(item) && item.length === 2 ? item : [];
    if (typeof piece !== 'string' || typeof score !== 'number' || !Number.isFinite(score) || !isId(id))
      throw model.damaged(`${model.at('vocab')}[${id}] is not a piece and its score`);
    if (piece.length > LONGEST_PIECE) throw model.unread(`a piece of more than ${LONGEST_PIECE} characters`);
    if (wellFormed(piece) !== piece) throw model.damaged(`${model.at('vocab')}[${id}] is no text`);
    pieces.push(piece);
    scores[id] = score;
  }
  return { pieces, scores };
}
