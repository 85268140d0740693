/**
 * WordPiece: a word becomes its longest known beginning, then the longest known `##` continuation, and so on; a word
 * that cannot be cut so, or that is too long, is unknown. Source: BERT (Devlin et al., 2019) and Hugging Face's
 * tokenizers. A word's pieces depend on nothing around it, so that remembering them is exact.
 */
import { PieceTrie } from './piece-trie.ts';

export interface WordPieceVocabulary {
  readonly ids: ReadonlyMap<string, number>;
  readonly unknown: string;
  readonly prefix: string; // '##'
  readonly maxWordLength: number; // code points
}

/** The function from a word to its pieces. */
export function wordPieces(vocabulary: WordPieceVocabulary): (word: string) => readonly string[] {
  const { ids, unknown, prefix, maxWordLength } = vocabulary;
  const trie = new PieceTrie(ids);
  const next = trie.after(prefix); // where continuations begin; 0 where there are none, or they have no prefix

  /** Where the longest piece at `start` of the word ends; `start` if there is none. */
  const endOf = (word: string, start: number): number => {
    let node = start === 0 ? 0 : next;
    if (start > 0 && node === 0 && prefix !== '') return start;
    let end = start;
    for (let at = start; at < word.length; ) {
      node = trie.step(node, word.charCodeAt(at));
      if (node === 0) break;
      at++;
      // a vocabulary may hold lone halves of a surrogate pair only by mistake: no match inside one
      if (trie.id(node) >= 0 && !isLowSurrogate(word, at)) end = at;
    }
    return end;
  };

  return (word) => {
    if (word.length > maxWordLength && [...word].length > maxWordLength) return [unknown];
    const pieces: string[] = [];
    for (let start = 0; start < word.length; ) {
      const end = endOf(word, start);
      if (end === start) return [unknown];
      pieces.push(start === 0 ? word.slice(0, end) : prefix + word.slice(start, end));
      start = end;
    }
    return pieces;
  };
}

const isLowSurrogate = (text: string, at: number) => (text.charCodeAt(at) & 0xfc00) === 0xdc00;
