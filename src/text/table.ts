/**
 * A data file as rows of cells, whatever its format: what csv-table.ts, json-table.ts and parquet-table.ts give, and
 * open-table.ts chooses from. Knows nothing of texts and labels.
 */
export interface Table {
  /** Names; '0', '1', … in a file without a header line. [] for a file without rows. */
  readonly columns: readonly string[];
  /** In the order of the file. Leaving the loop closes the file. */
  readonly rows: AsyncIterable<TableRow>;
}

export type TableRow =
  | { readonly kind: 'row'; readonly line: number; readonly cells: readonly unknown[] /* one a column */ }
  /** A row that could not be read. Reading goes on after it. */
  | RowProblem;

/** `line` counts from 1 (the header is a line); in parquet files and JSON arrays it is the row's number from 1. */
export interface RowProblem {
  readonly kind: 'problem';
  readonly line: number;
  readonly problem: string;
}
