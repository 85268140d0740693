/**
 * The results table: one row per task and method, as `report.json` keeps it (docs/formats.md), written as JSON, Markdown,
 * CSV and aligned text. Knows nothing of how the figures came about.
 */
import { stringify } from 'csv-stringify/sync';
import { markdownTable } from 'markdown-table';
import type { Judgement } from '../evaluate/judge.ts';
import { escapeMarkdown } from './report-table.ts';
import { alignedText, textTable } from './text-table.ts';

/** Figures are null where they do not apply or the run failed. */
export interface ReportRow {
  readonly task: string;
  readonly method: string;
  /** From 0 to 1; where a text may have any number of labels, the share that is given exactly its own. null where it has a number. */
  readonly accuracy: number | null;
  /** Of label 1, where there are two labels; from 0 to 1. */
  readonly f1: number | null;
  /** Where a text may have any number of labels; left out elsewhere. */
  readonly microF1?: number;
  readonly macroF1?: number;
  /** Where a text has a number; left out elsewhere. */
  readonly r2?: number;
  readonly pearson?: number;
  readonly spearman?: number;
  /** null is off. */
  readonly tau: number | null;
  /** Mean 10⁹ operations a text, as the paper counts. */
  readonly gflops: number | null;
  /** The same as computed, heads, peeks and classifier included. */
  readonly gflopsActual: number | null;
  /** Operations of the dense model over those used, as the paper counts. */
  readonly speedupPaper: number | null;
  readonly speedupActual: number | null;
  /** Mean layer that answers, floor 0 as 0. */
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
  { accuracy, f1, macroF1, microF1, r2, pearson, spearman, tau, gflops, speedup, meanExit }: Judgement,
  { task, method, msPerText = null, seconds = null }: RowMeasurements,
): ReportRow {
  return {
    task,
    method,
    accuracy: r2 === undefined ? accuracy : null,
    f1,
    ...(microF1 !== undefined && { microF1, macroF1 }),
    ...(r2 !== undefined && { r2, pearson, spearman }),
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

/** `report.json`. */
export function toJson(rows: readonly ReportRow[]): string {
  return `${JSON.stringify({ rows }, null, 2)}\n`;
}

export function toMarkdown(rows: readonly ReportRow[]): string {
  const { heads, align, rows: cells } = textTable(rows);
  return `${markdownTable([[...heads], ...cells.map((row) => row.map(escapeMarkdown))], { align })}\n`;
}

const TARGET_KEYS = ['microF1', 'macroF1', 'r2', 'pearson', 'spearman'] as const satisfies readonly (keyof ReportRow)[];

/** All columns of `report.json` under their own names, unrounded; null is an empty cell, and no spreadsheet takes a text for a formula. */
export function toCsv(rows: readonly ReportRow[]): string {
  const keys = Object.keys(failedRow('', '', ''));
  const more = TARGET_KEYS.filter((key) => rows.some((row) => row[key] !== undefined));
  keys.splice(keys.indexOf('tau'), 0, ...more);
  return stringify([...rows], { header: true, columns: keys, escape_formulas: true });
}

/** Aligned columns for a terminal, two spaces apart, without a trailing newline. */
export const toText = (rows: readonly ReportRow[]): string => alignedText(textTable(rows));
