/**
 * Opens a data file as a table; the format is known from its name.
 */
import { PyramidError } from '../../errors.ts';
import { openCsv } from './csv-table.ts';
import { checkDataFile } from './data-file.ts';
import type { FilePart } from './file-part.ts';
import { NOT_UTF8 } from './forgiving-utf8.ts';
import { FORMATS, formatOf } from './format.ts';
import { openJson, openJsonLines } from './json-table.ts';
import { openParquet } from './parquet-table.ts';
import type { Table, TableRow } from './table.ts';
import { fileLines } from './text-stream.ts';

export interface TableOptions {
  /** Whether the first line of a csv or tsv file names the columns. */
  readonly header?: boolean; // true
  /** What separates the fields of a csv or tsv file. Without: a tab in .tsv, in .csv what the file shows. */
  readonly delimiter?: string;
  /** Columns that are needed at least: a csv file that has as many by its commas is separated by commas. */
  readonly columns?: number; // 2
  /** The file's part that is read; without, all of it. */
  readonly part?: FilePart;
  /** The keys of JSON rows that are columns. Without: those of the first rows. */
  readonly keys?: readonly string[];
  /** Called at the end of each record of a csv or tsv file, see `CsvOptions`. */
  readonly onRecord?: (bytes: number, lines: number) => void;
}

/**
 * Opens `path`; the format is known from its name, `.gz` after it allowed (not for parquet, compressed by itself).
 * Quotes are CSV quotes in `.csv`, ordinary characters in `.tsv`; a `.txt` file has one text a line.
 * @throws MP_FILE_MISSING, MP_DATA_FORMAT, MP_DATA_FILE (truncated, corrupt or something else), MP_DATA_ROW (a header
 *   line or a .json file that is not UTF-8, a row that is too long)
 */
export async function openTable(path: string, options: TableOptions = {}): Promise<Table> {
  const { header = true, delimiter, columns, part, keys, onRecord } = options;
  const format = formatOf(path);
  await checkDataFile(path, format ?? '');
  switch (format) {
    case '.csv':
      return openCsv(path, { header, quotes: true, delimiter: delimiter ?? null, needed: columns, part, onRecord });
    case '.tsv':
      return openCsv(path, { header, quotes: false, delimiter: delimiter ?? '\t', part, onRecord });
    case '.jsonl':
    case '.ndjson':
      return openJsonLines(path, part, keys);
    case '.json':
      return openJson(path, keys);
    case '.txt':
      return { columns: ['text'], rows: textRows(path, part), close: async () => {} };
    case '.parquet':
      if (!path.toLowerCase().endsWith('.gz')) return openParquet(path, part);
  }
  throw new PyramidError('MP_DATA_FORMAT', { path, known: FORMATS });
}

async function* textRows(path: string, part?: FilePart): AsyncGenerator<TableRow> {
  let line = part?.line ?? 0;
  for await (const text of fileLines(path, part)) {
    line++;
    yield text === null ? { kind: 'problem', line, problem: NOT_UTF8 } : { kind: 'row', line, cells: [text] };
  }
}
