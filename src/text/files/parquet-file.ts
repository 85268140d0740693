/**
 * A parquet file through hyparquet, a row group at a time and a column at a time, with every size checked before it is
 * used. Only columns of plain values, and of lists of them, are decoded. Runs in its own thread (parquet-worker.ts), because a hostile file can
 * decode for ever; knows nothing of threads.
 */
import { open } from 'node:fs/promises';
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetSchema, type SchemaTree } from 'hyparquet';
import { parquetReadColumn } from 'hyparquet/src/read.js';
import { compressors } from 'hyparquet-compressors';
import { isS3 } from '../../storage/s3-client.ts';
import { objectInfo, objectPart } from '../../storage/s3-object.ts';
import { MOST_PLACES } from './bounded-arrays.ts';
import { checkPages } from './parquet-pages.ts';
import { LONGEST_ROW } from './table.ts';

export interface ParquetFile {
  readonly columns: readonly string[];
  /** The metadata's `huggingface` entry, where there is one. */
  readonly huggingface: string | null;
  /** Rows of each row group. */
  readonly groups: readonly number[];
  /** Slices of the row groups (some from one, before another), with the cells of the wanted columns; others are empty lists. */
  slices(wanted: readonly number[], groups: readonly [number, number] | null): AsyncGenerator<Slice>;
  close(): Promise<void>;
}

export interface Slice {
  /** Of the first row, from 1. */
  readonly line: number;
  readonly rows: number;
  /** Each column's cells: `rows` of them, or none where the column is not wanted. */
  readonly cells: readonly (readonly unknown[])[];
  /** Cells that hold what cannot be read, with what it is. */
  readonly unreadable: readonly (readonly [row: number, column: number, problem: string])[];
}

/** Called whenever a piece of work is done, and with whether the next one is reading from the disk. */
export type OnStep = (reading: boolean) => void;

const SLICE_ROWS = 1024;
const SLICE_CHARACTERS = 2 ** 22;
const READ_AT_ONCE = 2 ** 22; // bytes

/** Throws an Error for what is no sound parquet file, an ErrnoException if it cannot be read. */
export async function openParquetFile(path: string, onStep: OnStep): Promise<ParquetFile> {
  const source = await (isS3(path) ? inS3(path) : onDisk(path));
  const { size } = source;
  try {
    if (size === 0)
      return { columns: [], huggingface: null, groups: [], slices: async function* () {}, close: source.close };
    const file: AsyncBuffer = {
      byteLength: size,
      slice: (start, end = size) => readPart(source, start, end, onStep),
    };
    // geography is of no use here, and its metadata one more parser
    const metadata = await parquetMetadataAsync(file, { geoparquet: false });
    const tops = parquetSchema(metadata).children.map((column) => ({
      name: column.element.name,
      nested: column.children.length > 0 || column.element.repetition_type === 'REPEATED',
      list: isPlainList(column),
    }));
    if (tops.some(({ name }) => typeof name !== 'string')) throw new Error('a column without a name');
    checkGroups(metadata, size);
    return {
      columns: tops.map(({ name }) => name),
      huggingface: metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value ?? null,
      groups: metadata.row_groups.map(({ num_rows }) => Number(num_rows)),
      slices: (wanted, groups) => slices(file, metadata, tops, wanted, groups, onStep),
      close: source.close,
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

interface Top {
  readonly name: string;
  /** Whether a cell is a list or an object. */
  readonly nested: boolean;
  /** Whether it is a list of plain values. */
  readonly list: boolean;
}

/** A list as writers make it: a group around a repeated group (or a repeated value) with one plain value. */
function isPlainList({ element, children }: SchemaTree): boolean {
  if (element.converted_type !== 'LIST' || element.repetition_type === 'REPEATED' || children.length !== 1)
    return false;
  const [repeated] = children;
  if (repeated.element.repetition_type !== 'REPEATED' || repeated.children.length > 1) return false;
  return repeated.children.every(
    (value) => value.children.length === 0 && value.element.repetition_type !== 'REPEATED',
  );
}

async function* slices(
  file: AsyncBuffer,
  metadata: FileMetaData,
  tops: readonly Top[],
  wanted: readonly number[],
  groups: readonly [number, number] | null,
  onStep: OnStep,
): AsyncGenerator<Slice> {
  const plain = wanted.filter((i) => !tops[i].nested || tops[i].list);
  // how many rows there really are shows in a column that is decoded
  if (plain.length === 0) plain.push(tops.findIndex(({ nested }) => !nested));
  if (plain[0] === -1) throw new Error('no column holds plain values');
  let groupStart = 0;
  for (const [i, group] of metadata.row_groups.entries()) {
    const rows = Number(group.num_rows);
    if (groups !== null && (i < groups[0] || i >= groups[1])) {
      groupStart += rows;
      continue;
    }
    const columns = tops.map((): ArrayLike<unknown> => []);
    for (const i of rows === 0 ? [] : plain) {
      const checked: AsyncBuffer = {
        byteLength: file.byteLength,
        async slice(start, end) {
          const bytes = await file.slice(start, end);
          checkPages(bytes, rows, tops[i].list);
          return bytes;
        },
      };
      columns[i] = await parquetReadColumn({
        file: checked,
        metadata: { ...metadata, row_groups: [group] },
        columns: [tops[i].name],
        compressors: stepping(onStep),
        parsers: { stringFromBytes: textOf as (bytes: Uint8Array) => string },
        onPage: () => onStep(false),
      });
      if (columns[i].length !== rows)
        throw new Error(`a column of ${columns[i].length} values where there are ${rows} rows`);
      onStep(false);
    }
    for (let at = 0; at < rows; ) {
      const slice = cut(columns, tops, wanted, groupStart, at, rows);
      yield slice;
      at += slice.rows;
    }
    groupStart += rows;
  }
}

/** The next slice from `at` on: so many rows that their texts are not too long together. */
function cut(
  columns: readonly ArrayLike<unknown>[],
  tops: readonly Top[],
  wanted: readonly number[],
  groupStart: number,
  at: number,
  end: number,
): Slice {
  const cells = columns.map((): unknown[] => []);
  const unreadable: (readonly [number, number, string])[] = [];
  let rows = 0;
  for (let characters = 0; rows < SLICE_ROWS && at + rows < end && characters < SLICE_CHARACTERS; rows++) {
    for (const i of wanted) {
      let cell = columns[i][at + rows];
      let problem: string | null = tops[i].nested && !tops[i].list ? 'a list or an object' : null;
      if (Array.isArray(cell)) {
        if (cell.some((one) => typeof one === 'object' && one !== null))
          problem = 'a list of what is no text or number';
      } else if (cell instanceof NotUtf8) problem = 'not UTF-8';
      else if (typeof cell === 'string') {
        if (cell.length > LONGEST_ROW) problem = `longer than ${LONGEST_ROW.toLocaleString('en')} characters`;
        else characters += cell.length;
      } else if (typeof cell === 'object' && cell !== null && !(cell instanceof Date))
        problem = 'not a text or a number';
      if (problem !== null) {
        cell = null;
        unreadable.push([rows, i, problem]);
      }
      cells[i].push(cell);
    }
  }
  return { line: groupStart + at + 1, rows, cells, unreadable };
}

class NotUtf8 {}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
function textOf(bytes: Uint8Array | undefined): string | NotUtf8 | undefined {
  if (!bytes) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return new NotUtf8();
  }
}

/** The decompressors, each call a step. */
function stepping(onStep: OnStep): typeof compressors {
  return Object.fromEntries(
    Object.entries(compressors).map(([codec, unpack]) => [
      codec,
      (bytes: Uint8Array, length: number) => {
        const page = unpack!(bytes, length);
        onStep(false);
        return page;
      },
    ]),
  );
}

/** Throws an Error where row groups say more rows or bytes than can be. */
function checkGroups({ row_groups }: FileMetaData, size: number): void {
  for (const { num_rows, columns } of row_groups) {
    if (num_rows < 0n || num_rows > MOST_PLACES) throw new Error(`a row group of ${num_rows} rows`);
    let bytes = 0;
    for (const { meta_data } of columns) bytes += Number(meta_data?.total_compressed_size ?? 0);
    // columns that share their bytes would be read once each, however many there are
    if (bytes > 2 * size) throw new Error(`a row group of ${bytes} bytes in a file of ${size}`);
  }
}

/** What a file's bytes are read from. */
interface Source {
  readonly size: number;
  /** Into `bytes` from `at` on, at most `length`, those of the file from `from` on; how many there were. */
  read(bytes: Uint8Array, at: number, length: number, from: number): Promise<number>;
  close(): Promise<void>;
}

async function onDisk(path: string): Promise<Source> {
  const handle = await open(path);
  const { size } = await handle.stat();
  return {
    size,
    read: async (bytes, at, length, from) => (await handle.read(bytes, at, length, from)).bytesRead,
    close: () => handle.close(),
  };
}

async function inS3(path: string): Promise<Source> {
  const { size } = await objectInfo(path);
  return {
    size,
    async read(bytes, at, length, from) {
      const found = await objectPart(path, from, from + length);
      bytes.set(found, at);
      return found.length;
    },
    close: async () => {},
  };
}

/** Bytes of the file, read a piece at a time. */
async function readPart(source: Source, start: number, end: number, onStep: OnStep): Promise<ArrayBuffer> {
  const { size } = source;
  if (!(start >= 0 && end >= start && start <= size)) throw new Error(`a part from byte ${start} to ${end} of ${size}`);
  const bytes = new Uint8Array(Math.min(end, size) - start);
  for (let at = 0; at < bytes.length; ) {
    onStep(true);
    const read = await source.read(bytes, at, Math.min(bytes.length - at, READ_AT_ONCE), start + at);
    if (read === 0) throw new Error('the file has become shorter');
    at += read;
  }
  onStep(false);
  return bytes.buffer;
}
