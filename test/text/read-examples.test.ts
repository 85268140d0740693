import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ReadOptions,
  readExamples,
  type StreamOptions,
  streamRows,
  type TextRow,
} from '../../src/text/read-examples.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'examples-'));
});
afterAll(() => rm(dir, { recursive: true }));

let files = 0;
async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(dir, `${++files}-${name}`);
  await writeFile(path, content);
  return path;
}

async function rows(path: string, options: StreamOptions = {}): Promise<TextRow[]> {
  const result: TextRow[] = [];
  for await (const row of streamRows(path, options)) result.push(row);
  return result;
}

/** Reads a file of that name and content as a labelled set; errors without the folder's name. */
async function read(name: string, content: string | Uint8Array, options: ReadOptions = {}) {
  const path = await file(name, content);
  return readExamples(path, options).catch((error: Error) => {
    throw Object.assign(error, { message: error.message.replace(path, name) });
  });
}

const data = [
  { sentence1: 'He said "no".', sentence2: 'two\nlines, one\tfield', label: 'b' },
  { sentence1: '', sentence2: 'Ünïcödé 😀', label: 'a' },
  { sentence1: 'third', sentence2: 'x', label: 'b' },
];
const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
const keys = ['sentence1', 'sentence2', 'label'] as const;
const asCsv = (end: string) =>
  [keys.join(','), ...data.map((row) => keys.map((k) => quoted(row[k])).join(','))].join(end);
const asJsonLines = data.map((row) => JSON.stringify(row)).join('\n');
const asParquet = new Uint8Array(
  parquetWriteBuffer({
    columnData: keys.map((name) => ({ name, data: data.map((row) => row[name]), type: 'STRING' })),
  }),
);

describe('one data set in every format', () => {
  const formats: [string, string | Uint8Array][] = [
    ['a.csv', asCsv('\n')],
    ['bom-and-returns.csv', `\ufeff${asCsv('\r\n')}\r\n\r\n`],
    ['a.csv.gz', gzipSync(asCsv('\n'))],
    ['a.jsonl', asJsonLines],
    ['a.ndjson', `${asJsonLines.replaceAll('\n', '\r\n\r\n')}\r\n`],
    ['a.jsonl.gz', gzipSync(asJsonLines)],
    ['lines.json', asJsonLines],
    ['array.json', `\n ${JSON.stringify(data)}`],
    ['A.PARQUET', asParquet],
  ];
  for (const [name, content] of formats) {
    it(`reads ${name}`, async () => {
      const set = await read(name, content);
      expect(set).toMatchObject({ labels: ['a', 'b'], pairs: true });
      const found = set.examples.map(({ text, pair, label }) => [text, pair, set.labels[label]]);
      expect(found).toEqual(data.map((row) => keys.map((k) => row[k])));
    });
  }

  it('reads a .tsv with quotes as they stand', async () => {
    const set = await read('a.tsv', 'text\tlabel\n"He said\tx\n5" pipe "\ty\n');
    expect(set.examples.map((e) => e.text)).toEqual(['"He said', '5" pipe "']);
  });

  it('takes a misplaced quote in a .csv as it stands', async () => {
    const set = await read('a.csv', 'text,label\n5" pipe,1\n"one" or two,2\n"three ""3""",1\n');
    expect(set.examples.map((e) => e.text)).toEqual(['5" pipe', '"one" or two', 'three "3"']);
  });

  it('reads any cells that a csv can hold, with the line each row starts at', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', ' ', 'é', '😀') });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 }), async (pairs) => {
        const lines = pairs.map(([a, b]) => `${quoted(a)},${quoted(b)}`);
        const found = await rows(await file('any.csv', ['text,pair', ...lines].join('\r\n')));
        let line = 2;
        const expected = pairs.map(([text, pair], i) => {
          const row = { text, pair, line };
          line += lines[i].split('\n').length;
          return row;
        });
        expect(found).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe('columns', () => {
  it('are taken by name, case ignored', async () => {
    const set = await read('a.csv', 'Id,Body,Spam\n1,hello,yes\n2,bye,no\n', { text: 'body', label: 'SPAM' });
    expect(set).toMatchObject({
      labels: ['no', 'yes'],
      pairs: false,
      examples: [{ text: 'hello', label: 1 }, { text: 'bye' }],
    });
  });

  it('are taken by number where there is no header line', async () => {
    const set = await read('a.csv', '"2","t","d"\n"1","u","e"\n', { text: '2', pair: 1, label: 0 });
    expect(set.examples).toEqual([
      { text: 'd', pair: 't', label: 1 },
      { text: 'e', pair: 'u', label: 0 },
    ]);
  });

  it('that are not there are named, with those that are', async () => {
    await expect(read('a.csv', 'text,label\nx,1\n', { text: 'body' })).rejects.toThrow(
      'a.csv: no column "body"; the columns are text, label',
    );
    await expect(read('a.jsonl', '{"a": "x", "label": 1}')).rejects.toThrow(
      'no column "text"; the columns are a, label',
    );
    await expect(read('a.csv', 'text,kind\nx,1\n')).rejects.toThrow('no column "label"; the columns are text, kind');
    await expect(read('a.csv', 'x,1\n', { text: 0, label: 7 })).rejects.toThrow('no column "7"; the columns are 0, 1');
    await expect(read('a.csv', 'text,kind\nx,1\n')).rejects.toThrow('(give --label COLUMN; if the file has no header');
    await expect(read('a.csv', 'body,label\nx,1\n', { text: 'body', label: 1 })).rejects.toThrow(
      'one column is given by name ("body") and another by number (1); give names if',
    );
    // which of two is meant nobody can say: the first was taken without a word
    for (const head of ['text,text,label', 'text,label,label', 'sentence1,sentence2,sentence1,label'])
      await expect(read('a.csv', `${head}\n${head.replace(/\w+/g, 'x')}\n`)).rejects.toThrow('two columns are called');
    await expect(read('a.csv', 'b,b,label\nx,y,1\n', { text: 'b' })).rejects.toThrow('two columns are called "b"');
  });

  it('make a pair only if both are there and neither was chosen by the caller', async () => {
    const content = 'premise,hypothesis,text,label\np,h,t,1\np,h,t,2\n';
    expect((await read('a.csv', content)).examples[0]).toEqual({ text: 'p', pair: 'h', label: 0 });
    expect((await read('a.csv', content, { text: 'premise' })).examples[0]).toEqual({ text: 'p', label: 0 });
    expect((await read('a.csv', content, { pair: 'premise' })).examples[0]).toEqual({ text: 't', pair: 'p', label: 0 });
    expect((await read('a.csv', content.replace('hypothesis', 'other'))).examples[0]).toEqual({ text: 't', label: 0 });
  });

  it('that were found are told', async () => {
    const notes: string[] = [];
    await read('a.csv', 'text,label\n,1\nx,2\n', { onNote: (note) => notes.push(note.replace(/^.*-/, '')) });
    expect(notes).toEqual([
      'a.csv: text from column "text", label from column "label"',
      'a.csv: 1 of 2 texts are empty',
    ]);
  });
});

describe('labels', () => {
  it('are in numeric order if all are numbers, else alphabetical', async () => {
    expect((await read('a.csv', 'text,label\nx,10\nx,9\nx,-1\n')).labels).toEqual(['-1', '9', '10']);
    expect((await read('a.csv', 'text,label\nx,10\nx,9\nx,b\n')).labels).toEqual(['10', '9', 'b']);
    expect((await read('a.jsonl', '{"text":"x","label":true}\n{"text":"x","label":false}')).labels).toEqual([
      'false',
      'true',
    ]);
  });

  it('of training fix the order, and another one is an error with its line', async () => {
    const labels = ['spam', 'ham'];
    expect((await read('a.csv', 'text,label\nx,ham\n', { labels })).examples).toEqual([{ text: 'x', label: 1 }]);
    await expect(read('a.csv', 'text,label\nx,ham\ny,eggs\nz,bacon\n', { labels })).rejects.toThrow(
      'a.csv:3: label "eggs" does not occur in the training data; the labels are spam, ham (and 1 more such row: line 4)',
    );
  });

  it('need to be two', async () => {
    await expect(read('a.csv', 'text,label\nx,ham\ny,ham\n')).rejects.toMatchObject({ code: 'MP_DATA_ONE_CLASS' });
  });

  it('have their names in a parquet file of Hugging Face datasets', async () => {
    const info = { info: { features: { label: { names: ['neg', 'pos'], _type: 'ClassLabel' } } } };
    const numbered = (label: bigint[]) =>
      new Uint8Array(
        parquetWriteBuffer({
          columnData: [
            { name: 'text', data: label.map(String), type: 'STRING' },
            { name: 'label', data: label, type: 'INT64' },
          ],
          kvMetadata: [{ key: 'huggingface', value: JSON.stringify(info) }],
          rowGroupSize: 2,
        }),
      );
    const set = await read('a.parquet', numbered([1n, 0n, 1n]));
    expect(set.labels).toEqual(['neg', 'pos']);
    expect(set.examples.map((e) => e.label)).toEqual([1, 0, 1]);
    await expect(read('a.parquet', numbered([1n, 0n, -1n]))).rejects.toThrow('a.parquet:3: there is no label');
  });

  it('may be missing where texts are only to be classified', async () => {
    const path = await file('a.csv', 'text,label\nx,\ny,b\n');
    expect(await rows(path)).toEqual([
      { text: 'x', line: 2 },
      { text: 'y', label: 'b', line: 3 },
    ]);
    await expect(rows(path, { label: 'label' })).rejects.toThrow(':2: the label is empty');
  });
});

describe('files that cannot be read', () => {
  it('are missing, empty, or of no known format', async () => {
    await expect(readExamples(join(dir, 'no.csv'))).rejects.toMatchObject({ code: 'MP_FILE_MISSING' });
    await expect(readExamples(dir)).rejects.toMatchObject({ code: 'MP_FILE_MISSING' });
    await expect(read('a.xlsx', 'x')).rejects.toMatchObject({ code: 'MP_DATA_FORMAT' });
    const empty = {
      'a.csv': '',
      'b.csv': 'text,label\n',
      'c.jsonl': '\n',
      'd.json': '[]',
      'e.txt': '',
      'f.tsv': '\n',
      'g.parquet': '',
    };
    for (const [name, content] of Object.entries(empty)) {
      if (name !== 'e.txt') {
        await expect(read(name, content), name).rejects.toMatchObject({ code: 'MP_DATA_EMPTY' });
      }
      await expect(rows(await file(name, content)), name).rejects.toMatchObject({ code: 'MP_DATA_EMPTY' });
    }
  });

  it('are cut off or not what their name says', async () => {
    const cut: [string, Uint8Array][] = [
      ['a.csv.gz', gzipSync(asCsv('\n')).subarray(0, 60)],
      ['b.csv.gz', Buffer.from('text,label\n')],
      ['c.parquet', asParquet.subarray(0, asParquet.length - 20)],
      ['d.parquet', Buffer.from('text,label\n')],
    ];
    for (const [name, content] of cut) {
      await expect(read(name, content), name).rejects.toMatchObject({ code: 'MP_DATA_FILE' });
    }
    await expect(read('e.json', '[{"text": "x"')).rejects.toMatchObject({ code: 'MP_DATA_FILE' });
  });

  it('are not UTF-8, with the line', async () => {
    const start = `text,label\n${'é,a\n'.repeat(200_000)}`;
    const content = Buffer.concat([Buffer.from(start), Buffer.from([0x66, 0xff, 0x2c, 0x62, 0x0a])]);
    await expect(read('a.csv', content)).rejects.toThrow('a.csv:200002: the text is not UTF-8');
    await expect(read('c.jsonl', Buffer.from([0x7b, 0xc3]))).rejects.toThrow('c.jsonl:1: the text is');
  });
});

describe('rows that cannot be read', () => {
  it('are all found: the error shows the first, names the next few and counts the others', async () => {
    const content = 'text,label\nok,1\none\nok,2\n"2,1\n","3",2\nok,1\na,b,c\n,\n';
    await expect(read('a.csv', content)).rejects.toThrow(
      'a.csv:3: the row has 1 field, the header 2 (and 3 more such rows: lines 5, 8, 9); fix or remove the row',
    );
    await expect(read('b.csv', `text,label\nok,1\n${'x\n'.repeat(9)}`)).rejects.toThrow(
      '(and 8 more such rows: lines 4, 5, 6, 7, 8, …); fix',
    );
    const seen: number[] = [];
    const path = await file('a.csv', content);
    const good = await rows(path, { labelled: true, onProblem: ({ line }) => seen.push(line) });
    expect(seen.sort()).toEqual([3, 5, 8, 9]);
    expect(good.map((row) => row.line)).toEqual([2, 4, 7]);
    await expect(rows(path)).rejects.toMatchObject({ code: 'MP_DATA_ROW', details: { line: 3 } });
  });

  it('are told with what is wrong in each format', async () => {
    const bad: [string, string, string][] = [
      ['a.csv', 'text,label\n"never closed,1\nx,2\n', 'a.csv:2: a quoted field is not closed before the end'],
      ['b.csv', '"text,label\nx,1\n', 'b.csv:1: a quoted field is not closed before the end'],
      ['c.tsv', 'text\tlabel\na\tb\tc\n', 'c.tsv:2: the row has 3 fields, the header 2 (quotes are ordinary'],
      ['d.jsonl', '{"text":"x","label":1}\n\n{"text":\n', 'd.jsonl:3: the line is not JSON'],
      ['e.jsonl', '{"text":"x","label":1}\n[1]\n', 'e.jsonl:2: the row is an array, not an object'],
      ['f.jsonl', '7\n{"text":"x","label":1}\n', 'f.jsonl:1: the row is a number, not an object'],
      ['g.jsonl', '{"text":"x","label":1}\n{"text":7,"label":1}\n', 'g.jsonl:2: the text is of type number'],
      ['h.jsonl', '{"text":"x","label":1}\n{"label":1}\n', 'h.jsonl:2: there is no text'],
      ['i.jsonl', '{"text":"x","label":1}\n{"text":"x","label":[1]}\n', 'i.jsonl:2: the label is a list'],
      ['j.json', '[{"text":"x","label":1},{"text":"x","label":null}]', 'j.json:2: there is no label'],
      ['k.jsonl', 'nothing\n', 'k.jsonl:1: the line is not JSON'],
      ['l.jsonl', '{}\n{}\n', 'l.jsonl:1: the row has no columns'],
      ['m.json', '[{}]', 'm.json:1: the row has no columns'],
      ['n.json', '{}', 'n.json:1: the row has no columns'],
    ];
    for (const [name, content, message] of bad) await expect(read(name, content), name).rejects.toThrow(message);
  });

  it.each(['nothing', '{}'])('are told row by row where the first thousand are all %s', async (line) => {
    const path = await file('a.jsonl', `${`${line}\n`.repeat(1001)}{"text":"x"}\n`);
    const seen: string[] = [];
    expect(await rows(path, { onProblem: ({ problem }) => seen.push(problem) })).toEqual([]);
    expect(seen).toHaveLength(1002);
    expect(seen[0]).toContain(line === '{}' ? 'the row has no columns' : 'the line is not JSON');
    expect(seen[1001]).toContain('the key "text" comes first after 1000 rows without it');
  });
});

describe('streamRows', () => {
  it('reads a .txt file as one text a line', async () => {
    expect(await rows(await file('a.txt', 'one, "two"\r\n\nthree'))).toEqual([
      { text: 'one, "two"', line: 1 },
      { text: '', line: 2 },
      { text: 'three', line: 3 },
    ]);
  });

  it('stops at the limit, with the file closed', async () => {
    const path = await file('a.csv', `text,label\n${'x,1\n'.repeat(300_000)}broken\n`);
    expect((await rows(path, { limit: 5 })).map((row) => row.line)).toEqual([2, 3, 4, 5, 6]);
    expect((await readExamples(path, { limit: 4, labels: ['1'] })).examples.length).toBe(4);
  });

  it('hands out rows before it has seen the end of the file', async () => {
    const end = Buffer.from([0xff, 0x0a]);
    const csv = Buffer.concat([Buffer.from(`text,label\n${'x,1\n'.repeat(150_000)}`), end]);
    const json = Buffer.concat([Buffer.from('{"text":"x","label":1}\n'.repeat(30_000)), end]);
    const long: [string, Uint8Array][] = [
      ['a.csv', csv],
      ['a.csv.gz', gzipSync(csv, { level: 1 })],
      ['a.jsonl', json],
      ['a.txt', json],
    ];
    for (const [name, content] of long) {
      let count = 0;
      const all = async () => {
        for await (const _ of streamRows(path)) count++;
      };
      const path = await file(name, content);
      await expect(all(), name).rejects.toMatchObject({ code: 'MP_DATA_ROW' });
      expect(count, name).toBeGreaterThan(1000);
    }
  });
});
