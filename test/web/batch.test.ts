/** Batch without a browser: rows out of files of every shape, and the view of their answers. */
import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, test } from 'vitest';
import { resultsFile } from '../../web/src/batch/download.ts';
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
  test('are those that were written, whatever is in them and wherever the file is cut into pieces', async () => {
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
