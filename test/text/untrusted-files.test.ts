import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGzip, gzipSync } from 'node:zlib';
import { parquetMetadata } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readExamples, type StreamOptions, streamRows, type TextRow } from '../../src/text/read-examples.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'untrusted-'));
});
afterAll(() => rm(dir, { recursive: true }));

async function rows(name: string, content: string | Uint8Array | null, options: StreamOptions = {}) {
  const path = join(dir, name);
  if (content !== null) await writeFile(path, content);
  const found: TextRow[] = [];
  for await (const row of streamRows(path, options)) found.push(row);
  return found;
}

const linux = process.platform === 'linux';

describe('what is no file of rows', () => {
  test.runIf(linux)(
    'is refused before it is read: a pipe, a socket, a device, a folder, a file one may not read',
    async () => {
      execFileSync('mkfifo', [join(dir, 'pipe.csv')]);
      await mkdir(join(dir, 'folder.parquet'));
      const server = createServer().listen(join(dir, 'socket.jsonl'));
      try {
        const kinds = { 'pipe.csv': 'a named pipe', 'folder.parquet': 'a folder', 'socket.jsonl': 'a socket' };
        for (const [name, kind] of Object.entries(kinds)) {
          await expect(rows(name, null), name).rejects.toThrow(`${name} is ${kind}, not a file; check the path`);
        }
      } finally {
        server.close();
      }
      await expect(streamRows('/dev/zero').next()).rejects.toMatchObject({ code: 'MP_FILE_MISSING' });
      await writeFile(join(dir, 'secret.csv'), 'text\nx\n');
      await chmod(join(dir, 'secret.csv'), 0);
      // root may read it all the same
      if (process.getuid?.() !== 0) {
        await expect(rows('secret.csv', null)).rejects.toMatchObject({ code: 'MP_FILE_MISSING' });
      }
    },
  );

  test.each([
    ['a.csv', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n', 'a Git LFS pointer'],
    ['b.parquet', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n', 'run "git lfs pull"'],
    ['c.jsonl.gz', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n', 'a Git LFS pointer'],
    ['d.parquet', '/annex/objects/SHA256E-s9--0.parquet\n', 'a git-annex pointer'],
    ['e.csv', '<!DOCTYPE html>\n<html>', 'a web page'],
    ['f.csv', 'PK\x03\x04', 'a zip or Excel file'],
    ['g.jsonl', 'PAR1', 'it is a parquet file; name it .parquet'],
  ])('%s says what it is', async (name, content, message) => {
    await expect(rows(name, content)).rejects.toThrow(message);
    await expect(rows(name, content)).rejects.toMatchObject({ code: 'MP_DATA_FILE' });
  });
});

describe('a row without an end', () => {
  const long = 2 ** 24 + 3_000_000;
  const x = 'x'.repeat(long);
  test.each([
    ['a.txt', `short\n${x}`, 'a.txt:2: the line is longer than 16,777,216 characters'],
    ['b.jsonl', `{"text":"a"}\n{"text":"${x}"}\n`, 'b.jsonl:2: the line is longer'],
    [
      'c.csv',
      `text,label\nx,1\n${x},2\n`,
      'c.csv:3: the row is longer than 16,777,216 characters; is a quote never closed?',
    ],
    ['d.csv', `text,label\nx,1\n"${'a,b\n'.repeat(long / 4)}`, 'd.csv:3: the row is longer'],
    ['e.json', `[{"text":"a"},{"text":"${x}"}]`, 'e.json:2: the row is longer'],
    ['f.tsv', `text\tlabel\n${x}`, 'f.tsv:2: the row is longer'],
  ])('is an error with its line in %s', async (name, content, message) => {
    await expect(rows(name, content)).rejects.toThrow(message);
  });

  test('is an error where a .gz of some kilobytes unpacks to gigabytes', async () => {
    const path = join(dir, 'bomb.txt.gz');
    const gzip = createGzip({ level: 9 });
    const bytes: Buffer[] = [];
    gzip.on('data', (piece: Buffer) => bytes.push(piece));
    const ended = new Promise((resolve) => gzip.on('end', resolve));
    for (let i = 0; i < 64; i++) gzip.write(Buffer.alloc(2 ** 20, 97));
    gzip.end();
    await ended;
    await writeFile(path, Buffer.concat(bytes));
    await expect(rows('bomb.txt.gz', null)).rejects.toThrow('bomb.txt.gz:1: the line is longer');
  });

  test('is not seen in many blank lines, which are none', async () => {
    expect(await rows('blank.csv', `text,label\n${'\n'.repeat(long + 4_000_000)}x,1\n`)).toMatchObject([{ text: 'x' }]);
  });
});

test('a file past two gigabytes is read from its beginning', async () => {
  const path = join(dir, 'large.csv');
  const file = await open(path, 'w');
  await file.write('text,label\nx,1\ny,2\n');
  await file.truncate(3 * 2 ** 30); // a hole: no space is taken
  await file.close();
  expect(await rows('large.csv', null, { limit: 2 })).toHaveLength(2);
  const parquet = join(dir, 'large.parquet');
  const other = await open(parquet, 'w');
  await other.truncate(3 * 2 ** 30);
  await other.close();
  await expect(rows('large.parquet', null)).rejects.toMatchObject({ code: 'MP_DATA_FILE' });
});

describe('a JSON array', () => {
  test.each([
    ['[{"text":"a"} {"text":"b"}]', 'row 1 of the array is not JSON'],
    ['[{"text":"a"},]', 'there is a comma before its end'],
    ['[,{"text":"a"}]', 'nothing before the comma'],
    ['[{"text":"a"}] x', 'text follows it'],
    ['[{"text":"a"}', 'ends before its last bracket'],
    ['[{"text":"a}]', 'ends before its last bracket'],
    ['[{"text":"a"}}]', 'is not JSON'],
  ])('%s is refused', async (content, message) => {
    await expect(rows('a.json', content)).rejects.toThrow(message);
  });

  test('is read wherever it is cut into pieces, brackets, quotes and backslashes in its texts included', async () => {
    const texts = ['a"]}', '\\', '\\"', '[{,', '\\\\"\\', 'é😀'];
    const filler = 'f'.repeat(2 ** 18 - 40);
    const all = Array.from({ length: 60 }, (_, i) => ({ text: filler.slice(i) })).flatMap((row) => [
      row,
      ...texts.map((text) => ({ text })),
    ]);
    const found = await rows('b.json', `\n\t${JSON.stringify(all)}\n`);
    expect(found.map(({ text }) => text)).toEqual(all.map(({ text }) => text));
  });
});

describe('a parquet file', () => {
  const texts = Array.from({ length: 3000 }, (_, i) => `text ${i}`);
  const sound = (codec: 'UNCOMPRESSED' | 'SNAPPY' = 'UNCOMPRESSED', rowGroupSize = 1000) =>
    Buffer.from(
      parquetWriteBuffer({
        columnData: [
          { name: 'text', data: texts, type: 'STRING' },
          { name: 'label', data: texts.map((_, i) => i % 2), type: 'INT32' },
        ],
        codec,
        rowGroupSize,
      }),
    );
  /** Where the first page of a column of the first row group begins. */
  const page = (bytes: Buffer, column: number) =>
    Number(parquetMetadata(new Uint8Array(bytes).buffer).row_groups[0].columns[column].meta_data!.data_page_offset);
  const zigzag = (value: number): number[] => {
    const bytes: number[] = [];
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    return [...bytes, rest];
  };
  /** The file with another header for the first page of a column: unpacked and packed size, values. */
  const withHeader = (unpacked: number, packed: number, values: number): Buffer => {
    const bytes = sound();
    const header = Buffer.from([
      0x15,
      0,
      0x15,
      ...zigzag(unpacked),
      0x15,
      ...zigzag(packed),
      0x2c,
      0x15,
      ...zigzag(values),
      0x15,
      0,
      0x15,
      6,
      0x15,
      6,
      0,
      0,
    ]);
    header.copy(bytes, page(bytes, 0));
    return bytes;
  };

  test.each([
    ['a size below zero, to read the same page for ever', withHeader(100, -40, 0)],
    ['a size below zero, unpacked', withHeader(-5, 100, 1000)],
    ['more values than there are rows', withHeader(100, 100, 2_000_000_000)],
    ['a page of gigabytes', withHeader(2 ** 31 - 1, 100, 1000)],
    ['a page that ends after its column', withHeader(100, 2 ** 30, 1000)],
    ['no end of its header', withHeader(100, 2, 1000)],
  ])('with a page header that says %s is refused at once', async (_, bytes) => {
    const begin = performance.now();
    await expect(rows('page.parquet', bytes)).rejects.toMatchObject({ code: 'MP_DATA_FILE' });
    // it used to be minutes or for ever; the rest is for a machine that does much else
    expect(performance.now() - begin).toBeLessThan(20_000);
  });

  test('with a run of two thousand million values where there are a hundred is an error, and the process lives', async () => {
    const bytes = Buffer.from(
      parquetWriteBuffer({
        columnData: [
          { name: 'text', data: texts.slice(0, 100).map((text, i) => (i % 9 ? text : null)), type: 'STRING' },
        ],
        codec: 'UNCOMPRESSED',
      }),
    );
    const reader = { view: new DataView(new Uint8Array(bytes).buffer), offset: page(bytes, 0) };
    parquetHeader(reader);
    // which rows have a text is written in runs: a run of 2^31 - 1 ones
    Buffer.from([0xfe, 0xff, 0xff, 0xff, 0x0f, 0x01]).copy(bytes, reader.offset);
    await expect(rows('run.parquet', bytes)).rejects.toThrow(
      'run.parquet: it cannot be read as parquet (Cannot add property',
    );
  });

  test('with two columns that are broken is one error, and the process lives', async () => {
    const rejections: unknown[] = [];
    const listen = (reason: unknown) => rejections.push(reason);
    process.on('unhandledRejection', listen);
    try {
      const bytes = sound('SNAPPY');
      for (const column of [0, 1]) bytes.fill(0xff, page(bytes, column), page(bytes, column) + 12);
      await expect(rows('two.parquet', bytes)).rejects.toMatchObject({ code: 'MP_DATA_FILE' });
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(rejections).toEqual([]);
    } finally {
      process.off('unhandledRejection', listen);
    }
  });

  test('gives all its rows in order, and another file after it, sound or not', async () => {
    for (let i = 0; i < 3; i++) {
      const found = await rows('sound.parquet', sound(i === 1 ? 'SNAPPY' : 'UNCOMPRESSED', i === 2 ? 5000 : 700));
      expect(found.map(({ text }) => text)).toEqual(texts);
      expect(found.map(({ line }) => line)).toEqual(texts.map((_, row) => row + 1));
      await expect(rows('broken.parquet', sound().subarray(9))).rejects.toMatchObject({ code: 'MP_DATA_FILE' });
    }
  });

  test('names a text that is not UTF-8 or is a list, with its row', async () => {
    const bytes = sound();
    bytes[bytes.indexOf('text 7')] = 0xff;
    await expect(rows('odd.parquet', bytes)).rejects.toThrow('odd.parquet:8: the text is not UTF-8');
    const lists = new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'text', data: [['a'], ['b']], type: 'JSON' },
          { name: 'label', data: [1, 2], type: 'INT32' },
        ],
      }),
    );
    await expect(rows('json.parquet', lists)).rejects.toThrow('json.parquet:1: the text is');
  });
});

test.runIf(linux)('a file is closed when its rows are left early, or its columns are wrong', async () => {
  const openFiles = () => readdirSync('/proc/self/fd').length;
  const lines = 'x,1\n'.repeat(300_000);
  const json = JSON.stringify(Array.from({ length: 60_000 }, () => ({ text: 'x', label: 1 })));
  const parquet = new Uint8Array(
    parquetWriteBuffer({ columnData: [{ name: 'text', data: Array.from({ length: 9000 }, String), type: 'STRING' }] }),
  );
  const files: [string, string | Uint8Array][] = [
    ['left.csv', `text,label\n${lines}`],
    ['left.csv.gz', gzipSync(`text,label\n${lines}`)],
    ['left.jsonl', '{"text":"x","label":1}\n'.repeat(60_000)],
    ['left.json', json],
    ['left.txt', lines],
    ['left.parquet', parquet],
  ];
  for (const [name, content] of files) await writeFile(join(dir, name), content);
  // the thread of parquet files has some of its own while it waits
  const settled = async (most: number) => expect.poll(openFiles, { timeout: 20_000 }).toBeLessThanOrEqual(most);
  const before = openFiles();
  for (const [name] of files) {
    expect(await rows(name, null, { limit: 3 }), name).toHaveLength(3);
    if (name !== 'left.txt')
      await expect(rows(name, null, { text: 'missing' }), name).rejects.toMatchObject({ code: 'MP_DATA_COLUMN' });
  }
  await settled(before);
  await expect(readExamples(join(dir, 'left.csv'), { label: 'none' })).rejects.toMatchObject({
    code: 'MP_DATA_COLUMN',
  });
  await settled(before);
});
