/**
 * Texts, pairs and labels out of a user's data file: csv, tsv, jsonl, ndjson, json, parquet. `streamRows` for files
 * of any size, `readExamples` for a labelled data set in memory. Knows nothing of tokens.
 */
import { basename } from 'node:path';
import { PyramidError } from '../errors.ts';
import { areNumbered, type ColumnNames, chooseColumns, missingColumn } from './columns.ts';
import type { Dataset, Example } from './example.ts';
import { numberedLabels } from './numbered-labels.ts';
import { openTable } from './open-table.ts';
import type { RowProblem } from './table.ts';

export interface TextRow {
  readonly text: string;
  readonly pair?: string;
  readonly label?: string;
  /** From 1, the header counted; the row's number in parquet files and JSON arrays. */
  readonly line: number;
}

export interface StreamOptions extends ColumnNames {
  /** At most so many rows. */
  readonly limit?: number;
  /** Whether each row must have a label. Without, labels are given where they are found. */
  readonly labelled?: boolean; // false
  /** Called with each row that cannot be read, which is then left out. Without it, the first one is thrown. */
  readonly onProblem?: (problem: RowProblem) => void;
  /** Called once with what there is to say about the file. */
  readonly onNote?: (text: string) => void;
}

export interface ReadOptions extends Omit<StreamOptions, 'labelled' | 'onProblem'> {
  /**
   * The labels of training. Another one in the file is an error, but for rows 0, 1, … where these are LABEL_0, LABEL_1, ….
   * Without, they are collected from the file.
   */
  readonly labels?: readonly string[];
  /** Called once where rows 0, 1, … are taken for LABEL_0, LABEL_1, …. */
  readonly onNumbered?: (text: string) => void;
}

/**
 * The rows of `path` in order. Columns not named are looked for under common names (`DEFAULT_COLUMNS`).
 * @throws MP_FILE_MISSING, MP_DATA_FORMAT, MP_DATA_FILE, MP_DATA_EMPTY, MP_DATA_COLUMN, MP_DATA_ROW
 */
export async function* streamRows(path: string, options: StreamOptions = {}): AsyncGenerator<TextRow> {
  const { limit = Infinity, labelled = false, onNote } = options;
  const { columns, rows } = await openTable(path, { header: !areNumbered(options) });
  const onProblem =
    options.onProblem ??
    (({ line, problem }: RowProblem) => {
      throw new PyramidError('MP_DATA_ROW', { path, line, problem });
    });
  const labelNeeded = labelled || options.label !== undefined;
  const choice = columns.length > 0 ? chooseColumns(path, columns, options) : null;
  if (choice && labelNeeded && choice.label === undefined) {
    throw missingColumn(path, 'label', columns);
  }
  if (choice && onNote) {
    const parts = Object.entries(choice).filter(([, at]) => at !== undefined);
    onNote(`${path}: ${parts.map(([what, at]) => `${what} from column "${columns[at as number]}"`).join(', ')}`);
  }

  let good = 0;
  let bad = 0;
  for await (const row of rows) {
    if (row.kind === 'row' && !choice) throw new Error('internal: a row in a table without columns');
    const read = row.kind === 'problem' ? row : textRow(row.line, row.cells, choice!, labelNeeded);
    if ('problem' in read) {
      bad++;
      onProblem(read);
    } else {
      yield read;
      if (++good >= limit) break;
    }
  }
  if (good + bad === 0 && limit > 0) throw new PyramidError('MP_DATA_EMPTY', { path });
}

function textRow(
  line: number,
  cells: readonly unknown[],
  choice: { readonly text: number; readonly pair?: number; readonly label?: number },
  labelNeeded: boolean,
): TextRow | RowProblem {
  const problem = (what: string, cell: unknown): RowProblem => ({
    kind: 'problem',
    line,
    problem: cell === undefined || cell === null ? `there is no ${what}` : `the ${what} is ${describe(cell)}`,
  });
  const text = cells[choice.text];
  if (typeof text !== 'string') return problem('text', text);
  const pair = choice.pair === undefined ? undefined : cells[choice.pair];
  if (choice.pair !== undefined && typeof pair !== 'string') return problem('pair', pair);
  const cell = choice.label === undefined ? undefined : cells[choice.label];
  const label = labelOf(cell);
  if (label === undefined && labelNeeded) return problem('label', cell);
  return {
    text,
    ...(pair === undefined ? {} : { pair: pair as string }),
    ...(label === undefined ? {} : { label }),
    line,
  };
}

function labelOf(cell: unknown): string | undefined {
  switch (typeof cell) {
    case 'string':
      return cell.trim() || undefined;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(cell);
    default:
      return undefined;
  }
}

function describe(cell: unknown): string {
  if (typeof cell === 'string') return 'empty';
  return Array.isArray(cell) ? 'a list' : `of type ${typeof cell}`;
}

/**
 * A labelled data set from `path`. Labels keep the order of `labels` where it is given; else they are collected:
 * numbers in numeric order, other names alphabetically. All rows that cannot be read are found before the error.
 * @throws as `streamRows`; MP_DATA_LABEL for a label not in `labels`; MP_DATA_ONE_CLASS if labels are collected and
 *   there is only one
 */
export async function readExamples(path: string, options: ReadOptions = {}): Promise<Dataset> {
  const { labels: known, onNote, onNumbered = onNote, ...rest } = options;
  const texts: TextRow[] = [];
  let problems = 0;
  let first: RowProblem | null = null;
  let empty = 0;
  const onProblem = (problem: RowProblem) => {
    problems++;
    first ??= problem;
  };
  for await (const row of streamRows(path, { ...rest, labelled: true, onProblem, onNote })) {
    if (!row.text.trim()) empty++;
    texts.push(row);
  }
  const wrong = first as RowProblem | null;
  if (wrong) {
    throw new PyramidError('MP_DATA_ROW', { path, line: wrong.line, problem: wrong.problem, more: problems - 1 });
  }
  const found = new Set(texts.map((row) => row.label!));
  const numbered = known ? numberedLabels(found, known) : null;
  if (numbered)
    onNumbered?.(`${path}: the labels ${[...numbered].map(([label, name]) => `${label} are ${name}`).join(', ')}`);
  const odd = known && !numbered ? texts.find((row) => !known.includes(row.label!)) : undefined;
  if (odd) {
    throw new PyramidError('MP_DATA_LABEL', { path, line: odd.line, label: odd.label!, labels: known! });
  }
  const labels = known ?? inOrder(found);
  if (!known && labels.length === 1) throw new PyramidError('MP_DATA_ONE_CLASS', { path, label: labels[0] });
  if (empty > 0) onNote?.(`${path}: ${empty} of ${texts.length} texts are empty`);

  const index = new Map(labels.map((label, i) => [label, i]));
  const examples: Example[] = texts.map(({ text, pair, label }) => {
    const example = { text, label: index.get(numbered?.get(label!) ?? label!)! };
    return pair === undefined ? example : { ...example, pair };
  });
  return { name: basename(path), labels, pairs: texts[0]?.pair !== undefined, examples };
}

/** Numbers in numeric order if all are numbers, else by UTF-16 units: the same on every machine. */
function inOrder(labels: Iterable<string>): string[] {
  const all = [...labels];
  const numeric = all.every((label) => /^-?\d+(\.\d+)?$/.test(label));
  return numeric ? all.sort((a, b) => Number(a) - Number(b)) : all.sort();
}
