import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { tokenizerFromFiles } from '../../src/text/tokenizer/tokenizer.ts';
import { trainWordPiece } from '../../src/text/tokenizer/wordpiece-trainer.ts';

const vocabulary = (files: Readonly<Record<string, string>>) => files['vocab.txt'].split('\n').slice(0, -1);
const train = (texts: string[], vocabularySize: number, more = {}) =>
  vocabulary(trainWordPiece(texts, { vocabularySize, ...more }));

describe('trainWordPiece', () => {
  it('starts with the special tokens, the letters in order, and the letters inside words', () => {
    const pieces = train(['Beé ba!', '東 a'], 13, { minFrequency: 1 });
    expect(pieces).toEqual(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...'! a b e 東 ##a ##e ba'.split(' ')]);
  });

  it('merges the most frequent pair first, and among equals the one with the smaller ids', () => {
    // h ##u 5, ##u ##g 4, ##u ##n 4, p ##u 3; after hu: p ##u and hu ##g 3; after both: hu ##n and pu ##n 2, pu ##g 1
    const pieces = train(['hug hug hug hun hun pug', 'pun pun'], 100, { minFrequency: 1 });
    expect(pieces.slice(5, 13)).toEqual(['g', 'h', 'n', 'p', 'u', '##g', '##n', '##u']);
    expect(pieces.slice(13)).toEqual(['hu', 'pu', 'hug', 'hun', 'pun', 'pug']);
  });

  it('merges a run of the same letter from the left', () => {
    expect(train(['xaaa xaaa'], 100).slice(-4)).toEqual(['##a', '##aa', 'xaa', 'xaaa']);
  });

  it('stops at the size asked for, and at pairs rarer than minFrequency', () => {
    const text = 'the quick brown fox jumps over the lazy dog the quick brown fox';
    const all = train([text], 1000);
    expect(all).toContain('quick');
    expect(all).not.toContain('lazy');
    expect(train([text], 50)).toEqual(all.slice(0, 50));
  });

  it('leaves out words with a letter beyond the alphabet, and words that are too long', () => {
    const pieces = train(['aaab aaab aaab cd cd', 'e'.repeat(101), 'cz cz'], 100, { maxAlphabet: 4 });
    expect(pieces).toEqual(expect.arrayContaining(['aaab', 'cd']));
    expect(pieces.join('')).not.toMatch(/[ez]/);
  });

  it('gives files that read their own texts without unknown words', () => {
    const texts = ['Ünïcödé wörds, ΟΔΟΣ 東京!', 'words and more words; 1,234.56'];
    const tokenizer = tokenizerFromFiles(trainWordPiece(texts, { vocabularySize: 200 }));
    for (const text of texts) expect(tokenizer.encode(text, undefined, 512).ids).not.toContain(1);
    expect(tokenizer.encode('ж', undefined, 512).ids).toContain(1);
  });

  it('gives the same vocabulary twice', () => {
    const texts = Array.from({ length: 50 }, (_, i) => `text ${i * 7919} of ${i % 7} kinds, ${'abc'.slice(i % 3)}`);
    expect(trainWordPiece(texts, { vocabularySize: 150 })).toEqual(trainWordPiece(texts, { vocabularySize: 150 }));
  });
});

const file = '../shared/data/yelp/train.csv';
describe.skipIf(!existsSync(file))(`trainWordPiece on five megabytes${existsSync(file) ? '' : ` (no ${file})`}`, () => {
  it('finds 8,000 different pieces in seconds', () => {
    const texts = readFileSync(file, 'utf8').split('\n');
    const start = performance.now();
    const pieces = train(texts, 8000);
    expect((performance.now() - start) / 1000).toBeLessThan(10); // 0.7 s on an idle machine
    expect(pieces.length).toBe(8000);
    expect(new Set(pieces).size).toBe(8000);
    expect(pieces).toEqual(expect.arrayContaining(['restaurant', 'delicious', '##ing']));
  });
});
