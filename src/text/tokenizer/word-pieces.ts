/**
 * WordPiece: a word becomes its longest known beginning, then the longest known `##` continuation, and so on; a word
 * that cannot be cut so, or that is too long, is unknown. Source: BERT (Devlin et al., 2019) and Hugging Face's
 * tokenizers. A word's pieces depend on nothing around it, so that remembering them is exact.
 */
export interface WordPieceVocabulary {
  readonly ids: ReadonlyMap<string, number>;
  readonly unknown: string;
  readonly prefix: string; // '##'
  readonly maxWordLength: number; // code points
}

const CACHED_WORDS = 50_000;
// V8 copies a substring of up to 12 units; a longer one would keep its whole text in memory
const CACHED_LENGTH = 12;

/** The function from a word to its pieces. */
export function wordPieces(vocabulary: WordPieceVocabulary): (word: string) => readonly string[] {
  const { ids, unknown, prefix, maxWordLength } = vocabulary;
  let longestFirst = 1; // UTF-16 units
  let longestNext = 1; // prefix not counted
  for (const piece of ids.keys()) {
    longestFirst = Math.max(longestFirst, piece.length);
    if (piece.startsWith(prefix)) longestNext = Math.max(longestNext, piece.length - prefix.length);
  }
  const cache = new Map<string, readonly string[]>();

  const cut = (word: string): readonly string[] => {
    if (word.length > maxWordLength && [...word].length > maxWordLength) return [unknown];
    const pieces: string[] = [];
    for (let start = 0; start < word.length; ) {
      let end = Math.min(word.length, start + (start === 0 ? longestFirst : longestNext));
      let piece = '';
      for (; end > start; end--) {
        // a vocabulary may hold lone halves of a surrogate pair only by mistake: no match inside one
        if (isLowSurrogate(word, end)) continue;
        piece = start === 0 ? word.slice(0, end) : prefix + word.slice(start, end);
        if (ids.has(piece)) break;
      }
      if (end === start) return [unknown];
      pieces.push(piece);
      start = end;
    }
    return pieces;
  };

  return (word) => {
    if (word.length > CACHED_LENGTH) return cut(word);
    let pieces = cache.get(word);
    if (!pieces) {
      pieces = cut(word);
      if (cache.size >= CACHED_WORDS) cache.clear();
      cache.set(word, pieces);
    }
    return pieces;
  };
}

const isLowSurrogate = (text: string, at: number) => (text.charCodeAt(at) & 0xfc00) === 0xdc00;
