/** The walk through the tree of pieces against trying every end of a word, from the longest. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wordPieces } from '../../src/text/tokenizer/word-pieces.ts';

const UNITS = ['a', 'b', 'c', '#', 'é', '\u0301', '\ud83d', '\ude00', '😀', '東'];
const piece = fc.array(fc.constantFrom(...UNITS), { minLength: 1, maxLength: 4 }).map((units) => units.join(''));

function slowly(word: string, ids: ReadonlyMap<string, number>, prefix: string, most: number): readonly string[] {
  if ([...word].length > most) return ['[UNK]'];
  const pieces: string[] = [];
  for (let start = 0; start < word.length; ) {
    let end = word.length;
    const at = () => (start === 0 ? '' : prefix) + word.slice(start, end);
    const isInside = () => (word.charCodeAt(end) & 0xfc00) === 0xdc00;
    while (end > start && (isInside() || !ids.has(at()))) end--;
    if (end === start) return ['[UNK]'];
    pieces.push(at());
    start = end;
  }
  return pieces;
}

test.each(['##', '', '@@', 'a'])('words are cut at the longest pieces (continuations begin with "%s")', (prefix) => {
  const vocabulary = fc.array(fc.tuple(piece, fc.boolean()), { minLength: 20, maxLength: 60 });
  const word = fc.array(fc.constantFrom(...UNITS), { maxLength: 8 }).map((units) => units.join(''));
  let known = 0;
  fc.assert(
    fc.property(vocabulary, fc.array(word, { minLength: 10, maxLength: 20 }), (parts, words) => {
      const names = ['[UNK]', ...parts.map(([text, isNext]) => (isNext ? prefix + text : text))];
      const ids = new Map(names.map((name, id) => [name, id]));
      const cut = wordPieces({ ids, unknown: '[UNK]', prefix, maxWordLength: 7 });
      for (const one of words) {
        const pieces = slowly(one, ids, prefix, 7);
        expect(cut(one)).toEqual(pieces);
        if (pieces.length > 1) known++;
      }
    }),
    { numRuns: 1000, seed: 9 },
  );
  expect(known).toBeGreaterThan(50);
});
