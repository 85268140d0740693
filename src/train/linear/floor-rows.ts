/** What floor 0 learns from: token ids of many texts, and their targets. Plain typed arrays, so that a thread may have them. */
import type { FeatureReader } from '../../pyramid/floor/index.ts';

export interface FloorRows {
  /**
   * Token ids of all rows, one after another; special tokens may be among them. A block has those of ROWS_A_BLOCK rows, the
   * last one of the rest: many rows are gathered without a copy of them all.
   */
  readonly blocks: readonly Int32Array[];
  /** [n + 1]: where a row begins among all ids, and the next. */
  readonly starts: Int32Array;
  /** [n]: where the second text of a pair begins among all ids; null for single texts. */
  readonly seconds: Int32Array | null;
}

const BLOCK_BITS = 12;
export const ROWS_A_BLOCK = 1 << BLOCK_BITS;

/**
 * What the rows should be answered with: a label, or the scores that the network gives (its distillate).
 * Class weights apply to both: a soft row counts as a share of a row of each label.
 */
export interface FloorTargets {
  /** [n]: index of the label, −1 where the row has scores. */
  readonly labels: Int32Array;
  /** [rows with −1, C], in their order; null if there are none. */
  readonly scores: Float32Array | null;
  /**
   * Where a row may have any number of labels: how many rows, the first ones, a person has labelled. All are −1, and scores of 0 and 1
   * are what a person says. Left out where a row has one label.
   */
  readonly several?: number;
}

export const rowCount = ({ starts }: FloorRows): number => starts.length - 1;

/** Token ids of all rows together. */
export const idCount = ({ starts }: FloorRows): number => starts[starts.length - 1];

/** Where the ids of the row's block begin among all. */
const blockStart = ({ starts }: FloorRows, row: number): number => starts[(row >> BLOCK_BITS) << BLOCK_BITS];

/** A view of the row's ids. */
export function rowIds(rows: FloorRows, row: number): Int32Array {
  const from = blockStart(rows, row);
  return rows.blocks[row >> BLOCK_BITS].subarray(rows.starts[row] - from, rows.starts[row + 1] - from);
}

/** Has the row's features read. */
export function readRow(reader: FeatureReader, rows: FloorRows, row: number): void {
  const { blocks, starts, seconds } = rows;
  const from = blockStart(rows, row);
  const to = starts[row + 1] - from;
  reader.read(blocks[row >> BLOCK_BITS], starts[row] - from, seconds ? seconds[row] - from : to, to);
}
