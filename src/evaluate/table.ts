/**
 * The results table: one row a task and method, as `report.json` keeps it (docs/formats.md), and its columns as a
 * reader sees them, written as Markdown, CSV and aligned text. Knows nothing of how the figures came about.
 */
import { stringify } from 'csv-stringify/sync';
import { markdownTable } from 'markdown-table';
import { percent, short, times } from './format.ts';
import type { Judgement } from './judge.ts';
import { escapeMarkdown } from './report-table.ts';

/** Figures are null where they do not apply or the run failed. */
export interface ReportRow {
  readonly task: string;
  readonly method: string;
  /** From 0 to 1. */
  readonly accuracy: number | null;
  /** Of label 1, where there are two labels; from 0 to 1. */
  readonly f1: number | null;
  /** null is off. */
  readonly tau: number | null;
  /** Mean 10⁹ operations a text, as the paper counts. */
  readonly gflops: number | null;
  /** The same as computed, heads, peeks and classifier included. */
  readonly gflopsActual: number | null;
  /** Operations of the dense model over those used, as the paper counts. */
  readonly speedupPaper: number | null;
  readonly speedupActual: number | null;
  /** Mean layer that answers, from 1. */
  readonly meanExit: number | null;
  /** Wall-clock milliseconds a text in the engine. */
  readonly msPerText: number | null;
  /** Wall-clock seconds of training, stages shared with other methods included. */
  readonly seconds: number | null;
  /** Why there are no figures. */
  readonly failed?: string;
}

interface RowMeasurements {
  readonly task: string;
  readonly method: string;
  readonly msPerText?: number | null;
  readonly seconds?: number | null;
}

/** The row of a judgement and what was measured on the clock. */
export function reportRow(
  { accuracy, f1, tau, gflops, speedup, meanExit }: Judgement,
  { task, method, msPerText = null, seconds = null }: RowMeasurements,
): ReportRow {
  return {
    task,
    method,
    accuracy,
    f1,
    tau,
    gflops: gflops.paper,
    gflopsActual: gflops.actual,
    speedupPaper: speedup.paper,
    speedupActual: speedup.actual,
    meanExit,
    msPerText,
    seconds,
  };
}

/** The row of a run that broke off. */
export function failedRow(task: string, method: string, reason: string): ReportRow {
  return {
    task,
    method,
    accuracy: null,
    f1: null,
    tau: null,
    gflops: null,
    gflopsActual: null,
    speedupPaper: null,
    speedupActual: null,
    meanExit: null,
    msPerText: null,
    seconds: null,
    failed: reason,
  };
}

/** One column as a reader sees it. */
interface Column {
  readonly head: string;
  readonly cell: (row: ReportRow) => string;
  readonly align: 'left' | 'right';
  /** The column is left out where no row has the value. */
  readonly needs?: keyof ReportRow;
}

const NOTHING = '–';
const figure = (head: string, key: keyof ReportRow, format: (value: number) => string, optional = false): Column => ({
  head,
  align: 'right',
  needs: optional ? key : undefined,
  cell: (row) => (typeof row[key] === 'number' ? format(row[key]) : NOTHING),
});

const duration = (seconds: number): string =>
  seconds < 99.5
    ? `${Math.round(seconds)} s`
    : seconds < 99.5 * 60
      ? `${Math.round(seconds / 60)} min`
      : `${(seconds / 3600).toFixed(1)} h`;

const columns: readonly Column[] = [
  { head: 'Task', align: 'left', cell: ({ task }) => task },
  { head: 'Method', align: 'left', cell: ({ method }) => method },
  figure('Accuracy', 'accuracy', percent),
  figure('F1', 'f1', percent, true),
  { head: 'tau', align: 'right', cell: ({ tau, failed }) => (failed ? NOTHING : tau === null ? 'off' : String(tau)) },
  figure('GFLOPs (paper)', 'gflops', short),
  figure('GFLOPs (actual)', 'gflopsActual', short),
  figure('Speed-up (paper)', 'speedupPaper', times),
  figure('Speed-up (actual)', 'speedupActual', times),
  figure('Mean exit', 'meanExit', (layer) => layer.toFixed(2)),
  figure('ms a text', 'msPerText', short, true),
  figure('Training', 'seconds', duration, true),
  { head: 'Failed', align: 'left', needs: 'failed', cell: ({ failed }) => failed ?? '' },
];

export interface TextTable {
  readonly heads: readonly string[];
  readonly align: readonly ('left' | 'right')[];
  readonly rows: readonly (readonly string[])[];
}

/** The table as texts: columns that hold nothing are left out, and `without` one. */
export function textTable(rows: readonly ReportRow[], without?: keyof ReportRow): TextTable {
  const shown = columns
    .filter(({ needs }) => needs === undefined || needs !== without)
    .filter(({ needs }) => !needs || rows.some((row) => row[needs] != null));
  return {
    heads: shown.map(({ head }) => head),
    align: shown.map(({ align }) => align),
    rows: rows.map((row) => shown.map(({ cell }) => cell(row).replace(/\s+/g, ' '))),
  };
}

/** `report.json`. */
export function toJson(rows: readonly ReportRow[]): string {
  return `${JSON.stringify({ rows }, null, 2)}\n`;
}

export function toMarkdown(rows: readonly ReportRow[]): string {
  const { heads, align, rows: cells } = textTable(rows);
  return `${markdownTable([[...heads], ...cells.map((row) => row.map(escapeMarkdown))], { align })}\n`;
}

/** All columns of `report.json` under their own names, unrounded; null is an empty cell. */
export function toCsv(rows: readonly ReportRow[]): string {
  const keys = Object.keys(failedRow('', '', ''));
  return stringify([...rows], { header: true, columns: keys });
}

/** Aligned columns for a terminal, two spaces apart, without a trailing newline. */
export const toText = (rows: readonly ReportRow[]): string => alignedText(textTable(rows));

export function alignedText({ heads, align, rows }: TextTable): string {
  const lines = [heads, ...rows];
  const width = heads.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const pad = (cell: string, i: number) => (align[i] === 'right' ? cell.padStart(width[i]) : cell.padEnd(width[i]));
  const rule = width.map((n) => '─'.repeat(n)).join('  ');
  const [head, ...body] = lines.map((line) => line.map(pad).join('  ').trimEnd());
  return [head, rule, ...body].join('\n');
}
