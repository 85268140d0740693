/** Batch without a browser: rows out of files of every shape, and the view of their answers. */
import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/engine/index.ts';
import { type DownloadKind, resultsFile } from '../../web/src/batch/download.ts';
import { everything, Results, type View } from '../../web/src/batch/results.ts';
import { openRows, type ReadProgress, type Row } from '../../web/src/batch/row-source.ts';
import { visibleRows } from '../../web/src/batch/visible-rows.ts';

const read = async (name: string, content: string | Uint8Array<ArrayBuffer>) => {
  const source = await openRows(new File([content], name));
  const progress: ReadProgress = { bytes: 0, bad: 0, firstBad: null };
  const rows: Row[] = [];
  for await (const row of source.rows(progress)) rows.push(row);
  return { columns: source.columns, rows, progress, size: source.size };
};

describe('rows of a csv file', () => {
  test('are those that were written, whatever they contain and wherever the file is split', async () => {
    const cell = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('', '"', ',', 'a\nb', 'a\r\nb', '€"ü,', '\t;'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 20 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.integer({ min: 65_400, max: 65_600 }),
        async (cells, newline, mark, filler) => {
          // the first row is as long as a piece, so that pieces end anywhere in the others
          const table = [
            ['one', 'two', 'three'],
            ['x', 'ä'.repeat(filler / 2), 'y'],
            ...cells.map(([a, b, c]) => [`r${a}`, b, c]),
          ];
          const { columns, rows, progress, size } = await read(
            'a.csv',
            `${mark ? '\uFEFF' : ''}${Papa.unparse(table, { newline })}${newline}`,
          );
          expect(columns).toEqual(table[0]);
          expect(rows).toEqual(table.slice(1));
          expect(progress.bytes).toBe(size);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('may be separated by tabs or semicolons, short, long or blank', async () => {
    expect((await read('a.tsv', 'a\tb\n1\t2\n3\n\n4\t5\t6')).rows).toEqual([
      ['1', '2'],
      ['3', ''],
      ['4', '5'],
    ]);
    expect((await read('a.csv', 'a;b\n1,5;2\n')).rows).toEqual([['1,5', '2']]);
  });

  test('with a quote that is never closed end in a sentence, not in all of the memory', async () => {
    const content = `a,b\n1,"${'x,y\n'.repeat(5_000_000)}`;
    await expect(read('a.csv', content)).rejects.toThrow('a.csv: a quote in row 2 is never closed');
  });

  test('are refused with a sentence where there are none', async () => {
    await expect(read('a.csv', 'a,b\n')).rejects.toThrow('a.csv: the file holds no rows');
    await expect(read('a.xlsx', 'PK')).rejects.toThrow('a.xlsx: give a .csv, .tsv or .jsonl file');
  });
});

test('rows of jsonl keep their values, and lines that are no objects are counted', async () => {
  const lines = ['{"text":"a €","n":1}', '', 'oops', '[1]', '{"n":null,"text":"b"}', '{"text":{"deep":true}}'];
  const { columns, rows, progress } = await read('a.jsonl', lines.join('\r\n'));
  expect(columns).toEqual(['text', 'n']);
  expect(rows).toEqual([
    ['a €', '1'],
    ['b', ''],
    ['{"deep":true}', ''],
  ]);
  expect([progress.bad, progress.firstBad]).toEqual([2, 3]);
});

const labels = ['b', 'a', 'c'];
const answers = fc.array(
  fc.record({
    label: fc.constantFrom(...labels),
    score: fc.float({ min: -2, max: 2, noNaN: true, noDefaultInfinity: true }),
    exit: fc.integer({ min: 1, max: 12 }),
  }),
  { maxLength: 60 },
);
const filled = (all: readonly { label: string; score: number; exit: number }[]) => {
  const results = new Results(['text'], 0);
  for (const [i, answer] of all.entries()) {
    results.addRow([`text ${i}`]);
    results.addAnswer({ ...answer, tokens: [3], truncated: false, flops: 1 });
  }
  return results;
};

test('a view is the rows that fit, in its order, equal ones as in the file', () => {
  fc.assert(
    fc.property(
      answers,
      fc.constantFrom('row', 'label', 'score', 'exit') as fc.Arbitrary<View['sort']>,
      fc.boolean(),
      fc.constantFrom(null, ...labels),
      fc.constantFrom(null, 1, 2),
      (all, sort, descending, label, exit) => {
        const view: View = { label, exit, from: -1, to: 1.5, sort, descending };
        const key = (i: number) => (sort === 'row' ? i : all[i][sort]);
        const expected = all
          .map((_, i) => i)
          .filter((i) => (label === null || all[i].label === label) && (exit === null || all[i].exit === exit))
          .filter((i) => all[i].score >= -1 && all[i].score <= 1.5)
          .sort((a, b) => (key(a) === key(b) ? a - b : key(a) < key(b) === descending ? 1 : -1));
        expect([...filled(all).select(view)]).toEqual(expected);
      },
    ),
  );
});

test('what is downloaded is what is shown, under names that the file did not have', async () => {
  const results = new Results(['text', 'label'], 0);
  results.addRow(['a "b",\nc', 'old']);
  results.addAnswer({ label: 'new', score: 0.25, exit: 2, tokens: [3], truncated: false, flops: 1 });
  const rows = results.select(everything);
  expect(await (await resultsFile(results, rows, 'csv')).text()).toBe(
    'text,label,predicted_label,score,exit\n"a ""b"",\nc",old,new,0.25,2\n',
  );
  expect(await (await resultsFile(results, rows, 'jsonl')).text()).toBe(
    '{"text":"a \\"b\\",\\nc","label":"old","predicted_label":"new","score":0.25,"exit":2}\n',
  );
});

const answered = (all: readonly Partial<Answer>[], modelLabels?: readonly string[]) => {
  const results = new Results(['text'], 0, modelLabels);
  for (const [i, answer] of all.entries()) {
    results.addRow([`text ${i}`]);
    results.addAnswer({ label: 'a', score: 0.5, exit: 1, tokens: [3], truncated: false, flops: 1, ...answer });
  }
  return results;
};
const fileOf = async (results: Results, kind: DownloadKind) =>
  (await (await resultsFile(results, results.select(everything), kind)).text()).trimEnd().split('\n');

test('numbers are shown and downloaded as they are, and bounded as they are', async () => {
  const results = answered([1.77, -3, 0.5].map((score) => ({ label: 'stars', score })));
  expect([...results.select(everything)]).toEqual([0, 1, 2]);
  expect([...results.select({ ...everything, sort: 'score' })]).toEqual([1, 2, 0]);
  expect([...results.select({ ...everything, from: -3, to: 1 })]).toEqual([1, 2]);
  expect(await fileOf(results, 'csv')).toEqual([
    'text,label,score,exit',
    'text 0,stars,1.77,1',
    'text 1,stars,-3,1',
    'text 2,stars,0.5,1',
  ]);
  expect(JSON.parse((await fileOf(results, 'jsonl'))[1])).toMatchObject({ label: 'stars', score: -3 });
});

describe('answers with any number of labels', () => {
  const results = answered([
    { labels: ['a', 'b'] },
    { labels: [] },
    { labels: ['b'], label: 'b' },
    { labels: ['a', 'b'] },
  ]);

  test('show all of them, or that there is none, and each label counts', () => {
    expect([0, 1, 2, 3].map((i) => results.at(i).label)).toEqual(['a, b', '', 'b', 'a, b']);
    expect([0, 1].map((i) => results.at(i).labels)).toEqual([['a', 'b'], []]);
    expect(results.labelCounts).toEqual([
      ['b', 3],
      ['a', 2],
      ['no label', 1],
    ]);
  });

  test('are found by any of their labels, and sorted', () => {
    const select = (view: Partial<View>) => [...results.select({ ...everything, ...view })];
    expect(select({ label: 'a' })).toEqual([0, 3]);
    expect(select({ label: 'b' })).toEqual([0, 2, 3]);
    expect(select({ label: 'c' })).toEqual([]);
    expect(select({ sort: 'label' })).toEqual([1, 0, 3, 2]);
  });

  test('are downloaded joined in a csv file, and as lists in jsonl', async () => {
    expect((await fileOf(results, 'csv')).slice(0, 4)).toEqual([
      'text,labels,score,exit',
      'text 0,"a, b",0.5,1',
      'text 1,,0.5,1',
      'text 2,b,0.5,1',
    ]);
    const rows = (await fileOf(results, 'jsonl')).map((line) => JSON.parse(line));
    expect(rows.map(({ labels }) => labels)).toEqual([['a', 'b'], [], ['b'], ['a', 'b']]);
    expect(rows[0]).not.toHaveProperty('label');
  });
});

test('an answer that the model abstains from is "unsure", not its labels; a label of that name stays one', async () => {
  const unsure = { label: 'unsure', labels: ['a'] };
  const results = answered([unsure, { labels: ['a'] }], ['a', 'b']);
  expect(results.at(0).label).toBe('unsure');
  expect([...results.select({ ...everything, label: 'unsure' })]).toEqual([0]);
  expect((await fileOf(results, 'csv'))[1]).toBe('text 0,unsure,0.5,1');
  expect(answered([unsure], ['a', 'unsure']).at(0).label).toBe('a');
  expect(answered([{ label: 'unsure' }]).labelCounts).toEqual([['unsure', 1]]);
});

test('the rows in sight are within the list, and cover the window', () => {
  fc.assert(
    fc.property(fc.nat(200_000), fc.nat(10_000_000), fc.nat(2000), (count, top, height) => {
      const { first, end } = visibleRows(count, 36, top, height);
      expect(first).toBeGreaterThanOrEqual(0);
      expect(end).toBeLessThanOrEqual(count);
      expect(end - first).toBeLessThan(height / 36 + 25);
      for (const row of [Math.floor(top / 36), Math.floor((top + height) / 36)])
        if (row < count) expect(row >= first && row <= end).toBe(true);
    }),
  );
});

test('a csv download holds no formulas, and its numbers stay numbers', async () => {
  const cells = {
    formulas: ['=1+1', '+1', '@SUM(A1)', '-1+cmd', '\t=1', '\r=1', '＝1', '－1', ' =1', '"=1"', '-', '-0.5x'],
    others: ['-0.5', '-12', '-1e-7', '-.5', '7', 'a=b', "it's", '', '1-2'],
  };
  const all = [...cells.formulas, ...cells.others];
  const results = new Results(['=head', 'text'], 1);
  for (const cell of all) {
    results.addRow([cell, 'x']);
    results.addAnswer({ label: '@label', score: -0.25, exit: 1, tokens: [3], truncated: false, flops: 1 });
  }
  const shown = results.select({ ...everything, from: -1 });
  const text = await (await resultsFile(results, shown, 'csv')).text();
  const [heads, ...rows] = Papa.parse<string[]>(text, { newline: '\n', skipEmptyLines: true }).data;
  expect(heads[0]).toBe("'=head");
  expect(rows.map((row) => row[0])).toEqual([...cells.formulas.map((cell) => `'${cell}`), ...cells.others]);
  expect(rows.every((row) => row[2] === "'@label" && row[3] === '-0.25')).toBe(true);
  const json = await (await resultsFile(results, shown, 'jsonl')).text();
  expect(JSON.parse(json.split('\n')[0])['=head']).toBe('=1+1');
});

test('text that cannot be decoded is an error, and UTF-16 with a mark is read', async () => {
  const latin1 = Buffer.concat([Buffer.from('a,b\n1,2\n'), Buffer.from([0xe9, 0x2c, 0x0a])]);
  await expect(read('a.csv', new Uint8Array(latin1))).rejects.toThrow('a.csv: the text is not UTF-8');
  await expect(read('a.jsonl', new Uint8Array([0x7b, 0x7d, 0x0a, 0xff]))).rejects.toThrow('a.jsonl: the text is not');
  const utf16 = new Uint8Array(Buffer.from('\ufeffa,b\né,2\n', 'utf16le'));
  expect(await read('a.csv', utf16)).toMatchObject({ columns: ['a', 'b'], rows: [['é', '2']] });
  await expect(read('b.csv', utf16.subarray(2))).rejects.toThrow('UTF-16 without a byte-order mark');
});

test('a jsonl file without line ends ends in a sentence, and keys that are words of JavaScript are only keys', async () => {
  await expect(read('a.jsonl', `{"text":"a"}\n${'x'.repeat(2 ** 24 + 1e6)}`)).rejects.toThrow('line 2 is too long');
  const { columns, rows } = await read('b.jsonl', '{"__proto__":"a","constructor":"b","text":"c"}\n{"text":"d"}');
  expect(columns).toEqual(['__proto__', 'constructor', 'text']);
  expect(rows).toEqual([
    ['a', 'b', 'c'],
    ['', '', 'd'],
  ]);
});
