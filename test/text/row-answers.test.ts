import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ReadOptions, readExamples } from '../../src/text/read-examples.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'row-answers-'));
});
afterAll(() => rm(dir, { recursive: true }));

let files = 0;
async function read(name: string, content: string | Uint8Array, options: ReadOptions = {}) {
  const path = join(dir, `${++files}-${name}`);
  await writeFile(path, content);
  return readExamples(path, options).catch((error: Error) => {
    throw Object.assign(error, { message: error.message.replaceAll(path, name) });
  });
}
const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n');

describe('rows with any number of labels', () => {
  const expected = {
    problemType: 'multi_label_classification',
    labels: ['art', 'politics', 'sports'],
    targets: [
      [0, 1, 1],
      [0, 0, 0],
      [1, 0, 0],
    ],
  };
  const sets = [['sports', 'politics'], [], ['art']];
  const asParquet = (optional: boolean, classes?: readonly string[]) => {
    const repetition_type = optional ? ('OPTIONAL' as const) : ('REQUIRED' as const);
    return new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'text', data: ['x', 'y', 'z'] },
          {
            name: 'labels',
            data: classes ? sets.map((set) => set.map((label) => BigInt(classes.indexOf(label)))) : sets,
          },
        ],
        schema: [
          { name: 'root', num_children: 2 },
          { name: 'text', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
          { name: 'labels', repetition_type, converted_type: 'LIST', num_children: 1 },
          { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
          {
            name: 'element',
            repetition_type,
            ...(classes ? { type: 'INT64' } : { type: 'BYTE_ARRAY', converted_type: 'UTF8' }),
          },
        ],
        ...(classes && {
          kvMetadata: [
            {
              key: 'huggingface',
              value: JSON.stringify({
                info: { features: { labels: { feature: { names: classes, _type: 'ClassLabel' }, _type: 'List' } } },
              }),
            },
          ],
        }),
      }),
    );
  };
  const forms: [string, string, string | Uint8Array, ReadOptions][] = [
    ['a list in jsonl', 'a.jsonl', lines(sets.map((labels, i) => ({ text: `${i}`, labels }))), {}],
    ['a list in a parquet file', 'a.parquet', asParquet(true), {}],
    ['a list that is never missing', 'b.parquet', asParquet(false), {}],
    ['a list of classes of Hugging Face datasets', 'c.parquet', asParquet(true, ['sports', 'art', 'politics']), {}],
    ['a separator', 'a.csv', 'text,labels\nx,"sports| politics"\ny,\nz,art|\n', { labelSeparator: '|' }],
    [
      'a column each',
      'b.csv',
      'text,sports,art,politics\nx,1,0,true\ny,0,0,False\nz,0.0,1.0,0\n',
      { labelColumns: ['art', 'politics', 'sports'] },
    ],
  ];
  it.each(forms)('are read from %s, an empty one as no label', async (_, name, content, options) => {
    const { problemType, labels, examples } = await read(name, content, options);
    expect({ problemType, labels, targets: examples.map(({ target }) => target) }).toEqual(expected);
    expect(examples.map(({ label }) => label)).toEqual([-1, -1, -1]);
  });

  it('keep the labels and the order that training had', async () => {
    const known = ['sports', 'politics', 'art'];
    const options = { labels: known, problemType: 'multi_label_classification', labelSeparator: ';' } as const;
    const { labels, examples } = await read('a.csv', 'text,label\nx,art;sports\ny,\n', options);
    expect(labels).toEqual(known);
    expect(examples.map(({ target }) => target)).toEqual([
      [1, 0, 1],
      [0, 0, 0],
    ]);
    await expect(read('a.csv', 'text,label\nx,art;cooking\ny,\n', options)).rejects.toMatchObject({
      code: 'MP_DATA_LABEL',
      message: expect.stringContaining('a.csv:2: label "cooking"'),
    });
  });

  it.each(['|', ';', ','])(
    'are asked about where labels are made of others with %s between them',
    async (separator) => {
      const content = `text,label\nx,a\ny,b\nz,"a${separator} b"\n`;
      await expect(read('a.csv', content)).rejects.toMatchObject({
        code: 'MP_USAGE',
        message: `a.csv: the label "a${separator} b" is made of labels that other rows have, so that it may be one label or several; say --label-separator '${separator}' if a row may have several labels, or --problem-type single_label_classification if that is one`,
      });
      const one = await read('a.csv', content, { problemType: 'single_label_classification' });
      expect(one.labels).toHaveLength(3);
      expect((await read('a.csv', content, { labelSeparator: separator })).labels).toEqual(['a', 'b']);
    },
  );

  it('are not asked about where a part of a label is no label of other rows', async () => {
    const { labels } = await read('a.csv', 'text,label\nx,a\ny,"Washington, a"\nz,c|a\n');
    expect(labels).toHaveLength(3);
  });

  it('are named where a label is empty and others have a separator in them', async () => {
    const message = 'a.csv:3: the label is empty';
    await expect(read('a.csv', 'text,label\nx,a;b\ny,\nz,c\n')).rejects.toThrow(
      `${message}: if a row may have any number of labels, say --label-separator ';'; fix or remove the row`,
    );
    await expect(read('a.csv', 'text,label\nx,a\ny,\n')).rejects.toThrow(`${message}; fix`);
  });

  const refused: [string, string, string, ReadOptions, string, string][] = [
    [
      'a separator that is between no labels',
      'a.csv',
      'text,label\nx,a;b\ny,c\n',
      { labelSeparator: '|' },
      'MP_USAGE',
      'a.csv: the separator "|" is between no two labels of 2 rows; give --label-separator as the file has it, or leave it out if each row has one label',
    ],
    [
      'fields of which nobody says where the labels are',
      'a.csv',
      'text,label\nx,a;b\ny,c\n',
      { problemType: 'multi_label_classification' },
      'MP_USAGE',
      'a.csv: a row may have any number of labels, and nothing says where they are; give --label-separator for labels in one column, or --label-columns for a column each',
    ],
    [
      'a text among lists',
      'a.jsonl',
      lines([
        { text: 'x', label: ['a', 'b'] },
        { text: 'y', label: 'a' },
      ]),
      {},
      'MP_DATA_ROW',
      'a.jsonl:2: the label is one text, where other rows have a list of labels',
    ],
    [
      'a list where each row has one label',
      'a.jsonl',
      lines([
        { text: 'x', label: ['a'] },
        { text: 'y', label: ['b'] },
      ]),
      { problemType: 'single_label_classification' },
      'MP_DATA_ROW',
      'a.jsonl:1: the label is a list',
    ],
    [
      'a cell that is neither 0 nor 1',
      'a.csv',
      'text,a,b\nx,1,0\ny,0.3,1\nz,1,\n',
      { labelColumns: ['a', 'b'] },
      'MP_DATA_ROW',
      'a.csv:3: the column "a" is "0.3", not 0 or 1',
    ],
    [
      'an endless cell where 0 or 1 belongs',
      'a.csv',
      `text,a,b\nx,1,0\ny,${'z'.repeat(5000)},1\n`,
      { labelColumns: ['a', 'b'] },
      'MP_DATA_ROW',
      `a.csv:3: the column "a" is "${'z'.repeat(40)}", not 0 or 1`,
    ],
    [
      'a column for each label beside one for all',
      'a.csv',
      'text,a,b\nx,1,0\n',
      { labelColumns: ['a', 'b'], label: 'a' },
      'MP_USAGE',
      'a.csv: --label-columns has a column for each label, and --label or --label-separator a column for all; leave one of them out',
    ],
    [
      'labels that are the same in every row',
      'a.jsonl',
      lines([
        { text: 'x', label: ['a', 'b'] },
        { text: 'y', label: ['b', 'a'] },
      ]),
      {},
      'MP_DATA_ONE_CLASS',
      'a.jsonl: every row has the label "a, b"',
    ],
  ];
  it.each(refused)('are refused: %s', async (_, name, content, options, code, message) => {
    const error = await read(name, content, options).catch((one: Error) => one);
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
  });
});

describe('rows with a number', () => {
  it('keep it, whatever way it is written', async () => {
    const content = 'sentence1,sentence2,score\na,b,3.8\nc,d,-1e-1\ne,f,5\n';
    const set = await read('sts.csv', content, { label: 'score', problemType: 'regression' });
    expect(set).toMatchObject({ problemType: 'regression', labels: ['score'], pairs: true });
    expect(set.examples.map(({ target, label }) => [target, label])).toEqual([
      [[3.8], -1],
      [[-0.1], -1],
      [[5], -1],
    ]);
  });

  it('are refused where it is none, all rows at once', async () => {
    const content = 'text,label\na,3.8\nb,high\nc,low\n';
    await expect(read('a.csv', content, { problemType: 'regression' })).rejects.toMatchObject({
      code: 'MP_DATA_ROW',
      message: expect.stringContaining('a.csv:3: the label is "high", not a number'),
    });
  });

  it('are refused where all are the same', async () => {
    await expect(read('a.csv', 'text,label\na,3\nb,3.0\n', { problemType: 'regression' })).rejects.toMatchObject({
      code: 'MP_DATA_ONE_CLASS',
    });
  });
});

describe('numbers of which nobody says what they are', () => {
  const rows = (numbers: readonly number[]) => lines(numbers.map((label) => ({ text: 'x', label })));
  const fractions = Array.from({ length: 600 }, (_, i) => (i % 30) / 10);
  const asked =
    'a.jsonl: the labels are 30 different numbers, which may be classes or values on a scale; say --problem-type regression for values, or --problem-type single_label_classification if each number is a class';
  it('are asked about where they are fractions', async () => {
    await expect(read('a.jsonl', rows(fractions))).rejects.toThrow(asked);
    const said = await read('a.jsonl', rows(fractions), { problemType: 'single_label_classification' });
    expect(said.labels).toHaveLength(30);
  });
  it('are asked about where few rows have each', async () => {
    const four = Array.from({ length: 120 }, (_, i) => i % 30);
    await expect(read('a.jsonl', rows(four))).rejects.toThrow(asked);
  });
  it('are classes where they are few, or many rows have each', async () => {
    expect((await read('a.jsonl', rows([1, 2, 3, 4, 5, 4.5]))).labels).toHaveLength(6);
    const five = Array.from({ length: 150 }, (_, i) => i % 30);
    expect((await read('a.jsonl', rows(five))).labels).toHaveLength(30);
  });
});

describe('the label -1 beside 0, 1, …', () => {
  const labels = [1, 0, -1, 1, -1];
  const asParquet = (labels: readonly number[]) =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'text', data: labels.map((_, i) => `text ${i}`), type: 'STRING' },
          { name: 'label', data: [...labels], type: 'INT32' },
        ],
      }),
    );
  const files = (labels: readonly number[]): [string, string | Uint8Array, number][] => [
    ['a.csv', `text,label\n${labels.map((label, i) => `text ${i},${label}`).join('\n')}\n`, 2],
    ['a.tsv', `text\tlabel\n${labels.map((label, i) => `text ${i}\t${label}.0`).join('\n')}\n`, 2],
    ['a.jsonl', lines(labels.map((label, i) => ({ text: `text ${i}`, label }))), 1],
    ['a.parquet', asParquet(labels), 1],
  ];

  it.each(files(labels))('is asked about in %s, since it may be no label at all', async (name, content, first) => {
    await expect(read(name, content)).rejects.toMatchObject({
      code: 'MP_USAGE',
      message: `${name}:${first + 2}: 2 rows have the label -1 beside 0 and above, which is how many data sets write that there is no label; remove these rows, or say --problem-type single_label_classification if -1 is a class`,
    });
    const said = await read(name, content, { problemType: 'single_label_classification' });
    expect(said.labels).toEqual(['-1', '0', '1']);
  });

  it.each(files(labels))('is no label of a model that has none such, in %s', async (name, content) => {
    await expect(read(name, content, { labels: ['0', '1'] })).rejects.toMatchObject({ code: 'MP_DATA_LABEL' });
  });

  it.each([
    ['-1 and 1', [-1, 1, 1], ['-1', '1']],
    ['-2 to 2', [-2, -1, 0, 1, 2], ['-2', '-1', '0', '1', '2']],
    ['0 and 1', [0, 1, 1], ['0', '1']],
  ])('is a class among %s', async (_, numbers, expected) => {
    for (const [name, content] of files(numbers)) expect((await read(name, content)).labels, name).toEqual(expected);
  });
});
