import { expect, test } from 'vitest';
import { examplesFor } from '../../web/src/try/examples.ts';
import { shownPieces } from '../../web/src/try/pieces.ts';

const brief = (pieces: readonly string[]) =>
  shownPieces(pieces).map(({ text, joined, special }) => `${special ? '*' : ''}${joined ? '+' : ''}${text}`);

test('pieces of WordPiece lose their mark and go on the word before them', () => {
  expect(brief(['[CLS]', 'play', '##ing', '##', '[UNK]', '[SEP]'])).toEqual([
    '*[CLS]',
    'play',
    '+ing',
    '+##',
    '[UNK]',
    '*[SEP]',
  ]);
});

test('pieces of byte-level BPE begin a word where they have a space, or come first', () => {
  expect(brief(['<s>', 'Play', 'ing', 'Ġgames', '</s>', '</s>', 'Now', '</s>'])).toEqual([
    '*<s>',
    'Play',
    '+ing',
    'games',
    '*</s>',
    '*</s>',
    'Now',
    '*</s>',
  ]);
});

test('letters for bytes become the characters they stand for, and part of one a mark', () => {
  expect(brief(['<s>', 'Caf', 'Ã©', 'Ġna', 'Ã¯', 've', 'ĠâĤ¬', 'Ġð', 'Ċ', '</s>'])).toEqual([
    '*<s>',
    'Caf',
    '+é',
    'na',
    '+ï',
    '+ve',
    '€',
    '\ufffd',
    '+',
    '*</s>',
  ]);
});

test('letters for bytes are told as such in a text without a blank', () => {
  expect(brief(['<s>', 'æĹ¥', 'æľ', '¬', 'ï¼ģ', '</s>'])).toEqual(['*<s>', '日', '+\ufffd', '+\ufffd', '+！', '*</s>']);
  expect(brief(['[CLS]', 'Ð¿', 'ÑĢ', 'Ð¸Ð²ÐµÑĤ', '[SEP]'])).toEqual(['*[CLS]', 'п', '+р', '+ивет', '*[SEP]']);
  expect(brief(['<s>', 'Caf', 'Ã©', '</s>'])).toEqual(['*<s>', 'Caf', '+é', '*</s>']);
});

test('letters of WordPiece that stand for themselves are no bytes', () => {
  expect(brief(['<s>', 'māja', 'é', '日', '</s>'])).toEqual(['*<s>', 'māja', 'é', '日', '*</s>']);
  expect(brief(['[CLS]', 'māja', 'un', '[SEP]'])).toEqual(['*[CLS]', 'māja', 'un', '*[SEP]']);
  expect(brief(['[CLS]', 'café', 'ļaudis', '[SEP]'])).toEqual(['*[CLS]', 'café', 'ļaudis', '*[SEP]']);
});

test('pieces of SentencePiece begin a word where they have its mark', () => {
  expect(brief(['<s>', '▁Hel', 'lo', '▁', 'Ж', '<unk>', '</s>', '</s>', '▁you', '</s>'])).toEqual([
    '*<s>',
    'Hel',
    '+lo',
    '',
    '+Ж',
    '+<unk>',
    '*</s>',
    '*</s>',
    'you',
    '*</s>',
  ]);
});

test('examples are of the model’s own kind', () => {
  expect(examplesFor({ labels: ['World', 'Sports', 'Business', 'Sci/Tech'], pairs: false }).length).toBeGreaterThan(3);
  expect(examplesFor({ labels: ['ham', 'spam'], pairs: false })[0].name).toBe('Meeting');
  expect(examplesFor({ labels: ['0', '1'], pairs: true }).every(({ pair }) => pair !== undefined)).toBe(true);
  expect(examplesFor({ labels: ['x'], pairs: false }).length).toBeGreaterThan(0);
});
