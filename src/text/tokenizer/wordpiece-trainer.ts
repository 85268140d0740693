/**
 * Trains a WordPiece vocabulary: starts from letters and keeps merging the most frequent pair of neighbouring pieces,
 * as Hugging Face's WordPieceTrainer does (byte-pair merges, `##` on every piece that does not begin a word; Sennrich
 * et al., 2016). Texts are normalised and split as BERT uncased does. The same texts give the same vocabulary.
 */
import TinyQueue from 'tinyqueue';
import { bertWords, normalizeBert, UNCASED } from './bert-words.ts';
import { SPECIAL_NAMES, wordPieceFiles } from './wordpiece-files.ts';

export interface WordPieceTrainingOptions {
  /** Pieces, the five special tokens and the letters included. Fewer come out if the texts run out of pairs. */
  readonly vocabularySize: number;
  /** A pair that occurs less often is not merged. */
  readonly minFrequency?: number; // 2
  /** The most frequent letters are kept; words with another one are left out. */
  readonly maxAlphabet?: number; // 1000
  /** Written into tokenizer_config.json. */
  readonly modelMaxLength?: number; // 512 tokens
}

/** Longer words are unknown to WordPiece in any case. */
const MAX_WORD_LENGTH = 100;
/** Separates the two ids of a pair in one number: ids are below it. */
const PAIR_BASE = 2 ** 22;

interface Word {
  pieces: number[];
  readonly count: number;
}

interface Candidate {
  readonly pair: number;
  readonly count: number;
}

/**
 * Trains on `texts` and returns the tokenizer's files by name (tokenizer.json, tokenizer_config.json, vocab.txt,
 * special_tokens_map.json), as `tokenizerFromFiles` and Hugging Face's BertTokenizerFast read them.
 * [PAD] [UNK] [CLS] [SEP] [MASK] are 0 to 4, then come the letters in the order of their code points, then merges.
 */
export function trainWordPiece(
  texts: Iterable<string>,
  options: WordPieceTrainingOptions,
): Readonly<Record<string, string>> {
  const { vocabularySize, minFrequency = 2, maxAlphabet = 1000, modelMaxLength = 512 } = options;
  const counts = countWords(texts);
  const alphabet = mostFrequentLetters(counts, maxAlphabet);

  const pieces: string[] = Object.values(SPECIAL_NAMES);
  const ids = new Map(pieces.map((piece, id) => [piece, id]));
  const add = (piece: string): number => {
    let id = ids.get(piece);
    if (id === undefined) {
      id = pieces.push(piece) - 1;
      ids.set(piece, id);
    }
    return id;
  };
  const usable = [...counts]
    .map(([text, count]) => ({ letters: [...text], count }))
    .filter(({ letters }) => letters.every((letter) => alphabet.has(letter)));
  for (const letter of inOrder(alphabet)) add(letter);
  for (const letter of inOrder(new Set(usable.flatMap(({ letters }) => letters.slice(1))))) add(`##${letter}`);
  const words: Word[] = usable.map(({ letters, count }) => ({
    pieces: letters.map((letter, i) => add(i === 0 ? letter : `##${letter}`)),
    count,
  }));

  mergePairs(words, pieces, add, vocabularySize, minFrequency);
  return wordPieceFiles(pieces, { modelMaxLength });
}

/** Merges until there are `vocabularySize` pieces or no pair occurs `minFrequency` times. */
function mergePairs(
  words: readonly Word[],
  pieces: readonly string[],
  add: (piece: string) => number,
  vocabularySize: number,
  minFrequency: number,
): void {
  const frequency = new Map<number, number>();
  const occursIn = new Map<number, Set<Word>>(); // may hold words that have lost the pair since
  const note = (word: Word, changes: Map<number, number>, sign: 1 | -1) => {
    for (let i = 1; i < word.pieces.length; i++) {
      const pair = word.pieces[i - 1] * PAIR_BASE + word.pieces[i];
      changes.set(pair, (changes.get(pair) ?? 0) + sign * word.count);
      if (sign === 1) {
        const where = occursIn.get(pair);
        if (where) where.add(word);
        else occursIn.set(pair, new Set([word]));
      }
    }
  };
  // most frequent first; among equals the pair with the smaller ids
  const queue = new TinyQueue<Candidate>([], (a, b) => b.count - a.count || a.pair - b.pair);
  const apply = (changes: ReadonlyMap<number, number>) => {
    for (const [pair, change] of changes) {
      const count = (frequency.get(pair) ?? 0) + change;
      frequency.set(pair, count);
      if (change > 0) queue.push({ pair, count });
    }
  };

  const start = new Map<number, number>();
  for (const word of words) note(word, start, 1);
  apply(start);

  while (pieces.length < vocabularySize) {
    const top = queue.pop();
    if (!top) return;
    const count = frequency.get(top.pair)!;
    if (count !== top.count) {
      // a pair that became rarer waits at its old place
      if (count > 0 && count < top.count) queue.push({ pair: top.pair, count });
      continue;
    }
    if (count < minFrequency) return;
    const left = Math.floor(top.pair / PAIR_BASE);
    const right = top.pair % PAIR_BASE;
    const merged = add(pieces[left] + pieces[right].slice(2));
    const changes = new Map<number, number>();
    for (const word of occursIn.get(top.pair)!) {
      const next = merge(word.pieces, left, right, merged);
      if (next.length === word.pieces.length) continue;
      note(word, changes, -1);
      word.pieces = next;
      note(word, changes, 1);
    }
    occursIn.delete(top.pair);
    apply(changes);
    frequency.set(top.pair, 0);
  }
}

function merge(pieces: readonly number[], left: number, right: number, merged: number): number[] {
  const result: number[] = [];
  for (let i = 0; i < pieces.length; i++) {
    if (pieces[i] === left && pieces[i + 1] === right) {
      result.push(merged);
      i++;
    } else {
      result.push(pieces[i]);
    }
  }
  return result;
}

function countWords(texts: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of bertWords(normalizeBert(text, UNCASED))) {
      if (word.length <= MAX_WORD_LENGTH) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}

function mostFrequentLetters(words: ReadonlyMap<string, number>, most: number): Set<string> {
  const counts = new Map<string, number>();
  for (const [word, count] of words) for (const letter of word) counts.set(letter, (counts.get(letter) ?? 0) + count);
  const byFrequency = inOrder(counts.keys()).sort((a, b) => counts.get(b)! - counts.get(a)!);
  return new Set(byFrequency.slice(0, most));
}

/** By code point. */
const inOrder = (letters: Iterable<string>): string[] =>
  [...letters].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
