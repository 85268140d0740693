/**
 * Opens a data file as a table; the format is known from its name.
 */
import { stat } from 'node:fs/promises';
import { PyramidError } from '../errors.ts';
import { openCsv } from './csv-table.ts';
import { openJson, openJsonLines } from './json-table.ts';
import { openParquet } from './parquet-table.ts';
import type { Table, TableRow } from './table.ts';
import { utf8Lines } from './utf8-stream.ts';

export interface TableOptions {
  /** Whether the first line of a csv or tsv file names the columns. */
  readonly header?: boolean; // true
}

export const FORMATS = ['.csv', '.tsv', '.jsonl', '.ndjson', '.json', '.parquet', '.txt'] as const;

/**
 * Opens `path`; the format is known from its name, `.gz` after it allowed (not for parquet, compressed by itself).
 * Quotes are CSV quotes in `.csv`, ordinary characters in `.tsv`; a `.txt` file has one text a line.
 * @throws MP_FILE_MISSING, MP_DATA_FORMAT, MP_DATA_FILE (truncated or corrupt), MP_DATA_ROW (text that is not UTF-8)
 */
export async function openTable(path: string, options: TableOptions = {}): Promise<Table> {
  const found = await stat(path).catch(() => null);
  if (!found || found.isDirectory()) throw new PyramidError('MP_FILE_MISSING', { path, what: 'file' });
  const { header = true } = options;
  const name = path.toLowerCase();
  const format = FORMATS.find((extension) => name.endsWith(extension) || name.endsWith(`${extension}.gz`));
  switch (format) {
    case '.csv':
      return openCsv(path, { header, quotes: true, delimiter: ',' });
    case '.tsv':
      return openCsv(path, { header, quotes: false, delimiter: '\t' });
    case '.jsonl':
    case '.ndjson':
      return openJsonLines(path);
    case '.json':
      return openJson(path);
    case '.txt':
      return { columns: ['text'], rows: textRows(path) };
    case '.parquet':
      if (!name.endsWith('.gz')) return openParquet(path);
  }
  throw new PyramidError('MP_DATA_FORMAT', { path, known: FORMATS });
}

async function* textRows(path: string): AsyncGenerator<TableRow> {
  let line = 0;
  for await (const text of utf8Lines(path)) yield { kind: 'row', line: ++line, cells: [text] };
}
