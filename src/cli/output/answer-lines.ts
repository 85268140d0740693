/**
 * Answers as lines of a file: JSON objects with the row that each belongs to, or csv with the row's own columns first. Column
 * names are those of the page's download. Knows nothing of where rows come from.
 */
import { stringify } from 'csv-stringify/sync';
import type { Answer } from '../../engine/index.ts';
import { plainValue } from '../../text/plain-json.ts';

/** Of a file: column to cell. null: the text came without. */
export type SourceRow = Readonly<Record<string, unknown>> | null;
export type AnswerFormat = 'jsonl' | 'csv';

/** The line of each answer, with the header line before the first where there is one. */
export function answerLines(format: AnswerFormat): (answer: Answer, row: SourceRow) => string {
  if (format === 'jsonl')
    return (answer, row) => `${JSON.stringify(row === null ? answer : { ...answer, row }, plainValue)}\n`;
  let columns: readonly string[] | null = null;
  return (answer, row) => {
    const head = columns === null;
    columns ??= Object.keys(row ?? {});
    const answers = {
      ...(answer.labels ? { labels: answer.labels.join(',') } : { label: answer.label }),
      score: answer.score,
      exit: answer.exit,
    };
    // a column that came in keeps its name; a found one of the same name gets another
    const names = Object.keys(answers).map((name) => (columns!.includes(name) ? `predicted_${name}` : name));
    const cells = [...columns.map((name) => cellText(row?.[name])), ...Object.values(answers)];
    const lines = [...(head ? [[...columns, ...names]] : []), cells];
    return stringify(lines, { escape_formulas: true });
  };
}

function cellText(cell: unknown): string | number | null {
  if (cell === undefined || cell === null) return null;
  if (typeof cell === 'string' || typeof cell === 'number') return cell;
  return typeof cell === 'object' && !(cell instanceof Date)
    ? JSON.stringify(cell, plainValue)
    : String(plainValue('', cell));
}
