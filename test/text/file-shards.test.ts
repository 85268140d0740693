// A file divided without a queue: the shards joined in their order are the file, however many there are.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { fileShard } from '../../src/text/file-shards.ts';
import { streamRows } from '../../src/text/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const write = (name: string, content: string | Uint8Array): string => {
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
};

async function texts(path: string, index: number, count: number): Promise<string[]> {
  const { read, parts } = await fileShard(path, {}, { index, count });
  const found: string[] = [];
  for (const { part } of parts)
    for await (const { text } of streamRows(path, { ...read, ...(part && { part }) })) found.push(text);
  return found;
}

async function shards(path: string, count: number): Promise<string[][]> {
  const found: string[][] = [];
  for (let index = 0; index < count; index++) found.push(await texts(path, index, count));
  return found;
}

const rows = Array.from({ length: 400 }, (_, i) => `text ${i}, "${'x'.repeat(i % 37)}"\nsecond line`);
const csv = `text,id\n${rows.map((row, i) => `"${row.replaceAll('"', '""')}",${i}\n`).join('')}`;

describe('the shards of a file', () => {
  test.each([1, 2, 3, 7, 400, 1000])('joined are the file: %i', async (count) => {
    const found = await shards(write('a.csv', csv), count);
    expect(found.flat()).toEqual(rows);
  });

  test('are about as large as one another', async () => {
    const sizes = (await shards(write('b.csv', csv), 4)).map((found) => found.length);
    expect(Math.min(...sizes)).toBeGreaterThan(80);
    expect(Math.max(...sizes)).toBeLessThan(125);
  });

  test('of JSON lines too', async () => {
    const path = write('c.jsonl', rows.map((text) => `${JSON.stringify({ text })}\n`).join(''));
    expect((await shards(path, 5)).flat()).toEqual(rows);
  });

  test('that cannot be cut is the first shard, and says why', async () => {
    const path = write('d.csv.gz', gzipSync(csv));
    expect((await shards(path, 3)).map((found) => found.length)).toEqual([400, 0, 0]);
    expect((await fileShard(path, {}, { index: 2, count: 3 })).whole).toBe('it is packed');
  });
});
