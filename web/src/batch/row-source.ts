/**
 * Rows of a csv, tsv or jsonl file of this computer, streamed: read only as fast as they are taken. CSV is parsed by
 * Papa Parse's core, chunk by chunk with the unfinished row carried over (its own file reader cuts characters in two at
 * the ends of chunks). Knows nothing of models.
 */
import Papa from 'papaparse';
import { type Encoding, encodingOf } from '../../../src/text/files/encoding.ts';

export interface RowSource {
  readonly name: string;
  readonly kind: 'csv' | 'jsonl';
  readonly columns: readonly string[];
  /** The first rows, for choosing the column. */
  readonly sample: readonly Row[];
  readonly size: number;
  rows(progress: ReadProgress): AsyncGenerator<Row, void, undefined>;
}

/** One value a column; values of jsonl that are not strings are JSON. */
export type Row = readonly string[];

/** Written as the file is read. */
export interface ReadProgress {
  /** Bytes that are read. */
  bytes: number;
  /** Lines that are no rows, and the first of them, from 1. */
  bad: number;
  firstBad: number | null;
}

const SAMPLE_BYTES = 1 << 18;
const SAMPLE_ROWS = 5;
/** A row that is longer is an unclosed quote, or a file without line ends. */
const LONGEST_ROW = 1 << 24;

/** Throws an Error with a sentence where it is no such file or holds no rows. */
export async function openRows(file: File): Promise<RowSource> {
  const kind = /\.(jsonl|ndjson)$/i.test(file.name) ? 'jsonl' : /\.(csv|tsv|txt)$/i.test(file.name) ? 'csv' : null;
  if (kind === null) throw new Error(`${file.name}: give a .csv, .tsv or .jsonl file`);
  const start = new Uint8Array(await file.slice(0, SAMPLE_BYTES).arrayBuffer());
  const found = encodingOf(start);
  if (found.problem !== null) throw new Error(`${file.name}: ${found.problem}; save it as UTF-8`);
  const { encoding } = found;
  // what is wrong with its text is found when its rows are read
  const head = new TextDecoder(encoding).decode(start);
  const source = kind === 'csv' ? csvSource(file, encoding, head) : jsonlSource(file, encoding, head);
  const sample: Row[] = [];
  for await (const row of source.rows({ bytes: 0, bad: 0, firstBad: null })) {
    sample.push(row);
    if (sample.length === SAMPLE_ROWS) break;
  }
  if (sample.length === 0) throw new Error(`${file.name}: the file holds no rows`);
  return { name: file.name, kind, size: file.size, sample, ...source };
}

type Source = Pick<RowSource, 'columns' | 'rows'>;

/** The part of Papa Parse that is made for streams; its types leave it out. */
interface CoreParser {
  parse(
    text: string,
    base: number,
    ignoreLastRow: boolean,
  ): { readonly data: string[][]; readonly meta: { readonly cursor: number } };
}
const { Parser } = Papa as unknown as {
  readonly Parser: new (settings: { readonly delimiter: string; readonly newline: string }) => CoreParser;
};

function csvSource(file: File, encoding: Encoding, head: string): Source {
  const { data, meta } = Papa.parse<string[]>(head.replace(/^\uFEFF/, ''), { preview: 1, skipEmptyLines: 'greedy' });
  const columns = data[0] ?? [];
  const newline = meta.linebreak === '\r' ? '\r' : '\n';
  const clean = (row: string[]) => {
    const last = row.length - 1;
    if (newline === '\n' && row[last].endsWith('\r')) row[last] = row[last].slice(0, -1);
    return row;
  };
  const isBlank = (row: string[]) => row.length === 1 && row[0].trim() === '';
  return {
    columns,
    async *rows(progress) {
      const parser = new Parser({ delimiter: meta.delimiter, newline });
      let carried = '';
      let line = 0;
      const take = function* (text: string, isLast: boolean) {
        const { data, meta } = parser.parse(text, 0, !isLast);
        carried = isLast ? '' : text.slice(meta.cursor);
        for (const raw of data) {
          line++;
          const row = clean(raw);
          if (line === 1 || isBlank(row)) continue;
          yield columns.map((_, i) => row[i] ?? '');
        }
      };
      for await (const text of decoded(file, encoding, progress)) {
        yield* take(carried + text, false);
        if (carried.length > LONGEST_ROW) throw new Error(`${file.name}: a quote in row ${line + 1} is never closed`);
      }
      if (carried !== '') yield* take(carried, true);
    },
  };
}

function jsonlSource(file: File, encoding: Encoding, head: string): Source {
  const columns: string[] = [];
  for (const line of head.split('\n').slice(0, 100)) {
    for (const key of Object.keys(parseObject(line) ?? {})) if (!columns.includes(key)) columns.push(key);
  }
  return {
    columns,
    async *rows(progress) {
      let carried = '';
      let number = 0;
      const take = function* (lines: readonly string[]) {
        for (const line of lines) {
          number++;
          if (line.trim() === '') continue;
          const value = parseObject(line);
          // a key may be a word of JavaScript's own objects
          if (value) yield columns.map((key) => asText(Object.hasOwn(value, key) ? value[key] : undefined));
          else {
            progress.bad++;
            progress.firstBad ??= number;
          }
        }
      };
      for await (const text of decoded(file, encoding, progress)) {
        const lines = (carried + text).split('\n');
        carried = lines.pop() ?? '';
        yield* take(lines);
        if (carried.length > LONGEST_ROW) throw new Error(`${file.name}: line ${number + 1} is too long for a row`);
      }
      yield* take([carried]);
    },
  };
}

function parseObject(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

const asText = (value: unknown): string =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);

/** The file's text in pieces that never cut a character; a byte order mark is dropped. Throws an Error at bytes that are no text. */
async function* decoded(
  file: File,
  encoding: Encoding,
  progress: ReadProgress,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decode = (piece?: Uint8Array) => {
    try {
      return decoder.decode(piece, { stream: piece !== undefined });
    } catch {
      const at = progress.bytes.toLocaleString('en');
      throw new Error(`${file.name}: the text is not ${encoding.toUpperCase()}, after byte ${at}; save it as UTF-8`);
    }
  };
  const reader = file.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      // pieces of a slow disk are small, those of a fast one may hold a second's work
      for (let at = 0; at < value.length; at += PIECE) {
        const piece = value.subarray(at, at + PIECE);
        yield decode(piece);
        progress.bytes += piece.length;
      }
    }
    yield decode();
  } finally {
    await reader.cancel();
  }
}
const PIECE = 1 << 16;
