/** The rows of a sweep as CSV and as aligned text. */
import { stringify } from 'csv-stringify/sync';
import { alignedText, figureText, short, times, titlesOf } from '../../report/index.ts';
import type { SweepResult, SweepRow } from './sweep.ts';

/** Unrounded; null is an empty cell. */
export const sweepCsv = (rows: readonly SweepRow[]): string =>
  stringify([...rows], { header: true, columns: Object.keys(rows[0]), escape_formulas: true });

export function sweepText(rows: readonly SweepRow[]): string {
  const cell = <T>(value: T | null, text: (value: T) => string) => (value === null ? '–' : text(value));
  // all runs are of one task
  const title = titlesOf(rows.flatMap(({ figure }) => figure ?? []));
  const columns: readonly (readonly [head: string, (row: SweepRow) => string])[] = [
    ['Method', ({ method }) => method],
    ['Δ_L', ({ delta }) => cell(delta, String)],
    ['T', ({ temperature }) => cell(temperature, String)],
    ['λ', ({ lambda }) => cell(lambda, String)],
    ['tau', ({ tau, failed }) => (failed === null ? (tau === null ? 'off' : String(tau)) : '–')],
    [title, ({ accuracy, figure }) => cell(accuracy, figureText(figure))],
    ['Drop', ({ drop }) => cell(drop, (share) => (100 * share).toFixed(1))],
    ['GFLOPs (paper)', ({ gflops }) => cell(gflops, short)],
    ['GFLOPs (actual)', ({ gflopsActual }) => cell(gflopsActual, short)],
    ['Speed-up (paper)', ({ speedupPaper }) => cell(speedupPaper, times)],
    ['Speed-up (actual)', ({ speedupActual }) => cell(speedupActual, times)],
    ['Failed', ({ failed }) => failed?.replace(/\s+/g, ' ') ?? ''],
  ];
  const shown = columns.filter(([head]) => head !== 'Failed' || rows.some(({ failed }) => failed !== null));
  return alignedText({
    heads: shown.map(([head]) => head),
    align: shown.map(([head]) => (head === 'Method' || head === 'Failed' ? 'left' : 'right')),
    rows: rows.map((row) => shown.map(([, text]) => text(row))),
  });
}

/** The choice in a sentence, with the flags that repeat it. */
export function choiceText({ choice }: SweepResult, maxDrop: number): string {
  if (choice === null)
    return `No run has a drop of at most ${100 * maxDrop} points from plain BERT on the validation rows`;
  const { method, delta, temperature, lambda, tau, test } = choice;
  const flags = delta === null ? '' : ` --delta ${delta} --temperature ${temperature} --lambda ${lambda}`;
  return `Chosen: ${method}${flags}, tau ${tau ?? 'off'}; on the test rows ${figureText(choice.figure)(test.accuracy)}, ${times(test.speedupPaper)} fewer operations as the paper counts, ${times(test.speedupActual)} as computed`;
}
