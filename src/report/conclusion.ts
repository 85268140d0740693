/** What a table of methods comes to, in one sentence a task: the cheapest method that gives up little, beside plain BERT. */
import { percent, times } from './format.ts';
import type { ReportRow } from './table.ts';

/** Accuracy that counts as little, 0 to 1: the drop that the settings allow where nobody says. */
const LITTLE = 0.01;

export function conclusions(rows: readonly ReportRow[]): string[] {
  const tasks = [...new Set(rows.map(({ task }) => task))];
  return tasks.flatMap((task) => {
    const sentence = conclusion(rows.filter((row) => row.task === task));
    if (sentence === null) return [];
    return [tasks.length > 1 ? `${task}: ${sentence}` : sentence];
  });
}

/** null: there is no row of plain BERT to compare with, or no other. */
function conclusion(rows: readonly ReportRow[]): string | null {
  const bert = rows.find(({ method, accuracy }) => method === 'bert' && accuracy !== null);
  const others = rows.filter(({ method, accuracy }) => method !== 'bert' && accuracy !== null);
  if (!bert || others.length === 0) return null;
  // without a speed-up no layer of a network runs: no figure of operations beside the others
  const near = others.filter(
    ({ accuracy, speedupActual }) => speedupActual !== null && accuracy! >= bert.accuracy! - LITTLE,
  );
  if (near.length === 0) {
    const linear = others.find(({ accuracy }) => accuracy! >= bert.accuracy! - LITTLE);
    if (linear)
      return `${linear.method}, of which no layer of a network runs, is right on ${percent(linear.accuracy!)} of the texts, ${beside(linear, bert)}${clock(linear, bert)}.`;
    return `No method comes within a point of bert's ${percent(bert.accuracy!)}.`;
  }
  const best = near.reduce((most, row) => (row.speedupActual! > most.speedupActual! ? row : most));
  return `${best.method} computes ${times(best.speedupActual)} fewer operations than the dense model and is right on ${percent(best.accuracy!)} of the test texts, ${beside(best, bert)}${clock(best, bert)}.`;
}

function beside(row: ReportRow, bert: ReportRow): string {
  const points = 100 * (row.accuracy! - bert.accuracy!);
  if (Math.abs(points) < 0.05) return 'as bert is';
  return `${Math.abs(points).toFixed(1)} points ${points < 0 ? 'less' : 'more'} than bert`;
}

const clock = (best: ReportRow, bert: ReportRow): string =>
  best.msPerText === null || bert.msPerText === null
    ? ''
    : `; on the clock a text takes ${best.msPerText.toFixed(2)} ms instead of ${bert.msPerText.toFixed(2)}`;
