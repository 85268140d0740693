/** Texts of millions of characters, without a blank or with many, give the ids of their words, and in time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bertWords } from '../../src/text/tokenizer/bert-words.ts';
import { byteLetters } from '../../src/text/tokenizer/byte-letters.ts';
import { LONG_TEXT } from '../../src/text/tokenizer/class-runs.ts';
import { GPT_EXPRESSION, gptWords } from '../../src/text/tokenizer/gpt-words.ts';
import { IdList } from '../../src/text/tokenizer/id-list.ts';
import { JsonPart } from '../../src/text/tokenizer/json-part.ts';
import { wordIds } from '../../src/text/tokenizer/piece-model.ts';
import { preTokenizerOf } from '../../src/text/tokenizer/pre-tokenizers.ts';
import { tokenizerFromFiles } from '../../src/text/tokenizer/tokenizer.ts';

type Json = Readonly<Record<string, unknown>>;

const MILLION = 1e6;
const wordsBy = (part: Json) => preTokenizerOf(new JsonPart('tokenizer.json', 'pre_tokenizer', part));

/** The kinds of pre-tokenizers that look for runs. */
const cutters = {
  'GPT-2': gptWords,
  BERT: bertWords,
  Whitespace: wordsBy({ type: 'Whitespace' }),
  WhitespaceSplit: wordsBy({ type: 'WhitespaceSplit' }),
  Metaspace: wordsBy({ type: 'Metaspace', replacement: '▁', prepend_scheme: 'never' }),
  Punctuation: wordsBy({ type: 'Punctuation', behavior: 'Contiguous' }),
  Digits: wordsBy({ type: 'Digits', individual_digits: true }),
};

describe.each(Object.entries(cutters))('the words of %s', (_, words) => {
  it('may be of four million characters in one', () => {
    for (const letter of ['東', '𝕏']) {
      const text = letter.repeat(4 * MILLION);
      const found = words(text);
      expect(found.length).toBe(1);
      expect(found[0] === text).toBe(true);
    }
  });

  it('are the same in a long text as in a short one', () => {
    const filler = ' a'.repeat(LONG_TEXT / 2);
    const character = fc.constantFrom(
      ...' \n\t\u0085\u3000\ufeff▁',
      ...'ab東é',
      '𝕏',
      '\u0301',
      ...'12½',
      ..."'.!-",
      "'s",
      "'ll",
    );
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 12 }), (text) => {
        const tail = ` .1${text}b a`;
        const expected = words(tail).slice(1); // the first may go on what stands before it
        expect(words(filler + tail).slice(-expected.length)).toEqual(expected);
      }),
      { numRuns: 50, seed: 20 },
    );
  });
});

it('bytes of unknown characters may be hundreds of thousands', () => {
  const bytes = Array.from({ length: 256 }, (_, i) => [`<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`, -9]);
  const tokenizer = tokenizerFromFiles({
    'tokenizer.json': JSON.stringify({
      model: { type: 'Unigram', unk_id: 0, byte_fallback: true, vocab: [['<unk>', 0], ...bytes] },
    }),
    'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast' }),
  });
  const { ids } = tokenizer.encode('𝕏'.repeat(50_000), undefined, MILLION);
  expect(ids.length).toBe(200_000);
  expect([...ids.slice(-4)]).toEqual([0xf0 + 1, 0x9d + 1, 0x95 + 1, 0x8f + 1]);
});

describe('a long text of other letters than ASCII', () => {
  const bytes = byteLetters(Array.from({ length: 0x250 }, (_, i) => String.fromCodePoint(i + 0x400)).join(''));
  const special = ['<s>', '<pad>', '</s>', '<unk>', '<mask>'];
  const of = (parts: Json) =>
    tokenizerFromFiles({
      'tokenizer.json': JSON.stringify(parts),
      'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast' }),
    });
  const vocab = Object.fromEntries(
    [...new Set([...special, 'Ġ', ...bytes, ...'abcdefxyz'])].map((piece, id) => [piece, id]),
  );
  const byteLevel = of({
    normalizer: { type: 'NFC' },
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    model: { type: 'BPE', vocab, merges: [] },
  });
  const marked = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' };
  const words = of({
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, marked] },
    model: { type: 'Unigram', unk_id: 3, vocab: [...special, '▁', ...'приветмя'].map((piece, id) => [piece, -id]) },
  });

  // the same words by parts that are read as a whole
  const byteLevelWhole = of({
    normalizer: { type: 'NFC' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: GPT_EXPRESSION }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
      ],
    },
    model: { type: 'BPE', vocab, merges: [] },
  });
  const wordsWhole = of({
    normalizer: { type: 'Strip', strip_left: false, strip_right: true },
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, marked] },
    model: { type: 'Unigram', unk_id: 3, vocab: [...special, '▁', ...'приветмя'].map((piece, id) => [piece, -id]) },
  });

  it.each([
    ['byte-level BPE', byteLevel, byteLevelWhole],
    ['words with a mark', words, wordsWhole],
  ])('has the ids that it has as a whole: %s', (_, parted, whole) => {
    const character = fc.constantFrom(
      ...'    \n\t\u00a0\u3000',
      ...'приветab',
      "'s",
      '!',
      '\u0301',
      '\u0308',
      '\u0600',
      '\u200d',
      '가',
      '\u11a8',
      '𝕏',
      '\ud800',
    );
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 30 }), fc.nat(20), (text, room) => {
        for (const given of [text, text.repeat(60)])
          expect(parted.encode(given, undefined, room + 3).ids).toEqual(whole.encode(given, undefined, room + 3).ids);
      }),
      { numRuns: 500, seed: 21 },
    );
  });

  it.each([
    ['byte-level BPE', byteLevel],
    ['words with a mark', words],
  ])('is not read beyond what is asked for: %s', (_, tokenizer) => {
    const text = 'привет мир '.repeat(200_000);
    const started = performance.now();
    for (let i = 0; i < 3; i++) tokenizer.encode(text, undefined, 64);
    expect(performance.now() - started).toBeLessThan(200); // ms; without parts seconds for each
    expect([...tokenizer.encode(text, undefined, 64).ids]).toEqual([
      ...tokenizer.encode(text.slice(0, 400), undefined, 64).ids,
    ]);
  });
});

it('a word in letters for bytes is cut once, though it has three to a character', () => {
  const cut: string[] = [];
  const push = wordIds((word) => {
    cut.push(word);
    return [1];
  }, true);
  const into = new IdList();
  const word = byteLetters(' слово東京');
  for (let i = 0; i < 3; i++) push(word, into);
  expect(cut).toEqual([word]);
  expect(into.length).toBe(3);
});
