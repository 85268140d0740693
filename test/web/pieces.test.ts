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
