/**
 * Comma and tab separated files as tables, through csv-parse. Streamed: memory does not grow with the file.
 */
import { Readable } from 'node:stream';
import { type CsvError, type Info, parse } from 'csv-parse';
import type { RowProblem, Table, TableRow } from './table.ts';
import { countNewlines, utf8Stream } from './utf8-stream.ts';

export interface CsvOptions {
  readonly header: boolean;
  /** Whether `"` quotes a field (RFC 4180), or is a character like any other. */
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

async function* readRecords(path: string, { quotes, delimiter }: CsvOptions): AsyncGenerator<TableRow> {
  const problems: RowProblem[] = [];
  // csv-parse counts \r\n inside quotes as two lines
  let overcounted = 0;
  const parser = parse({
    delimiter,
    quote: quotes ? '"' : null,
    escape: quotes ? '"' : null,
    info: true,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error) problems.push({ kind: 'problem', line: lineOf(error) - overcounted, problem: sentence(error) });
      return undefined;
    },
  });
  const source = Readable.from(utf8Stream(path));
  source.on('error', (error) => parser.destroy(error));
  try {
    let before = 0;
    for await (const { record, info } of source.pipe(parser) as AsyncIterable<{ record: string[]; info: Info }>) {
      yield* problems.splice(0);
      let newlines = 0;
      if (info.lines - before > 1) {
        for (const cell of record) {
          newlines += countNewlines(cell);
          overcounted += cell.split('\r\n').length - 1;
        }
      }
      before = info.lines;
      yield { kind: 'row', line: info.lines - overcounted - newlines, cells: record };
    }
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

const lineOf = (error: CsvError) => Number((error as unknown as { lines: number }).lines);

function sentence(error: CsvError): string {
  switch (error.code) {
    case 'INVALID_OPENING_QUOTE':
      return 'a quote stands inside an unquoted field (quote the field and write "" for it)';
    case 'CSV_INVALID_CLOSING_QUOTE':
      return 'text follows a closing quote (inside a quoted field write "" for a quote)';
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'the file ends inside a quoted field';
    default:
      return error.message;
  }
}
