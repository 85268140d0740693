/** What the thread that reads parquet files and its owner say to each other. */
import type { Slice } from './parquet-file.ts';

export interface ParquetStart {
  /** Two 32-bit numbers: steps done so far, and whether the thread may be kept waiting (for the disk, or its owner). */
  readonly state: SharedArrayBuffer;
}
export const STEPS = 0;
export const WAITS = 1;

/** One file at a time: it is opened, its columns are chosen, slices are asked for one by one. */
export type ToParquet =
  | { readonly kind: 'open'; readonly path: string }
  | {
      readonly kind: 'columns';
      readonly wanted: readonly number[];
      /** Numbers of row groups, from the first and before the second; null: all. */
      readonly groups: readonly [number, number] | null;
    }
  | { readonly kind: 'next' }
  | { readonly kind: 'close' };

/** One answer to each message. */
export type FromParquet =
  | {
      readonly kind: 'opened';
      readonly columns: readonly string[];
      readonly huggingface: string | null;
      /** Rows of each row group. */
      readonly groups: readonly number[];
    }
  | { readonly kind: 'slice'; readonly slice: Slice }
  /** Of the file; it is closed. */
  | { readonly kind: 'end' }
  /** The file is closed. `code`: of the file system, where it was its fault. */
  | { readonly kind: 'failed'; readonly problem: string; readonly code: string | null };
