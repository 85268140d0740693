/**
 * Comma and tab separated files as tables, through csv-parse. Streamed: memory does not grow with the file.
 */
import { Readable } from 'node:stream';
import { type InfoRecord, type Options, parse } from 'csv-parse';
import type { RowProblem, Table, TableRow } from './table.ts';
import { countNewlines, utf8Stream } from './utf8-stream.ts';

export interface CsvOptions {
  readonly header: boolean;
  /**
   * Whether `"` quotes a field (RFC 4180), or is a character like any other. A misplaced quote (inside an unquoted
   * field, or with text after the closing one) stands for itself.
   */
  readonly quotes: boolean;
  readonly delimiter: ',' | '\t';
}

/** @throws as `utf8Stream` */
export async function openCsv(path: string, options: CsvOptions): Promise<Table> {
  const records = readRecords(path, options);
  const first = await records.next();
  if (first.done) return { columns: [], rows: nothing() };
  const head = first.value;
  if (head.kind === 'problem') return { columns: [], rows: again(head, records) };
  const columns = head.cells.map((cell, i) => (options.header ? String(cell).trim() : String(i)));
  const rest = options.header ? records : again(head, records);
  return { columns, rows: sameLength(rest, columns.length, options) };
}

type CsvRow = Extract<TableRow, { kind: 'row' }>;

/** Problems come after the rows. */
async function* readRecords(path: string, { quotes, delimiter }: CsvOptions): AsyncGenerator<TableRow> {
  const problems: RowProblem[] = [];
  let end = 0; // the line at which the last record ended
  let overcounted = 0; // csv-parse counts \r\n inside quotes as two lines
  const toRow = (record: readonly string[], { lines }: InfoRecord): CsvRow => {
    let inside = 0; // line ends inside the record
    if (lines - overcounted > end + 1) {
      for (const cell of record) {
        inside += countNewlines(cell);
        overcounted += cell.split('\r\n').length - 1;
      }
    }
    end = lines - overcounted;
    return { kind: 'row', line: end - inside, cells: record };
  };
  const parser = parse({
    delimiter,
    quote: quotes ? '"' : null,
    escape: quotes ? '"' : null,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    // after a misplaced quote a strict parser loses the rows that follow
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    // its type knows only records that stay arrays
    on_record: toRow as unknown as Options['on_record'],
    on_skip: (error) => {
      const unclosed = error?.code === 'CSV_QUOTE_NOT_CLOSED';
      const problem = unclosed ? 'a quoted field is not closed before the end of the file' : (error?.message ?? '');
      problems.push({ kind: 'problem', line: end + 1, problem });
      return undefined;
    },
  });
  const source = Readable.from(utf8Stream(path));
  source.on('error', (error) => parser.destroy(error));
  try {
    yield* source.pipe(parser) as AsyncIterable<CsvRow>;
    yield* problems;
  } finally {
    source.destroy();
  }
}

async function* sameLength(
  rows: AsyncIterable<TableRow>,
  count: number,
  { header, quotes }: CsvOptions,
): AsyncGenerator<TableRow> {
  for await (const row of rows) {
    if (row.kind === 'row' && row.cells.length !== count) {
      const than = header ? 'header' : 'first row';
      const hint = quotes ? '' : ' (quotes are ordinary characters in .tsv)';
      const problem = `the row has ${fields(row.cells.length)}, the ${than} ${count}${hint}`;
      yield { kind: 'problem', line: row.line, problem };
    } else yield row;
  }
}

const fields = (n: number) => `${n} ${n === 1 ? 'field' : 'fields'}`;

async function* again(first: TableRow, rest: AsyncIterable<TableRow>): AsyncGenerator<TableRow> {
  yield first;
  yield* rest;
}

async function* nothing(): AsyncGenerator<TableRow> {}
