/**
 * A part of a data file that is read as the whole file is: where it begins and ends, how many lines come before it, and what
 * of the file's beginning it cannot be read without. Knows nothing of formats; cut-file.ts finds the parts.
 */
import { PyramidError } from '../../errors.ts';
import { bytesOf, partOf } from '../../storage/stored-bytes.ts';
import { unreadable } from './data-file.ts';
import type { TableRow } from './table.ts';

export interface FilePart {
  /** Bytes of the file; of a parquet file numbers of row groups. */
  readonly from: number;
  /** The first that is no more in it. */
  readonly to: number;
  /** Lines of the file before it; of a parquet file rows. */
  readonly line: number;
  /** Bytes and lines at the file's beginning (its header line, or its first row) that are read before the part's own. */
  readonly head: { readonly bytes: number; readonly lines: number } | null;
}

const MARK = Uint8Array.of(0xef, 0xbb, 0xbf);

/** @throws MP_FILE_MISSING if it cannot be read, MP_S3 */
export async function* partBytes(path: string, { from, to, head }: FilePart): AsyncGenerator<Uint8Array> {
  try {
    // what stands in the middle of a file is no byte-order mark, whatever its first bytes are: only one is taken off
    if (from > 0) yield head ? await beginning(path, head.bytes) : MARK;
    yield* bytesOf(path, from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof PyramidError) throw error;
    throw unreadable(path, code, error);
  }
}

/** The file's first bytes, with a byte-order mark in any case. */
async function beginning(path: string, bytes: number): Promise<Uint8Array> {
  const read = Buffer.from(await partOf(path, 0, bytes));
  return read.subarray(0, MARK.length).equals(MARK) ? read : Buffer.concat([MARK, read]);
}

/** Rows with the lines of the file, without those of the head. */
export async function* inFile(rows: AsyncIterable<TableRow>, { line, head }: FilePart): AsyncGenerator<TableRow> {
  const ahead = head?.lines ?? 0;
  for await (const row of rows) if (row.line > ahead) yield { ...row, line: row.line - ahead + line };
}
