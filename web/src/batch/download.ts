/** Results as a file, with the columns that came in and those that were found, made a slice at a time. */
import Papa from 'papaparse';
import type { Results } from './results.ts';

export type DownloadKind = 'csv' | 'jsonl';

const SLICE_ROWS = 500;
/**
 * What a spreadsheet would run as a formula when it opens the file, if blanks or quotes stand before it or not; a
 * negative number is none. Such a cell gets an apostrophe before it, which spreadsheets read as "this is text".
 */
const FORMULA = /^(?!-(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$)[\s"']*(?:[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|[\t\r])/i;
const CSV = { newline: '\n', escapeFormulae: FORMULA } as const;

/** `rows`: numbers of the rows, in the order of the file. */
export async function resultsFile(results: Results, rows: Uint32Array, kind: DownloadKind): Promise<Blob> {
  // a column that came in keeps its name; a found one of the same name gets another
  const found = [results.several ? 'labels' : 'label', 'score', 'exit'].map((name) =>
    results.columns.includes(name) ? `predicted_${name}` : name,
  );
  const heads = [...results.columns, ...found];
  // each slice goes to the browser's own store at once: one blob of 100,000 rows would hold the page up
  const parts: Blob[] = kind === 'csv' ? [new Blob([`${Papa.unparse([heads], CSV)}\n`])] : [];
  for (let at = 0; at < rows.length; at += SLICE_ROWS) {
    const slice = Array.from(rows.subarray(at, at + SLICE_ROWS), (i) => {
      const { row, label, labels, score, exit } = results.at(i);
      return [...row, (kind === 'jsonl' && labels) || label, score, exit];
    });
    const text =
      kind === 'csv'
        ? Papa.unparse(slice, CSV)
        : slice.map((cells) => JSON.stringify(Object.fromEntries(cells.map((cell, c) => [heads[c], cell])))).join('\n');
    parts.push(new Blob([text, '\n']));
    await new Promise((resolve) => setTimeout(resolve));
  }
  return new Blob(parts, { type: kind === 'csv' ? 'text/csv' : 'application/x-ndjson' });
}

/** Gives `blob` to the browser's own downloads. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // the download has begun by then
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
