/**
 * A data file as rows of cells, whatever its format: what csv-table.ts, json-table.ts and parquet-table.ts give, and
 * open-table.ts chooses from. Knows nothing of texts and labels.
 */
export interface Table {
  /** Names; '0', '1', … in a file without a header line. [] for a file without rows. */
  readonly columns: readonly string[];
  /** In the order of the file, once. Leaving the loop closes the file. */
  readonly rows: AsyncIterable<TableRow>;
  /** What was found out about the file and a reader may want to know, as "separated by semicolons". */
  readonly notes?: readonly string[];
  /** What separates the fields of a csv or tsv file. */
  readonly delimiter?: string;
  /** Rows of each row group of a parquet file. */
  readonly groups?: readonly number[];
  /**
   * Says, before the loop, which columns' cells are wanted: others may then be undefined. A format that keeps its
   * columns apart reads these alone.
   */
  readonly want?: (columns: readonly number[]) => void;
  /** Closes the file where the loop was not begun, or was left. */
  close(): Promise<void>;
}

export type TableRow =
  | {
      readonly kind: 'row';
      readonly line: number;
      readonly cells: readonly unknown[]; // one a column
      /** Names of values that have no column: the file's first rows lack them. */
      readonly others?: readonly string[];
    }
  /** A row that could not be read. Reading goes on after it. */
  | RowProblem;

/** `line` counts from 1 (the header is a line); in parquet files and JSON arrays it is the row's number from 1. */
export interface RowProblem {
  readonly kind: 'problem';
  readonly line: number;
  readonly problem: string;
}

/** A cell that holds something, but nothing that can be read; `problem` completes "the text is …". */
export class UnreadableCell {
  readonly problem: string;
  constructor(problem: string) {
    this.problem = problem;
  }
}

/**
 * The most characters of a line, a csv record, an element of a JSON array, a parquet cell. A row of texts has far fewer;
 * what is longer is a file without line ends, a quote that is never closed, or an attack.
 */
export const LONGEST_ROW = 2 ** 24;

export const tooLong = (what: string) => `the ${what} is longer than ${LONGEST_ROW.toLocaleString('en')} characters`;
