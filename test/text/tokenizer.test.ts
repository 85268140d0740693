import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { secondOf } from '../../src/pyramid/floor/index.ts';
import { JsonPart } from '../../src/text/tokenizer/json-part.ts';
import { loadTokenizer } from '../../src/text/tokenizer/load-tokenizer.ts';
import { longestFirst, specialTokens } from '../../src/text/tokenizer/special-tokens.ts';
import { segmentsOf, tokenizerFromFiles } from '../../src/text/tokenizer/tokenizer.ts';
import { wordPieceFiles } from '../../src/text/tokenizer/wordpiece-files.ts';

const letters = [...'abcdefghijklmnopqrstuvwxyz'];
const pieces = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...letters, ...letters.map((c) => `##${c}`), '!', '東'];
const files = wordPieceFiles(pieces);
const tokenizer = tokenizerFromFiles(files);
const ids = (text: string, maxLength = 1e6) => [...tokenizer.encode(text, undefined, maxLength).ids];
const id = (piece: string) => pieces.indexOf(piece);

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tokenizer-'));
});
afterAll(() => rm(dir, { recursive: true }));

describe('encode', () => {
  it('gives the special tokens alone for a text without words', () => {
    for (const text of ['', ' \t\n', '\u0000', '\ud800', '\udc00\ud800']) expect(ids(text)).toEqual([2, 3]);
  });

  it('drops lone surrogates and keeps what stands around them', () => {
    expect(ids('a\ud800b \udc00c')).toEqual(ids('ab c'));
  });

  it('says whether it cut', () => {
    expect(tokenizer.encode('abc', undefined, 5)).toMatchObject({ truncated: false });
    expect(tokenizer.encode('abc', undefined, 4)).toMatchObject({ truncated: true });
    expect(tokenizer.encode('abc', 'de', 8)).toMatchObject({ truncated: false });
    expect(tokenizer.encode('abc', 'de', 7)).toMatchObject({ truncated: true });
  });

  it('truncates at the beginning if asked, the longer text of a pair first', () => {
    const left = (text: string, pair: string | undefined, maxLength: number) =>
      [...tokenizer.encode(text, pair, maxLength, 'left').ids].map((id) => pieces[id]).join(' ');
    expect(left('a b c d', undefined, 4)).toBe('[CLS] c d [SEP]');
    expect(left('a b c d', undefined, 6)).toBe('[CLS] a b c d [SEP]');
    expect(left('a b c d', 'e f', 7)).toBe('[CLS] c d [SEP] e f [SEP]');
    expect(left('a b', 'c d e f', 6)).toBe('[CLS] b [SEP] e f [SEP]');
    expect(tokenizer.encode('a b c d', undefined, 4, 'left').truncated).toBe(true);
  });

  it('says so too when what it cut stands far behind what it kept', () => {
    const far = `${'a '.repeat(10)}${' '.repeat(1000)}b`;
    expect(tokenizer.encode(far, undefined, 12)).toMatchObject({ truncated: true });
    expect(tokenizer.encode(far, undefined, 13)).toMatchObject({ truncated: false });
  });

  it('marks the pair and the separator after it with type 1', () => {
    expect([...tokenizer.encode('a', 'b c', 20).types]).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it('tells the texts of a pair apart where token types do not', () => {
    const roberta = {
      ...files,
      'tokenizer.json': JSON.stringify({
        ...JSON.parse(files['tokenizer.json']),
        post_processor: { type: 'RobertaProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] },
      }),
      'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast' }),
    };
    const untyped = tokenizerFromFiles(roberta);
    const pair = untyped.encode('a', 'b c', 20);
    expect([...pair.ids]).toEqual([2, id('a'), 3, 3, id('b'), id('c'), 3]);
    expect([...pair.types]).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect([...segmentsOf(pair)]).toEqual([0, 0, 0, 0, 1, 1, 1]);
    expect(secondOf(pair)).toBe(4);
    const single = untyped.encode('a', undefined, 20);
    expect([...segmentsOf(single)]).toEqual([0, 0, 0]);
    const typed = tokenizer.encode('a', 'b c', 20);
    expect(segmentsOf(typed)).toBe(typed.types);
  });

  it('refuses a maximum length below the number of special tokens', () => {
    expect([...tokenizer.encode('a', undefined, 2).ids]).toEqual([2, 3]);
    expect(() => tokenizer.encode('a', undefined, 1)).toThrow('maximum length is 1');
    expect(() => tokenizer.encode('a', 'b', 2)).toThrow('give at least 3');
    expect(() => tokenizer.encode('a', undefined, Number.NaN)).toThrow('maximum length is NaN');
  });

  it('gives a cut text the first ids of the whole one, however long the text is', () => {
    // words, long words, added tokens and white space of all kinds around the places where a long text is parted
    const bit = fc.constantFrom(
      'a',
      'bc',
      'z'.repeat(99),
      ' ',
      '\n',
      '\t',
      '\u2003',
      '[SEP]',
      '東',
      'é',
      '\u0301',
      '!',
    );
    const text = fc.array(fc.tuple(bit, fc.integer({ min: 1, max: 60 })), { maxLength: 60 });
    fc.assert(
      fc.property(text, fc.integer({ min: 3, max: 70 }), (bits, maxLength) => {
        const long = bits.map(([what, times]) => what.repeat(times)).join('');
        const whole = ids(long);
        const cut = tokenizer.encode(long, undefined, maxLength);
        const expected = whole.length <= maxLength ? whole : [...whole.slice(0, maxLength - 1), 3];
        expect([...cut.ids]).toEqual(expected);
        expect(cut.truncated).toBe(whole.length > maxLength);
      }),
    );
  });

  it('takes at most a few seconds for a megabyte of any kind', () => {
    const million = 1_000_000;
    const texts = ['z'.repeat(million), `${'z'.repeat(100)} `.repeat(million / 101), '東'.repeat(million)];
    texts.push('!'.repeat(million), '['.repeat(million), `e${'\u0301'.repeat(million)}`, '\ud800'.repeat(million));
    const start = performance.now();
    for (const text of texts) tokenizer.encode(text, undefined, million);
    expect((performance.now() - start) / texts.length).toBeLessThan(5_000);
  });
});

it.each(['sentencepiece.bpe.model', 'spm.model', 'vocab.json'])(
  'a folder with %s alone is told how to get a tokenizer.json',
  async (name) => {
    const alone = await mkdtemp(join(dir, 'alone-'));
    await writeFile(join(alone, name), '{}');
    await expect(loadTokenizer(alone)).rejects.toMatchObject({
      code: 'MP_MODEL_TOKENIZER',
      message: expect.stringMatching(/save_pretrained.*writes a tokenizer\.json/),
    });
  },
);

describe('longestFirst', () => {
  it('leaves what removing tokens one by one from the longer text leaves', () => {
    const length = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(length, length, length, (text, pair, room) => {
        let [a, b] = [text, pair];
        // among equals the one that was shorter gives first; the first text if they were as long
        while (a + b > room) {
          if (a > b || (a === b && text <= pair)) a--;
          else b--;
        }
        expect(longestFirst(text, pair, room)).toEqual([a, b]);
      }),
    );
  });
});

describe('specialTokens', () => {
  const processor = (json: Record<string, unknown>) => new JsonPart('tokenizer.json', 'post_processor', json);

  it('has two separators and one type for RoBERTa', () => {
    const roberta = specialTokens(processor({ type: 'RobertaProcessing', cls: ['<s>', 0], sep: ['</s>', 2] }));
    const shown = roberta.pair.map((part) => (part.kind === 'special' ? part.id : part.kind));
    expect(shown).toEqual([0, 'text', 2, 2, 'pair', 2]);
    expect(roberta.pair.every((part) => part.type === 0)).toBe(true);
  });

  it('does not guess at a post-processor that it does not know', () => {
    expect(() => specialTokens(processor({ type: 'Somersault' }))).toThrow('the post_processor "Somersault"');
  });
});

describe('loadTokenizer', () => {
  it('keeps the files as they were', async () => {
    for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content);
    expect((await loadTokenizer(dir)).files).toEqual(files);
  });

  it('names the folder where there is neither tokenizer.json nor vocab.txt', async () => {
    const path = join(dir, 'nowhere');
    await expect(loadTokenizer(path)).rejects.toMatchObject({ code: 'MP_FILE_MISSING', details: { path } });
  });

  it('names the file that is not what it should be', () => {
    const broken = (changes: Record<string, string>) => () => tokenizerFromFiles({ ...files, ...changes }, 'model');
    expect(broken({ 'tokenizer.json': '{"version": ' })).toThrow('model/tokenizer.json: ');
    expect(broken({ 'tokenizer.json': '{}' })).toThrow('model/tokenizer.json: ');
    expect(broken({ 'tokenizer_config.json': '[]' })).toThrow('model/tokenizer_config.json: not a JSON object');
    expect(broken({ 'tokenizer.json': '', 'vocab.txt': 'a\nb\n' })).toThrow('vocab.txt: there is no piece "[UNK]"');
  });

  it('reads a vocab.txt with \\r\\n line ends and the names of its own special tokens', () => {
    const own = tokenizerFromFiles({
      'vocab.txt': '<unk>\r\n<cls>\r\n<sep>\r\na\r\n',
      'tokenizer_config.json': JSON.stringify({
        unk_token: '<unk>',
        cls_token: '<cls>',
        sep_token: { content: '<sep>' },
      }),
    });
    expect([...own.encode('a b', undefined, 9).ids]).toEqual([1, 3, 0, 2]);
  });
});

describe('words', () => {
  it('longer than 100 code points are unknown, however they are cached', () => {
    for (let time = 0; time < 2; time++) {
      expect(ids('z'.repeat(101))).toEqual([2, id('[UNK]'), 3]);
      expect(ids('zz')).toEqual([2, id('z'), id('##z'), 3]);
      expect(ids('z0')).toEqual([2, id('[UNK]'), 3]);
    }
  });
});
