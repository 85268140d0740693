/**
 * A further table of a report: its figures as records, for CSV and JSON, and as texts, for HTML and Markdown. Knows
 * nothing of what it is about.
 */
import { stringify } from 'csv-stringify/sync';
import { markdownTable } from 'markdown-table';

export type Cell = string | number | boolean | null;
/** What is left out is an empty cell. */
export type TableRecord = Readonly<Record<string, Cell | undefined>>;

export interface TableColumn<R> {
  readonly head: string;
  readonly align: 'left' | 'right';
  readonly cell: (record: R) => string;
}

export interface ReportTable {
  /** NAME.csv, and its key among `tables` of report.json. */
  readonly name: string;
  readonly title: string;
  /** What a reader needs to know to read it. */
  readonly caption: string;
  readonly heads: readonly string[];
  readonly align: readonly ('left' | 'right')[];
  readonly rows: readonly (readonly string[])[];
  readonly records: readonly TableRecord[];
}

export const left = <R>(head: string, cell: (record: R) => string): TableColumn<R> => ({ head, align: 'left', cell });
export const right = <R>(head: string, cell: (record: R) => string): TableColumn<R> => ({ head, align: 'right', cell });

/** The table of `records`, with a column for each of `columns`. */
export function reportTable<R extends TableRecord>(
  { name, title, caption }: Pick<ReportTable, 'name' | 'title' | 'caption'>,
  columns: readonly TableColumn<R>[],
  records: readonly R[],
): ReportTable {
  return {
    name,
    title,
    caption,
    heads: columns.map(({ head }) => head),
    align: columns.map(({ align }) => align),
    rows: records.map((record) => columns.map(({ cell }) => cell(record))),
    records,
  };
}

/** Cells as Markdown has them. */
export const escapeMarkdown = (cell: string): string =>
  cell.replace(/[\\|]/g, '\\$&').replace(/[<>&]/g, (c) => `&#${c.charCodeAt(0)};`);

export function tableMarkdown({ title, caption, heads, align, rows }: ReportTable): string {
  const table = markdownTable([[...heads], ...rows.map((row) => row.map(escapeMarkdown))], { align: [...align] });
  return `## ${title}\n\n${table}\n\n${caption}`;
}

/** Unrounded, under the records' own names; null is an empty cell. */
export function tableCsv({ records }: ReportTable): string {
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return stringify([...records], { header: true, columns, cast: { boolean: String }, escape_formulas: true });
}
