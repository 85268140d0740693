// Files cut into parts: the parts' rows, joined, are the rows of the file, whatever is in it and wherever it is cut.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { cutFile } from '../../src/text/cut-file.ts';
import type { FilePart } from '../../src/text/files/file-part.ts';
import type { RowProblem, StreamOptions, TextRow } from '../../src/text/index.ts';
import { streamRows } from '../../src/text/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
let files = 0;
const write = (extension: string, content: string | Uint8Array): string => {
  const path = join(root, `${files++}${extension}`);
  writeFileSync(path, content);
  return path;
};

/** Rows and problems, in the order they come. */
async function read(path: string, options: StreamOptions): Promise<(TextRow | RowProblem)[]> {
  const found: (TextRow | RowProblem)[] = [];
  for await (const row of streamRows(path, { ...options, onProblem: (problem) => found.push(problem) }))
    found.push(row);
  return found;
}

async function cutAndRead(path: string, bytes: number, names: Pick<StreamOptions, 'text' | 'pair'> = {}) {
  const { read: how, parts, whole } = await cutFile(path, { ...names, bytes });
  const joined: (TextRow | RowProblem)[] = [];
  for (const { part, rows } of parts) {
    const found = await read(path, { ...how, ...(part && { part }) });
    expect(found.length).toBe(rows);
    joined.push(...found);
  }
  return { how, parts, whole, joined };
}

const MARK = '\ufeff';
// what cutting could trip over: quotes, separators, line ends of all kinds, marks, long characters
const cell = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: fc.constantFrom('"', '""', ',', '\n', '\r\n', '\r', ' ', 'ä', '😀', MARK, 'a'), maxLength: 6 }),
);
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const ends = fc.constantFrom('\n', '\r\n');
const csvLine = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(cell, cell).map((cells) => cells.map(quoted).join(',')) },
  fc.constant(''), // an empty line
  fc.tuple(cell, cell).map((cells) => cells.join(',').replace(/[\r\n]/g, '')), // misplaced quotes, more fields
  fc.constant('only one'),
);
const csv = fc
  .tuple(
    fc.boolean(),
    fc.constantFrom('', 'sep=;\n'),
    ends,
    fc.array(fc.tuple(csvLine, ends), { minLength: 5, maxLength: 30 }),
    fc.boolean(),
  )
  .map(([mark, sep, end, rows, last]) => {
    const separator = sep ? ';' : ',';
    const body = rows.map(([line, lineEnd]) => (sep ? line.replaceAll('","', '";"') : line) + lineEnd).join('');
    const text = `${mark ? MARK : ''}${sep}text${separator}id${end}"first, of ""all""${end}"${separator}1${end}${body}`;
    return last ? text : text.replace(/\r?\n$/, '');
  });
const jsonLine = fc.oneof(
  { weight: 6, arbitrary: cell.map((text) => JSON.stringify({ text, id: 1 })) },
  cell.map((text) => JSON.stringify({ text, [text]: text })),
  fc.constantFrom('', '  ', '{"text": "cut', '[1]', '{"id": 1}', '{"text": 5}', `${MARK}{"text": "x"}`),
);
const jsonl = fc
  .tuple(fc.boolean(), fc.array(fc.tuple(jsonLine, ends), { minLength: 5, maxLength: 40 }), fc.boolean())
  .map(([mark, rows, last]) => {
    const text = `${mark ? MARK : ''}{"text": "first", "id": 0}\n${rows.map(([line, end]) => line + end).join('')}`;
    return last ? text : text.replace(/\r?\n$/, '');
  });
const txt = fc
  .tuple(fc.boolean(), fc.array(fc.tuple(cell, ends), { minLength: 5, maxLength: 40 }))
  .map(([mark, rows]) => (mark ? MARK : '') + rows.map(([line, end]) => line + end).join(''));
const size = fc.integer({ min: 1, max: 60 });

describe('the rows of all parts, joined, are the rows of the file, lines and problems included', () => {
  test.each([
    ['.csv', csv, {}],
    ['.tsv', csv.map((text) => text.replace('sep=;\n', '').replaceAll(/[,;]/g, '\t')), {}],
    ['.jsonl', jsonl, {}],
    ['.txt', txt, {}],
    ['.csv', csv, { text: 0 }],
  ] as const)('of a %s file', async (extension, arbitrary, names) => {
    let cuts = 0;
    await fc.assert(
      fc.asyncProperty(arbitrary, size, async (text, bytes) => {
        const path = write(extension, text);
        const { how, parts, joined } = await cutAndRead(path, bytes, names);
        expect(joined).toEqual(await read(path, how));
        const ranges = parts.map(({ part }) => part as FilePart);
        expect(ranges[0].from).toBe(0);
        expect(ranges.at(-1)!.to).toBe(Buffer.byteLength(text));
        for (const [i, { from }] of ranges.entries()) if (i > 0) expect(from).toBe(ranges[i - 1].to);
        cuts += parts.length - 1;
      }),
      { numRuns: 40 },
    );
    expect(cuts).toBeGreaterThan(100);
  });

  test('of a file whose quoted fields have line ends at every place where a part could begin', async () => {
    const row = '"a\n""b"",\r\n\n",1\r\n';
    const path = write('.csv', `text,id\r\n${row.repeat(50)}`);
    const { parts, joined } = await cutAndRead(path, 1);
    expect(parts.length).toBe(50);
    expect(joined).toEqual(await read(path, {}));
  });

  test('of a parquet file, by its row groups', async () => {
    const texts = Array.from({ length: 250 }, (_, i) => `text ${i} ${'x'.repeat(i % 60)}`);
    const columnData = [{ name: 'text', data: texts, type: 'STRING' as const }];
    const path = write(
      '.parquet',
      new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 40, codec: 'UNCOMPRESSED' })),
    );
    const { parts, joined } = await cutAndRead(path, 1500);
    expect(parts.map(({ part }) => [part!.from, part!.to])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
      [5, 6],
      [6, 7],
    ]);
    expect(joined).toEqual(await read(path, {}));
    expect((await cutAndRead(path, 1 << 20)).parts.length).toBe(1);
  });
});

describe('a row that is not UTF-8 is a problem of its own, and its neighbours are read', () => {
  const problem = 'the text is not UTF-8 (convert it to UTF-8)';
  /** Cells of bytes: some that no UTF-8 has, characters that are cut off, quotes around them. */
  const bad = fc.constantFrom(
    '\xff',
    'caf\xe9',
    '\xe2\x82',
    '"\xf0\x9f\n\xff"',
    '\xed\xa0\x80',
    'a\xc0\xafb',
    '"\xff\r\n\xfe"',
  );
  const good = fc
    .constantFrom('a', 'ä', '😀', '"b\n\r\nä"', '\ufffd')
    .map((text) => Buffer.from(text).toString('latin1'));
  const row = fc.tuple(fc.boolean(), bad, good, ends);

  test.each([
    ['.csv', 'text,id\n', (cell: string) => `${cell},1`, {}],
    ['.csv', '', (cell: string) => `${cell},1`, { text: 0 }],
    ['.csv', '\xef\xbb\xbfsep=;\ntext;id\n', (cell: string) => `${cell};1`, {}],
    ['.tsv', 'text\tid\n', (cell: string) => `${cell.replaceAll(/[\r\n]/g, ' ')}\t1`, {}],
    ['.jsonl', '{"text":"x"}\n', (cell: string) => `{"text":"${cell.replaceAll(/["\r\n]/g, '')}"}`, {}],
    ['.txt', 'x\n', (cell: string) => cell.replaceAll(/[\r\n]/g, ''), {}],
  ] as const)('%s after %j, whole and in parts', async (extension, start, line, names) => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 4, maxLength: 30 }), size, async (rows, bytes) => {
        const text = start + rows.map(([isBad, wrong, right, end]) => line(isBad ? wrong : right) + end).join('');
        const path = write(extension, Buffer.from(text, 'latin1'));
        const { joined, how, parts } = await cutAndRead(path, bytes, names);
        expect(joined).toEqual(await read(path, how));
        const found = joined.slice(-rows.length).map((one) => ('problem' in one ? one.problem : 'read'));
        expect(found).toEqual(rows.map(([isBad]) => (isBad ? problem : 'read')));
        const { notUtf8 } = await cutFile(path, { ...names, bytes });
        expect(notUtf8?.rows ?? 0).toBe(rows.filter(([isBad]) => isBad).length);
        expect(notUtf8?.line ?? null).toBe(joined.find((one) => 'problem' in one)?.line ?? null);
        // each part begins where a row does
        const lineEnds = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
        for (const { part } of parts) expect(lineEnds).toContain(part!.from);
      }),
      { numRuns: 40 },
    );
  });

  test('wherever the stretches of a large file end', async () => {
    const wide = '{"text":"ä😀€"}\n';
    const lines = Array.from({ length: 60_000 }, (_, i) =>
      i % 997 === 5 ? '{"text":"\xe4"}\n' : Buffer.from(wide).toString('latin1'),
    );
    const path = write('.jsonl', Buffer.from(lines.join(''), 'latin1'));
    const found = await read(path, { text: 'text' });
    expect(found.length).toBe(60_000);
    for (const [i, one] of found.entries())
      if (i % 997 === 5) expect(one).toEqual({ kind: 'problem', line: i + 1, problem });
      else if (!('text' in one) || one.text !== 'ä😀€') throw new Error(`row ${i} is ${JSON.stringify(one)}`);
  });
});

describe('columns', () => {
  test('are settled on the whole file: a part whose first rows lack one is read all the same', async () => {
    const rows = ['{"body": "a", "id": 1}', ...Array.from({ length: 5 }, () => '{"id": 2}'), '{"body": "b"}'];
    const path = write('.jsonl', `${rows.join('\n')}\n`);
    const { how, joined } = await cutAndRead(path, 1);
    expect(how).toEqual({ text: 'body', keys: ['body', 'id'] });
    expect(joined.map((row) => ('problem' in row ? row.problem : row.text))).toEqual([
      'a',
      ...Array.from({ length: 5 }, () => 'there is no text'),
      'b',
    ]);
  });

  test('the separator too', async () => {
    const path = write('.csv', 'text;id\na;1\n"b,c,d";2\n');
    const { how, joined } = await cutAndRead(path, 1);
    expect(how).toEqual({ text: 'text', delimiter: ';' });
    expect(joined).toMatchObject([{ text: 'a' }, { text: 'b,c,d', line: 3 }]);
  });

  test('of a pair are both kept', async () => {
    const path = write('.csv', 'sentence1,sentence2\na,b\nc,d\n');
    const { how, joined } = await cutAndRead(path, 1);
    expect(how).toMatchObject({ text: 'sentence1', pair: 'sentence2' });
    expect(joined).toMatchObject([
      { text: 'a', pair: 'b' },
      { text: 'c', pair: 'd' },
    ]);
  });
});

describe('a file that cannot be cut is one part, with the reason', () => {
  test.each([
    ['.csv.gz', gzipSync('text\na\nb\n'), 'it is packed'],
    ['.jsonl.gz', gzipSync('{"text": "a"}\n{"text": "b"}\n'), 'it is packed'],
    ['.json', '[{"text": "a"}, {"text": "b"}]', 'it is a .json file'],
    ['.csv', Buffer.from(`${MARK}text\na\nb\n`, 'utf16le'), 'it is not UTF-8'],
    ['.jsonl', Buffer.from(`${MARK}{"text": "a"}\n{"text": "b"}\n`, 'utf16le'), 'it is not UTF-8'],
  ])('%s', async (extension, content, why) => {
    const path = write(extension, content);
    const { parts, whole, joined } = await cutAndRead(path, 1);
    expect({ parts, whole }).toEqual({ parts: [{ part: null, rows: 2 }], whole: why });
    expect(joined).toMatchObject([{ text: 'a' }, { text: 'b' }]);
  });
});

describe('what cannot be read at all is found when the file is cut', () => {
  test.each([
    ['.csv', 'text\n', 'MP_DATA_EMPTY'],
    ['.jsonl', '\n\n', 'MP_DATA_EMPTY'],
    ['.csv', 'a,b\n1,2\n', 'MP_DATA_COLUMN'],
    ['.csv', Buffer.concat([Buffer.from('text\xff,id\nb,1\n', 'latin1')]), 'MP_DATA_ROW'], // its columns are not known
    ['.csv', Buffer.concat([Buffer.from('sep=\xff\ntext\nb\n', 'latin1')]), 'MP_DATA_ROW'],
    ['.parquet', 'PAR1', 'MP_DATA_FILE'],
  ])('%s: %j', async (extension, content, code) => {
    await expect(cutFile(write(extension, content), { bytes: 1 })).rejects.toMatchObject({ code });
  });
});

test('JSON lines with a label, and with numbers as keys, are read in parts as in the whole file', async () => {
  const rows = Array.from({ length: 40 }, (_, i) => ({ text: `text ${i}`, label: i % 2 ? 'a' : 'b', category: i }));
  const path = write('.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const { read: how, parts } = await cutFile(path, { bytes: 200 });
  expect(parts.length).toBeGreaterThan(5);
  const found: TextRow[] = [];
  for (const { part } of parts)
    for await (const row of streamRows(path, { ...how, wholeRows: true, ...(part && { part }) })) found.push(row);
  expect(found.map(({ row }) => row)).toEqual(rows);
  const numbers = rows.map(({ text }, i) => `${JSON.stringify({ 1: text, 2: `other ${i}` })}\n`);
  const { joined } = await cutAndRead(write('.jsonl', numbers.join('')), 200, { text: '2' });
  expect(joined.map((row) => 'text' in row && row.text)).toEqual(rows.map((_, i) => `other ${i}`));
});
