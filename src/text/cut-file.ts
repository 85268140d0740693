/**
 * Where a data file may be cut so that each part is read as it is in the whole file: between rows, found by the readers
 * themselves. A file that cannot be cut (packed, UTF-16, a .json file) is one part. Knows nothing of what is done with parts.
 */
import { PyramidError } from '../errors.ts';
import { partOf, sizeOf } from '../storage/stored-bytes.ts';
import { areNumbered, type ColumnName, type ColumnNames, chooseColumns, columnsIn, columnsNeeded } from './columns.ts';
import { encodingOf } from './files/encoding.ts';
import type { FilePart } from './files/file-part.ts';
import { NOT_UTF8 } from './files/forgiving-utf8.ts';
import { formatOf } from './files/format.ts';
import { openTable } from './files/open-table.ts';
import type { Table } from './files/table.ts';
import { fileBytes, lines } from './files/text-stream.ts';

export interface CutOptions extends Pick<ColumnNames, 'text' | 'pair'> {
  readonly delimiter?: string;
  /** Bytes of a part, about. */
  readonly bytes: number;
}

export interface CutFile {
  /** What each part is read with, settled on the whole file. */
  readonly read: {
    readonly text: ColumnName;
    readonly pair?: ColumnName;
    readonly delimiter?: string;
    /** Of JSON lines: all columns. */
    readonly keys?: readonly string[];
  };
  readonly parts: readonly CutPart[];
  /** Why it is one part, whatever its size; null: it may be cut. */
  readonly whole: string | null;
  /** Rows that are not UTF-8, and the line of the first; null: there are none. */
  readonly notUtf8: Undecoded | null;
}

export interface Undecoded {
  readonly rows: number;
  readonly line: number;
}

export interface CutPart {
  /** null: the whole file. */
  readonly part: FilePart | null;
  /** Rows in it, those that cannot be read among them. */
  readonly rows: number;
}

/** A place between two rows: the bytes, lines and rows before it. */
interface Place {
  bytes: number;
  readonly lines: number;
  rows: number;
}

/** @throws MP_DATA_EMPTY where there is no row, and as `streamRows` for all but single rows */
export async function cutFile(path: string, options: CutOptions): Promise<CutFile> {
  const { delimiter, bytes } = options;
  const header = !areNumbered(options);
  const records = new Records(bytes, header);
  const { onRecord } = records;
  const table = await openTable(path, { header, delimiter, columns: columnsNeeded(options), onRecord });
  try {
    const { columns } = table;
    if (columns.length === 0) throw new PyramidError('MP_DATA_EMPTY', { path });
    const { text, pair } = chooseColumns(path, columns, options);
    const name = (at: number): ColumnName => columns[at]; // of a file without a header line its number
    const isLines = ['.jsonl', '.ndjson'].includes(formatOf(path) ?? '');
    const read = {
      text: name(text),
      ...(pair !== undefined && { pair: name(pair) }),
      ...(table.delimiter !== undefined && { delimiter: table.delimiter }),
      ...(isLines && { keys: columns }),
    };
    const size = await sizeOf(path);
    const { isUtf8, mark } = await encodingAt(path);
    const whole = whyWhole(path, isUtf8);
    let parts: CutPart[];
    const undecoded = new UndecodedRows();
    const countRows = () => count(table, columnsIn({ text, pair }), undecoded);
    if (table.groups) parts = groupParts(table.groups, size, bytes);
    else if (whole !== null) parts = [{ part: null, rows: await countRows() }];
    else if (table.delimiter === undefined) parts = await lineParts(path, size, bytes, undecoded);
    else {
      const end = { bytes: size, lines: 0, rows: await countRows() };
      parts = partsBetween(records.placesAfter(mark), end, records.headAfter(mark));
    }
    if (parts.every(({ rows }) => rows === 0)) throw new PyramidError('MP_DATA_EMPTY', { path });
    return { read, parts, whole, notUtf8: undecoded.found };
  } finally {
    await table.close();
  }
}

function whyWhole(path: string, isUtf8: boolean): string | null {
  if (path.toLowerCase().endsWith('.gz')) return 'it is packed';
  const format = formatOf(path);
  if (format === '.parquet') return null;
  return format === '.json' ? 'it is a .json file' : isUtf8 ? null : 'it is not UTF-8';
}

/** Places between the records of a csv or tsv file, as its reader comes upon them. */
class Records {
  readonly #places: Place[] = [];
  readonly #bytes: number;
  readonly #header: boolean;
  #first: Place | null = null;
  #records = 0;

  constructor(bytes: number, header: boolean) {
    this.#bytes = bytes;
    this.#header = header;
  }

  readonly onRecord = (bytes: number, lines: number): void => {
    const place = { bytes, lines, rows: ++this.#records - (this.#header ? 1 : 0) };
    this.#first ??= place;
    if (place.rows > 0 && bytes - (this.#places.at(-1)?.bytes ?? 0) >= this.#bytes) this.#places.push(place);
  };

  /** `mark`: bytes of the byte-order mark, which the reader does not see. */
  placesAfter(mark: number): Place[] {
    return this.#places.map((place) => ({ ...place, bytes: place.bytes + mark }));
  }

  headAfter(mark: number): FilePart['head'] {
    return this.#first && { bytes: this.#first.bytes + mark, lines: this.#first.lines };
  }
}

class UndecodedRows {
  found: Undecoded | null = null;

  add(line: number): void {
    this.found = { rows: (this.found?.rows ?? 0) + 1, line: this.found?.line ?? line };
  }
}

async function count(table: Table, columns: readonly number[], undecoded: UndecodedRows): Promise<number> {
  table.want?.(columns);
  let rows = 0;
  for await (const row of table.rows) {
    rows++;
    if (row.kind === 'problem' && row.problem === NOT_UTF8) undecoded.add(row.line);
  }
  return rows;
}

/** Of a file with a row a line, at the ends of lines. Reads it all, so that what no reader can decode is found now. */
async function lineParts(path: string, size: number, bytes: number, undecoded: UndecodedRows): Promise<CutPart[]> {
  const blank = formatOf(path) !== '.txt'; // lines of blanks are no rows
  const places: Place[] = [];
  let line = 0;
  const watched = async function* () {
    let at = 0;
    let ended = 0;
    let last = 0;
    for await (const piece of fileBytes(path)) {
      for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, end + 1)) {
        ended++;
        const here = at + end + 1;
        if (here - last < bytes) continue;
        places.push({ bytes: here, lines: ended, rows: 0 });
        last = here;
      }
      at += piece.length;
      yield piece;
    }
  };
  let rows = 0;
  let passed = 0; // places that the lines have passed
  const faulty = new Set<number>();
  for await (const text of lines(watched(), path, (fault) => faulty.add(fault.line))) {
    line++;
    if (!blank || text.trim()) rows++;
    if (faulty.delete(line)) undecoded.add(line);
    if (places[passed]?.lines === line) places[passed++].rows = rows;
  }
  return partsBetween(places, { bytes: size, lines: line, rows }, null);
}

function partsBetween(places: readonly Place[], end: Place, head: FilePart['head']): CutPart[] {
  const begin: Place = { bytes: 0, lines: 0, rows: 0 };
  // after the last of them there may be blank lines alone
  const between = places.filter(({ rows, bytes }) => rows < end.rows && bytes < end.bytes);
  return [...between, end].map((to, i) => {
    const from = i === 0 ? begin : between[i - 1];
    const part = { from: from.bytes, to: to.bytes, line: from.lines, head: i === 0 ? null : head };
    return { part, rows: to.rows - from.rows };
  });
}

/** Row groups that follow one another, so many that they take about `bytes`. */
function groupParts(groups: readonly number[], size: number, bytes: number): CutPart[] {
  const total = groups.reduce((a, b) => a + b, 0);
  const parts: CutPart[] = [];
  let from = 0;
  let line = 0;
  let rows = 0;
  groups.forEach((group, i) => {
    rows += group;
    if (i + 1 < groups.length && (size * rows) / total < bytes) return;
    parts.push({ part: { from, to: i + 1, line, head: null }, rows });
    from = i + 1;
    line += rows;
    rows = 0;
  });
  return parts;
}

/** Of a file as it lies there, packed or not. */
async function encodingAt(path: string): Promise<{ readonly isUtf8: boolean; readonly mark: 0 | 3 }> {
  const start = Buffer.from(await partOf(path, 0, 1024));
  const found = encodingOf(start);
  const isUtf8 = found.problem === null && found.encoding === 'utf-8';
  return { isUtf8, mark: start.subarray(0, 3).equals(Buffer.of(0xef, 0xbb, 0xbf)) ? 3 : 0 };
}
