/** What is not read exactly is refused by name; what is damaged gives a sentence; nothing else comes of any file. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PyramidError } from '../../src/errors.ts';
import { tokenizerFromFiles } from '../../src/text/tokenizer/tokenizer.ts';
import { wordPieceFiles } from '../../src/text/tokenizer/wordpiece-files.ts';

type Json = Record<string, unknown>;

const pieces = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  ...'abcdefg',
  ...[...'abcdefg'].map((c) => `##${c}`),
  '!',
];
const files = wordPieceFiles(pieces);
const json = (name: string) => JSON.parse(files[name]) as Json & { model: Json; added_tokens: Json[] };
const bert = {
  type: 'BertNormalizer',
  clean_text: true,
  handle_chinese_chars: true,
  strip_accents: null,
  lowercase: true,
};

/** A folder of the general class, whose tokenizer.json is read as it is. */
const general = (changes: Json) => ({
  'tokenizer.json': JSON.stringify({ ...json('tokenizer.json'), ...changes }),
  'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast' }),
});
const read = (contents: Record<string, string>) => tokenizerFromFiles(contents, 'model');
const bpe = { type: 'BPE', vocab: { a: 0, aa: 1 }, merges: ['a a'] };
const split = { type: 'Split', pattern: { String: 'a' }, behavior: 'Removed', invert: false };
const bytes = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
const metaspace = (replacement: string) => ({ type: 'Metaspace', replacement, prepend_scheme: 'always' });
const inSequence = (part: Json) => ({ type: 'Sequence', pretokenizers: [part] });
const regex = { type: 'Replace', pattern: { Regex: '(a|a)+$' }, content: '' };

describe('a part that is not read exactly is refused by name', () => {
  it.each<[string, Json, string]>([
    ['a regular expression that replaces', { normalizer: regex }, 'the normalizer "Replace" with a regular expression'],
    [
      'one inside a sequence',
      { normalizer: { type: 'Sequence', normalizers: [bert, regex] } },
      'with a regular expression',
    ],
    [
      'a regular expression that splits',
      { pre_tokenizer: { type: 'Split', pattern: { Regex: 'a*' }, behavior: 'Removed', invert: false } },
      'the pre-tokenizer "Split"',
    ],
    [
      'a mark that is put before the first word alone',
      { pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first' } },
      'the prepend_scheme "first"',
    ],
    [
      'a mark of several characters',
      { pre_tokenizer: { type: 'Metaspace', replacement: '__' } },
      'the pre-tokenizer "Metaspace" with the replacement',
    ],
    [
      'a blank before each text that only the file asks for',
      { pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true } },
      'add_prefix_space',
    ],
    [
      'words that each step makes twice as long',
      { pre_tokenizer: { type: 'Sequence', pretokenizers: Array.from({ length: 20 }, () => bytes) } },
      'a second pre-tokenizer "ByteLevel"',
    ],
    [
      'marks that are put before marks without end',
      { pre_tokenizer: { type: 'Sequence', pretokenizers: [metaspace('x'), inSequence(metaspace('y'))] } },
      'a second pre-tokenizer "Metaspace"',
    ],
    ['a split that is inverted', { pre_tokenizer: { ...split, invert: true } }, 'inverted'],
    ['a split of no kind', { pre_tokenizer: { ...split, behavior: 'Sideways' } }, 'the behavior "Sideways"'],
    ['BPE by chance', { model: { ...bpe, dropout: 0.1 } }, 'a dropout'],
    ['BPE with marks of its own', { model: { ...bpe, continuing_subword_prefix: '##' } }, 'continuing_subword_prefix'],
    ['BPE with one id twice', { model: { ...bpe, vocab: { a: 0, b: 0 } } }, 'two pieces of one id'],
    ['a WordLevel model', { model: { type: 'WordLevel', vocab: {} } }, 'the model "WordLevel"'],
    [
      'a piece as long as a page',
      { model: { type: 'Unigram', unk_id: 0, vocab: [['a'.repeat(300), -1]] } },
      'a piece of more than 256 characters',
    ],
    ['a post-processor', { post_processor: { type: 'Somersault' } }, 'the post_processor "Somersault"'],
    [
      'a text that grows without bound',
      { normalizer: { type: 'Replace', pattern: { String: 'a' }, content: 'a'.repeat(33) } },
      '32 times as long',
    ],
    [
      'words of any length',
      { model: { ...json('tokenizer.json').model, max_input_chars_per_word: 1e9 } },
      'max_input_chars_per_word',
    ],
  ])('%s', (_, changes, part) => {
    expect(() => read(general(changes))).toThrow(
      expect.objectContaining({ code: 'MP_MODEL_TOKENIZER', message: expect.stringContaining(part) }),
    );
  });

  it.each<[string, Json, string]>([
    [
      'a table that is none',
      { normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAAA' } },
      'shorter than it says',
    ],
    ['a table in no alphabet', { normalizer: { type: 'Precompiled', precompiled_charsmap: '§' } }, 'not base64'],
    ['a merge of pieces that are not there', { model: { ...bpe, merges: ['a z'] } }, 'merges[0] has a piece'],
    ['a merge of three', { model: { ...bpe, merges: ['a a a'] } }, 'merges[0] is not a pair'],
    ['an unknown token that is not there', { model: { ...bpe, unk_token: 'z' } }, 'there is no piece "z"'],
    ['no pieces', { model: { type: 'Unigram', unk_id: 0, vocab: [] } }, 'model.vocab is not a list of pieces'],
    ['a score that is none', { model: { type: 'Unigram', unk_id: 0, vocab: [['a', '1']] } }, 'model.vocab[0]'],
    ['an unknown piece that is not there', { model: { type: 'Unigram', unk_id: 5, vocab: [['a', 1]] } }, 'unk_id is 5'],
  ])('damage is told as such: %s', (_, changes, problem) => {
    expect(() => read(general(changes))).toThrow(
      expect.objectContaining({ code: 'MP_MODEL_FILE', message: expect.stringContaining(problem) }),
    );
  });

  it('a regular expression under a BERT class, without the advice to take another class', () => {
    const contents = { ...files, 'tokenizer.json': general({ normalizer: regex })['tokenizer.json'] };
    expect(() => read(contents)).toThrow(/with a regular expression.*take a model with a tokenizer that is read/);
  });

  it.each(['BertTokenizer', 'MPNetTokenizer'])('words that the class has not, with its name: %s', (tokenizer_class) => {
    const names = ['<s>', '</s>', '<pad>', '<mask>'];
    const model = {
      ...json('tokenizer.json').model,
      vocab: Object.fromEntries([...pieces, ...names].map((p, i) => [p, i])),
    };
    const added_tokens_decoder = Object.fromEntries(
      [...names, '[UNK]'].map((content) => [
        content === '[UNK]' ? 1 : pieces.length + names.indexOf(content),
        { content, special: true },
      ]),
    );
    const contents = {
      'tokenizer.json': JSON.stringify({ ...json('tokenizer.json'), model, pre_tokenizer: { type: 'Whitespace' } }),
      'tokenizer_config.json': JSON.stringify({ tokenizer_class, added_tokens_decoder }),
    };
    expect(() => read(contents)).toThrow(
      `the pre_tokenizer "Whitespace" under the tokenizer class "${tokenizer_class}"`,
    );
  });

  it('a class whose words are other than BERT’s', () => {
    const contents = {
      ...files,
      'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'BertJapaneseTokenizer' }),
    };
    expect(() => read(contents)).toThrow('the tokenizer class "BertJapaneseTokenizer"');
    expect(() => tokenizerFromFiles({ 'vocab.txt': files['vocab.txt'] }, 'model', { model_type: 'roberta' })).toThrow(
      'RobertaTokenizer',
    );
  });
});

describe('an id that is none is refused', () => {
  const tokenizer = json('tokenizer.json');
  const withVocab = (id: unknown) => ({
    ...files,
    'tokenizer.json': JSON.stringify({
      ...tokenizer,
      model: { ...tokenizer.model, vocab: { ...(tokenizer.model.vocab as Json), a: id } },
    }),
  });

  it.each([-1, 1.5, '5', null, 2 ** 31])('in the vocabulary: %s', (id) => {
    expect(() => read(withVocab(id))).toThrow('model.vocab.a is not a whole number from 0');
  });

  it('among the added tokens, wherever they stand', () => {
    const token = { content: 'x', special: false };
    const code = { code: 'MP_MODEL_FILE' };
    const added = {
      ...files,
      'tokenizer.json': JSON.stringify({ ...tokenizer, added_tokens: [{ ...token, id: -1 }] }),
    };
    expect(() => read(added)).toThrow(expect.objectContaining(code));
    const decoder = { ...files, 'tokenizer_config.json': JSON.stringify({ added_tokens_decoder: { '-1': token } }) };
    expect(() => read(decoder)).toThrow(expect.objectContaining(code));
    const legacy = { 'vocab.txt': files['vocab.txt'], 'added_tokens.json': JSON.stringify({ x: -1 }) };
    expect(() => read(legacy)).toThrow(expect.objectContaining(code));
  });
});

describe('vocab.txt', () => {
  const of = (text: string) => read({ 'vocab.txt': text });
  const start = '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n';

  it('has lines as Python has them: LF, CR LF or CR, and no others', () => {
    const tokenizer = of(start.replaceAll('\n', '\r').concat('a\u2028\nb\x85\r\nc\n'));
    expect([5, 6, 7].map((id) => tokenizer.piece(id))).toEqual(['a\u2028', 'b\x85', 'c']);
    expect(tokenizer.vocabularySize).toBe(8);
  });

  it('gives a piece that stands twice its last line, and blanks to the piece', () => {
    const tokenizer = of(`${start}a\nb \n\na\n`);
    expect([...tokenizer.encode('a b', undefined, 9).ids]).toEqual([2, 8, 1, 3]);
  });

  it('is refused with a byte order mark, which would be part of its first piece', () => {
    expect(() => of(`\ufeff${start}`)).toThrow('a byte order mark');
  });
});

it('the added tokens of a folder without tokenizer.json go with it into another', () => {
  const contents = {
    'vocab.txt': files['vocab.txt'],
    'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'BertTokenizer' }),
    'added_tokens.json': JSON.stringify({ 'a-b': 31, 'C d': 30 }),
    'special_tokens_map.json': JSON.stringify({ additional_special_tokens: ['<x>'] }),
  };
  const first = read(contents);
  const second = read(first.files);
  for (const text of ['a-b c d C D <x> A-B', 'ab<x>a-b']) {
    const ids = [...first.encode(text, undefined, 50).ids];
    expect(ids).toContain(pieces.length + 2); // <x>
    expect([...second.encode(text, undefined, 50).ids]).toEqual(ids);
  }
  expect(Object.keys(first.files).sort()).toEqual([
    'added_tokens.json',
    'special_tokens_map.json',
    'tokenizer.json',
    'tokenizer_config.json',
    'vocab.txt',
  ]);
});

it('a class named in config.json is written to the files, so that the new folder is read the same way', () => {
  const contents = { 'tokenizer.json': general({ normalizer: { ...bert, lowercase: false } })['tokenizer.json'] };
  const first = tokenizerFromFiles(contents, 'model', {
    model_type: 'bert',
    tokenizer_class: 'PreTrainedTokenizerFast',
  });
  const unknown = [2, 1, 3];
  expect([...first.encode('A', undefined, 9).ids]).toEqual(unknown);
  expect([...read(first.files).encode('A', undefined, 9).ids]).toEqual(unknown);
  expect([...read(contents).encode('A', undefined, 9).ids]).toEqual([2, 5, 3]);
});

describe('files changed by chance', () => {
  const added = [
    { id: 40, content: 'Ab', single_word: false, lstrip: true, rstrip: false, normalized: true, special: false },
    { id: 41, content: 'c d', single_word: true, lstrip: false, rstrip: true, normalized: false, special: false },
  ];
  const sequence = {
    type: 'Sequence',
    normalizers: [bert, { type: 'NFKC' }, { type: 'Replace', pattern: { String: 'a' }, content: 'bb' }],
  };
  const whole = json('tokenizer.json');
  const marked = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };
  const names = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const starts: Record<string, string>[] = [
    general({
      normalizer: { type: 'NFC' },
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
      model: {
        type: 'BPE',
        unk_token: null,
        ignore_merges: false,
        vocab: Object.fromEntries([...names, ...'abcdefgĠ!AMSK[]', 'ab', 'Ġa', 'Ġab'].map((piece, id) => [piece, id])),
        merges: [
          ['a', 'b'],
          ['Ġ', 'a'],
          ['Ġ', 'ab'],
        ],
      },
    }),
    general({
      normalizer: {
        type: 'Sequence',
        normalizers: [{ type: 'NFKC' }, { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' }],
      },
      pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, marked] },
      model: {
        type: 'Unigram',
        unk_id: 1,
        byte_fallback: false,
        vocab: [...names, ...'abcdefg▁', '▁a', 'ab', '▁ab'].map((piece, id) => [piece, -id / 2]),
      },
    }),
    files,
    {
      ...general({ normalizer: sequence, added_tokens: [...whole.added_tokens, ...added] }),
      'special_tokens_map.json': '{"additional_special_tokens": ["<x>"]}',
    },
    {
      'vocab.txt': files['vocab.txt'],
      'tokenizer_config.json': '{"do_lower_case": false, "mask_token": {"content": "[MASK]"}}',
      'added_tokens.json': '{"Ab": 40}',
    },
  ];
  const odd = fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0.5,
    1e300,
    '',
    'a',
    [],
    {},
    [null],
    { type: 'Sequence' },
    '__proto__',
    'Replace',
    '[UNK]',
    '\ud800',
    5,
  );

  /** Puts an odd value in the place of a value of the JSON, takes it out, or doubles it. */
  const mutate = (value: unknown, at: number, by: unknown): unknown => {
    let left = at;
    const walk = (node: unknown): unknown => {
      if (left-- === 0) return by;
      if (Array.isArray(node)) return node.map(walk);
      if (typeof node !== 'object' || node === null) return node;
      return Object.fromEntries(Object.entries(node).map(([key, item]) => [left === 0 ? String(by) : key, walk(item)]));
    };
    return walk(value);
  };

  it('give a sentence with a code, or a tokenizer whose ids lie in its vocabulary, in no time', () => {
    let refusals = 0;
    let tokenizers = 0;
    const change = fc.record({
      start: fc.nat(4),
      file: fc.nat(9),
      at: fc.nat(120),
      by: odd,
      cut: fc.option(fc.nat(900), { freq: 4 }),
      text: fc.string({ unit: 'binary', maxLength: 20 }),
    });
    fc.assert(
      fc.property(change, ({ start, file, at, by, cut, text }) => {
        const contents = { ...starts[start] };
        const names = Object.keys(contents);
        const name = names[file % names.length];
        if (cut !== null)
          contents[name] = contents[name].slice(0, cut) + (cut % 2 ? '\u0000' : '') + contents[name].slice(cut + 3);
        else if (name.endsWith('.json'))
          contents[name] = JSON.stringify(mutate(JSON.parse(contents[name]), at, by)) ?? '';
        else
          contents[name] = contents[name].replace(/\n/g, (end, place: number) =>
            place % 7 === at % 7 ? String(by) : end,
          );
        const started = performance.now();
        try {
          const tokenizer = read(contents);
          const { ids } = tokenizer.encode(`a Ab c d [MASK] ${text}!`, text, 64);
          for (const id of ids) expect(id >= 0 && id < tokenizer.vocabularySize).toBe(true);
          tokenizers++;
        } catch (error) {
          if (!(error instanceof PyramidError)) throw error;
          refusals++;
        }
        expect(performance.now() - started).toBeLessThan(2000); // ms; a hundredth of it alone
      }),
      { numRuns: Number(process.env.RUNS ?? 2000), seed: 16 },
    );
    expect(refusals).toBeGreaterThan(100);
    expect(tokenizers).toBeGreaterThan(100);
  });
});
