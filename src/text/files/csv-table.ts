/**
 * Comma and tab separated files as tables, through csv-parse. Streamed: memory does not grow with the file.
 */
import { Readable } from 'node:stream';
import { type InfoRecord, type Options, parse } from 'csv-parse';
import { PyramidError } from '../../errors.ts';
import { DELIMITER_NAMES, foundDelimiter, separatorLine } from './csv-delimiter.ts';
import { type FilePart, inFile } from './file-part.ts';
import { NOT_UTF8, type Utf8Fault } from './forgiving-utf8.ts';
import { LONGEST_ROW, type RowProblem, type Table, type TableRow, tooLong } from './table.ts';
import { countNewlines, fileText } from './text-stream.ts';

export interface CsvOptions {
  readonly header: boolean;
  /**
   * Whether `"` quotes a field (RFC 4180), or is a character like any other. A misplaced quote (inside an unquoted
   * field, or with text after the closing one) stands for itself.
   */
  readonly quotes: boolean;
  /** null: what the file shows, mostly a comma. */
  readonly delimiter: string | null;
  /** Columns that are needed at least, where it is the delimiter that has to be found. */
  readonly needed?: number; // 2
  /** The file's part that is read; without, all of it. */
  readonly part?: FilePart;
  /** Called at the end of each record, the first line's too: bytes (without a byte-order mark) and lines of the file up to there. */
  readonly onRecord?: (bytes: number, lines: number) => void;
}

/** Characters that may wait between the file and the parser. */
const AHEAD = 2 ** 20;

/** Characters of a file's beginning that its delimiter is looked for in. */
const SAMPLE = 1 << 16;

/** @throws as `fileText`; MP_DATA_ROW for a header line that is not UTF-8, and a record longer than `LONGEST_ROW` */
export async function openCsv(path: string, options: CsvOptions): Promise<Table> {
  const faults: Utf8Fault[] = [];
  const source = fileText(path, options.part, (fault) => faults.push(fault));
  const notRead = (line: number) => new PyramidError('MP_DATA_ROW', { path, line, problem: NOT_UTF8 });
  let start = '';
  let whole = true;
  for (let next = await source.next(); !next.done; next = await source.next()) {
    start += next.value;
    whole = start.length < SAMPLE;
    if (!whole) break;
  }
  const said = options.quotes ? separatorLine(start) : null;
  const saidBytes = said ? Buffer.byteLength(start.slice(0, said.length)) : 0;
  if (said) start = start.slice(said.length);
  if (faults.length > 0 && faults[0].at < saidBytes) throw notRead(1);
  const found =
    options.delimiter ?? said?.delimiter ?? foundDelimiter(start.slice(0, SAMPLE), whole, options.needed ?? 2);
  const notes =
    options.delimiter === null && found !== ',' ? [`separated by ${DELIMITER_NAMES[found] ?? `"${found}"`}`] : [];
  const before = { lines: said ? 1 : 0, bytes: saidBytes };
  const records = readRecords(path, again(start, source), { ...options, delimiter: found, faults }, before);
  const close = async () => void (await records.return(undefined));
  const first = await records.next();
  if (first.done) return { columns: [], rows: nothing(), close };
  const head = first.value;
  if (head.kind === 'problem') return { columns: [], rows: again(head, records), close };
  if (options.header && head.isFaulty) throw notRead(head.line);
  const columns = head.cells.map((cell, i) => (options.header ? String(cell).trim() : String(i)));
  const rest = options.header ? records : again(head, records);
  const rows = sameLength(rest, columns.length, options);
  return { columns, rows: options.part ? inFile(rows, options.part) : rows, notes, delimiter: found, close };
}

/** `isFaulty`: a line of it is not UTF-8. */
type CsvRow = Extract<TableRow, { kind: 'row' }> & { readonly isFaulty?: true };

/** Problems come after the rows. `faults`: of the text so far. `before`: what of the file comes before the text. */
async function* readRecords(
  path: string,
  text: AsyncIterable<string>,
  { quotes, delimiter, onRecord, faults }: CsvOptions & { readonly delimiter: string; readonly faults: Utf8Fault[] },
  { lines: before, bytes: bytesBefore }: { readonly lines: number; readonly bytes: number },
): AsyncGenerator<CsvRow | RowProblem> {
  const problems: RowProblem[] = [];
  let end = 0; // the line of the text at which the last record ended
  let extra = 0; // bytes that the text has more than the file
  let overcounted = 0; // csv-parse counts \r\n inside quotes as two lines
  const toRow = (record: readonly string[], { lines, bytes }: InfoRecord): CsvRow => {
    let inside = 0; // line ends inside the record
    if (lines - overcounted > end + 1) {
      for (const cell of record) {
        inside += countNewlines(cell);
        overcounted += cell.split('\r\n').length - 1;
      }
    }
    end = lines - overcounted;
    let isFaulty: true | undefined;
    // the last line of a record ends with it
    for (; faults.length > 0 && faults[0].at < bytesBefore + bytes; isFaulty = true) extra += faults.shift()!.extra;
    onRecord?.(bytesBefore + bytes - extra, before + end);
    const row: CsvRow = { kind: 'row', line: before + end - inside, cells: record };
    return isFaulty ? { ...row, isFaulty } : row;
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
      const line = before + end + 1;
      const unclosed = error?.code === 'CSV_QUOTE_NOT_CLOSED';
      const problem = unclosed ? 'a quoted field is not closed before the end of the file' : (error?.message ?? '');
      problems.push({ kind: 'problem', line, problem });
      return undefined;
    },
  });
  // csv-parse has an option for this, which looks at every character once more: a sixth of the time
  const bounded = async function* () {
    let ended = 0; // records and empty lines
    let length = 0; // of what was given since one ended
    for await (const piece of text) {
      const { records, empty_lines } = parser.info;
      if (records + empty_lines > ended) length = 0;
      ended = records + empty_lines;
      length += piece.length;
      if (length > LONGEST_ROW + AHEAD) {
        const problem = `${tooLong('row')}${quotes ? '; is a quote never closed?' : ''}`;
        throw new PyramidError('MP_DATA_ROW', { path, line: before + end + 1, problem });
      }
      yield piece;
    }
  };
  const source = Readable.from(bounded());
  source.on('error', (error) => parser.destroy(error));
  try {
    yield* source.pipe(parser) as AsyncIterable<CsvRow>;
    yield* problems;
  } finally {
    source.destroy();
  }
}

async function* sameLength(
  rows: AsyncIterable<CsvRow | RowProblem>,
  count: number,
  { header, quotes }: CsvOptions,
): AsyncGenerator<TableRow> {
  for await (const row of rows) {
    if (row.kind === 'problem') yield row;
    else if (row.isFaulty) yield { kind: 'problem', line: row.line, problem: NOT_UTF8 };
    else if (row.cells.length !== count) {
      const than = header ? 'header' : 'first row';
      const hint = quotes ? '' : ' (quotes are ordinary characters in .tsv)';
      const problem = `the row has ${fields(row.cells.length)}, the ${than} ${count}${hint}`;
      yield { kind: 'problem', line: row.line, problem };
    } else yield row;
  }
}

const fields = (n: number) => `${n} ${n === 1 ? 'field' : 'fields'}`;

async function* again<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
}

async function* nothing(): AsyncGenerator<TableRow> {}
