/** Charts, tables and the HTML, Markdown and CSV reports. */
export type { AttentionExample } from './attention-figures.ts';
export type { Drawing } from './drawing.ts';
export type { Figure, MethodReport, TrainingCurve } from './figure.ts';
export { percent, short, times } from './format.ts';
export { figureText, titlesOf } from './quality-text.ts';
export { type Report, renderReport } from './report.ts';
export { left, type ReportTable, reportTable, right, type TableRecord, tableCsv } from './report-table.ts';
export {
  failedRow,
  type ReportRow,
  reportRow,
  toCsv,
  toJson,
  toMarkdown,
  toText,
} from './table.ts';
export { alignedText } from './text-table.ts';
export { writeReport } from './write-report.ts';
