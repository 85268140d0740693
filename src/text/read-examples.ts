/**
 * Texts, pairs and labels out of a user's data file: csv, tsv, jsonl, ndjson, json, parquet. `streamRows` for files
 * of any size, `readExamples` for a labelled data set in memory. Knows nothing of tokens.
 */
import { basename } from 'node:path';
import { PyramidError } from '../errors.ts';
import { areNumbered, type ColumnChoice, type ColumnNames, chooseColumns, missingColumn } from './columns.ts';
import type { Dataset, Example } from './example.ts';
import { FIRST_ROWS } from './files/json-table.ts';
import { openTable } from './files/open-table.ts';
import { type RowProblem, type TableRow, UnreadableCell } from './files/table.ts';
import { sameLabels } from './label-form.ts';
import { numberedLabels } from './numbered-labels.ts';

export interface TextRow {
  readonly text: string;
  readonly pair?: string;
  readonly label?: string;
  /** From 1, the header counted; the row's number in parquet files and JSON arrays. */
  readonly line: number;
}

export interface StreamOptions extends ColumnNames {
  /** What separates the fields of a csv or tsv file. Without: a tab in .tsv, in .csv what the file shows. */
  readonly delimiter?: string;
  /** At most so many rows. */
  readonly limit?: number;
  /** Whether each row must have a label. Without, labels are given where they are found. */
  readonly labelled?: boolean; // false
  /** Called with each row that cannot be read, which is then left out. Without it, the first one is thrown. */
  readonly onProblem?: (problem: RowProblem) => void;
  /** Called once with what there is to say about the file. */
  readonly onNote?: (text: string) => void;
  /** Called, in place of `onNote`, with what was guessed at: a separator that is no comma. */
  readonly onGuess?: (text: string) => void;
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
  const { limit = Infinity, labelled = false, delimiter, onNote, onGuess = onNote } = options;
  const table = await openTable(path, { header: !areNumbered(options), delimiter, columns: columnsNeeded(options) });
  const { columns, rows } = table;
  const onProblem =
    options.onProblem ??
    (({ line, problem }: RowProblem) => {
      throw new PyramidError('MP_DATA_ROW', { path, line, problem });
    });
  const labelNeeded = labelled || options.label !== undefined;
  let good = 0;
  let bad = 0;
  try {
    const choice = columns.length > 0 ? chooseColumns(path, columns, options) : null;
    if (choice && labelNeeded && choice.label === undefined) {
      throw missingColumn(
        path,
        String(options.label ?? 'label'),
        columns,
        options.label === undefined ? '--label' : undefined,
      );
    }
    for (const note of table.notes ?? []) onGuess?.(`${path}: ${note}`);
    if (choice && onNote) {
      const parts = Object.entries(choice).filter(([, at]) => at !== undefined);
      onNote(`${path}: ${parts.map(([what, at]) => `${what} from column "${columns[at as number]}"`).join(', ')}`);
    }
    if (choice) table.want?.(Object.values(choice).filter((at) => at !== undefined));
    const laterKey = keysThatMatter(path, columns, options, choice);

    for await (const row of rows) {
      if (row.kind === 'row' && !choice) throw new Error('internal: a row in a table without columns');
      const read = row.kind === 'problem' ? row : (laterKey(row) ?? textRow(row.line, row.cells, choice!, labelNeeded));
      if ('problem' in read) {
        bad++;
        onProblem(read);
      } else {
        yield read;
        if (++good >= limit) break;
      }
    }
  } finally {
    await table.close();
  }
  if (good + bad === 0 && limit > 0) throw new PyramidError('MP_DATA_EMPTY', { path });
}

/** Columns that numbered names need. Named ones are told apart by the header line. */
const columnsNeeded = (names: ColumnNames): number =>
  areNumbered(names)
    ? 1 + Math.max(...[names.text, names.pair, names.label].filter((name) => name !== undefined).map(Number))
    : 2;

/**
 * Finds the row with a key that no row before it had, where the columns would have been chosen otherwise with it.
 * Other keys are of no account, and are remembered so that they are weighed once.
 */
function keysThatMatter(path: string, columns: readonly string[], names: ColumnNames, choice: ColumnChoice | null) {
  const harmless = new Set<string>();
  const matters = (key: string): boolean => {
    const { text, pair, label } = chooseColumns(path, [...columns, key], names);
    return text !== choice?.text || pair !== choice.pair || label !== choice.label;
  };
  return ({ line, others }: Extract<TableRow, { kind: 'row' }>): RowProblem | null => {
    for (const key of others ?? []) {
      if (harmless.has(key)) continue;
      if (matters(key)) {
        const name = key.length > 40 ? `${key.slice(0, 40)}…` : key;
        const problem = `the key "${name}" comes first after ${FIRST_ROWS} rows without it; name the columns, or give every row the same keys`;
        return { kind: 'problem', line, problem };
      }
      if (harmless.size < FIRST_ROWS) harmless.add(key);
    }
    return null;
  };
}

function textRow(
  line: number,
  cells: readonly unknown[],
  choice: ColumnChoice,
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

/** The label that a cell holds; undefined: none that can be read. */
export function labelOf(cell: unknown): string | undefined {
  switch (typeof cell) {
    case 'string':
      return cell.trim() || undefined;
    case 'number':
      return Number.isFinite(cell) ? String(cell) : undefined;
    case 'bigint':
    case 'boolean':
      return String(cell);
    default:
      return undefined;
  }
}

function describe(cell: unknown): string {
  if (typeof cell === 'string') return 'empty';
  if (typeof cell === 'number') return Number.isNaN(cell) ? 'not a number (NaN)' : 'of type number';
  if (cell instanceof UnreadableCell) return cell.problem;
  return Array.isArray(cell) ? 'a list' : `of type ${typeof cell}`;
}

/** Lines that a message names, beside the first. */
const NAMED = 5;

/**
 * A labelled data set from `path`. Labels keep the order of `labels` where it is given; else they are collected:
 * numbers in numeric order, other names alphabetically. Labels that are all numbers, or all true and false, are the same
 * however they are written (`sameLabels`). All rows that cannot be read are found before the error.
 * @throws as `streamRows`; MP_DATA_LABEL for a label not in `labels`; MP_DATA_ONE_CLASS if labels are collected and
 *   there is only one
 */
export async function readExamples(path: string, options: ReadOptions = {}): Promise<Dataset> {
  const { labels: known, onNote, onNumbered = onNote, ...rest } = options;
  const texts: TextRow[] = [];
  const wrong = new Faults<RowProblem>();
  let empty = 0;
  const onProblem = (problem: RowProblem) => wrong.add(problem, problem.line);
  for await (const row of streamRows(path, { ...rest, labelled: true, onProblem, onNote })) {
    if (!row.text.trim()) empty++;
    texts.push(row);
  }
  if (wrong.first) {
    const { line, problem } = wrong.first;
    throw new PyramidError('MP_DATA_ROW', { path, line, problem, more: wrong.more, lines: wrong.lines });
  }
  const shared = sameLabels(new Set(texts.map((row) => row.label!)), known);
  const asNumbers = sameLabels(new Set(texts.map((row) => row.label!)));
  const numbered = known ? numberedLabels(asNumbers.labels, known) : null;
  if (numbered)
    onNumbered?.(`${path}: the labels ${[...numbered].map(([label, name]) => `${label} are ${name}`).join(', ')}`);
  const labelOf = (label: string) => numbered?.get(asNumbers.labelOf(label)) ?? shared.labelOf(label);
  const labels = known ?? inOrder(shared.labels);
  const index = new Map(labels.map((label, i) => [label, i]));
  const unseen = new Faults<TextRow>();
  const examples: Example[] = texts.map((row) => {
    const { text, pair } = row;
    const label = index.get(labelOf(row.label!));
    if (label === undefined) unseen.add(row, row.line);
    const example = { text, label: label ?? -1 };
    return pair === undefined ? example : { ...example, pair };
  });
  if (unseen.first) {
    const { line, label } = unseen.first;
    const { more, lines } = unseen;
    throw new PyramidError('MP_DATA_LABEL', { path, line, label: label!, labels, more, lines });
  }
  if (!known && labels.length === 1) throw new PyramidError('MP_DATA_ONE_CLASS', { path, label: labels[0] });
  if (empty > 0) onNote?.(`${path}: ${empty} of ${texts.length} texts are empty`);
  return { name: basename(path), labels, pairs: texts[0]?.pair !== undefined, examples };
}

/** Rows with a fault: the first one whole, the next few by their lines, the others counted. */
class Faults<T> {
  first: T | null = null;
  /** Besides the first. */
  more = 0;
  readonly lines: number[] = [];

  add(fault: T, line: number): void {
    if (this.first === null) {
      this.first = fault;
      return;
    }
    this.more++;
    if (this.lines.length < NAMED) this.lines.push(line);
  }
}

/** Numbers in numeric order if all are numbers, else by UTF-16 units: the same on every machine. */
function inOrder(labels: Iterable<string>): string[] {
  const all = [...labels];
  const numeric = all.every((label) => /^-?\d+(\.\d+)?$/.test(label));
  return numeric ? all.sort((a, b) => Number(a) - Number(b)) : all.sort();
}
