/** The short way to ids against the long way through tokens, for any text. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bertIds } from '../../src/text/tokenizer/bert-ids.ts';
import { bertWords, normalizeBert } from '../../src/text/tokenizer/bert-words.ts';
import { wordIds } from '../../src/text/tokenizer/piece-model.ts';
import { tokenizerFromFiles } from '../../src/text/tokenizer/tokenizer.ts';
import { wordPieces } from '../../src/text/tokenizer/word-pieces.ts';
import { wordPieceFiles } from '../../src/text/tokenizer/wordpiece-files.ts';

const letters = [...'abcdefghijklmnopqrstuvwxyzABCé0123456789'];
const pieces = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  'ab',
  '##bc',
  ...letters,
  ...letters.map((c) => `##${c}`),
];
const all = [...pieces, ...'!"#$%&\'()*+,-./:;<=>?@[]^_`{|}~東—'];
const ids = new Map(all.map((piece, id) => [piece, id]));
const cut = wordPieces({ ids, unknown: '[UNK]', prefix: '##', maxWordLength: 20 });
const idOf = (piece: string) => ids.get(piece)!;

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...'abcABC01',
        ...' \t\n\r',
        ...'!-/_`~\x7f\0\x0b\x1f',
        'é',
        'É',
        '東',
        '\u00a0',
        '\u2028',
        '\ud800',
        '😀',
        '—',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.string({ unit: 'grapheme-ascii', maxLength: 30 }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

describe('ids of a text without added tokens', () => {
  it.each([
    { cleanText: true, lowerCase: true, stripAccents: true, splitIdeographs: true },
    { cleanText: true, lowerCase: false, stripAccents: false, splitIdeographs: true },
    { cleanText: false, lowerCase: true, stripAccents: false, splitIdeographs: false },
  ])('are those of its words, one by one, however often a word comes: %j', (how) => {
    const idsOf = (word: string) => cut(word).map(idOf);
    const push = bertIds(how, idsOf, wordIds(idsOf)); // one for all runs: what it remembers must not show
    fc.assert(
      fc.property(text, (given) => {
        const found: number[] = [];
        push(given, found);
        expect(found).toEqual(bertWords(normalizeBert(given, how)).flatMap((word) => cut(word).map(idOf)));
      }),
      { numRuns: 2000, seed: 5 },
    );
  });

  it('stay right when more words have come than are remembered', () => {
    const how = { cleanText: true, lowerCase: true, stripAccents: true, splitIdeographs: true };
    let cuts = 0;
    const idsOf = (word: string) => {
      cuts++;
      return [Number(word)];
    };
    const push = bertIds(how, idsOf, wordIds(idsOf));
    const numbers = Array.from({ length: 60_000 }, (_, i) => i);
    for (let round = 0; round < 2; round++) {
      const found: number[] = [];
      push(numbers.join(' '), found);
      expect(found).toEqual(numbers);
    }
    expect(cuts).toBeGreaterThan(60_000);
    expect(cuts).toBeLessThanOrEqual(120_000);
  });
});

it('an added token in a text stays one token, whatever surrounds it', () => {
  const tokenizer = tokenizerFromFiles(wordPieceFiles(all));
  const found = [...tokenizer.encode('ab[MASK]c [SEP]', undefined, 20).ids];
  expect(found).toEqual(['[CLS]', 'ab', '[MASK]', 'c', '[SEP]', '[SEP]'].map(idOf));
  expect([...tokenizer.encode('[mask]', undefined, 20).ids]).not.toContain(idOf('[MASK]'));
});
