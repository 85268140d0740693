/** A data file of a test's own content, read as a user's is. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ReadOptions,
  readExamples,
  type StreamOptions,
  streamRows,
  type TextRow,
} from '../../src/text/read-examples.ts';

async function inFile<T>(name: string, content: string | Uint8Array, read: (path: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'data-file-'));
  try {
    const path = join(dir, name);
    await writeFile(path, content);
    return await read(path);
  } finally {
    await rm(dir, { recursive: true });
  }
}

export const readRows = (name: string, content: string | Uint8Array, options: StreamOptions = {}): Promise<TextRow[]> =>
  inFile(name, content, async (path) => {
    const found: TextRow[] = [];
    for await (const row of streamRows(path, options)) found.push(row);
    return found;
  });

/** The names of the labels, and each example's. */
export const readLabels = (name: string, content: string | Uint8Array, options: ReadOptions = {}) =>
  inFile(name, content, async (path) => {
    const { labels, examples } = await readExamples(path, options);
    return { labels, found: examples.map(({ label }) => labels[label]) };
  });
