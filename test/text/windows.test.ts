import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tokenizerFromFiles } from '../../src/text/tokenizer/tokenizer.ts';
import { roomOf, windowCount, windowsOf } from '../../src/text/tokenizer/windows.ts';
import { wordPieceFiles } from '../../src/text/tokenizer/wordpiece-files.ts';

const words = Array.from({ length: 60 }, (_, i) => `w${i}`);
const tokenizer = tokenizerFromFiles(wordPieceFiles(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words]));
const encode = (n: number) => tokenizer.encode(words.slice(0, n).join(' '), undefined, Number.MAX_SAFE_INTEGER);
const piecesOf = (ids: Iterable<number>) => Array.from(ids, (id) => tokenizer.piece(id)).join(' ');

describe('a text that is longer than a window', () => {
  test('is cut as transformers cuts it with a stride: each window begins with so many tokens of the one before', () => {
    // tokenizer(text, max_length=6, stride=1, truncation=True, return_overflowing_tokens=True)
    const windows = windowsOf(encode(10), tokenizer.around, 6, 1);
    expect(windows.map(({ ids }) => piecesOf(ids))).toEqual([
      '[CLS] w0 w1 w2 w3 [SEP]',
      '[CLS] w3 w4 w5 w6 [SEP]',
      '[CLS] w6 w7 w8 w9 [SEP]',
    ]);
    expect(windowsOf(encode(10), tokenizer.around, 6, 0).map(({ ids }) => piecesOf(ids))).toEqual([
      '[CLS] w0 w1 w2 w3 [SEP]',
      '[CLS] w4 w5 w6 w7 [SEP]',
      '[CLS] w8 w9 [SEP]',
    ]);
  });

  test('is itself where it fits, to the last token', () => {
    const whole = encode(4);
    expect(windowsOf(whole, tokenizer.around, 6, 1)).toEqual([whole]);
    expect(windowsOf(encode(5), tokenizer.around, 6, 1)).toHaveLength(2);
    expect(windowsOf(encode(0), tokenizer.around, 6, 1)).toEqual([encode(0)]);
  });

  test('is in its windows whole, in order, with the overlap that was asked for, in as many windows as are counted', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 3, max: 30 }), fc.nat(40), (n, most, over) => {
        const room = roomOf(tokenizer.around, most);
        const stride = over % room;
        const whole = encode(n);
        const windows = windowsOf(whole, tokenizer.around, most, stride);
        expect(windows).toHaveLength(windowCount(n, room, stride));
        const texts = windows.map(({ ids, types, truncated }) => {
          expect(ids.length).toBeLessThanOrEqual(most);
          expect(types).toHaveLength(ids.length);
          expect(truncated).toBe(false);
          expect([ids[0], ids.at(-1)]).toEqual([whole.ids[0], whole.ids.at(-1)]);
          return [...ids.subarray(1, -1)];
        });
        for (const [i, text] of texts.entries())
          if (i > 0) expect(text.slice(0, stride)).toEqual(texts[i - 1].slice(texts[i - 1].length - stride));
        expect(texts.flatMap((text, i) => (i === 0 ? text : text.slice(stride)))).toEqual([
          ...whole.ids.subarray(1, -1),
        ]);
        for (const text of texts.slice(0, -1)) expect(text).toHaveLength(room);
      }),
    );
  });
});
