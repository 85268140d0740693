/**
 * Texts, pairs and labels out of a user's data file: csv, tsv, jsonl, ndjson, json, parquet. `streamRows` for files
 * of any size, `readExamples` for a labelled data set in memory. Knows nothing of tokens.
 */
import { basename } from 'node:path';
import { PyramidError } from '../errors.ts';
import type { ProblemType } from '../problem-type.ts';
import { answerAcross, answerIn, type CellAnswer } from './cell-labels.ts';
import {
  areNumbered,
  type ColumnChoice,
  type ColumnNames,
  chooseColumns,
  columnsIn,
  columnsNeeded,
  missingColumn,
  namesIn,
} from './columns.ts';
import type { Dataset, Example } from './example.ts';
import { Faults, rowFaults } from './faults.ts';
import type { FilePart } from './files/file-part.ts';
import { isDelimited } from './files/format.ts';
import { FIRST_ROWS } from './files/json-table.ts';
import { openTable } from './files/open-table.ts';
import { type RowProblem, type TableRow, UnreadableCell } from './files/table.ts';
import { rowAnswers, withSeparatorHint } from './row-answers.ts';

export interface TextRow {
  readonly text: string;
  readonly pair?: string;
  readonly label?: string;
  /** All of its labels, where a row may have any number. */
  readonly labels?: readonly string[];
  /** From 1, the header counted; the row's number in parquet files and JSON arrays. */
  readonly line: number;
  /** Of all columns, where they were asked for: column to cell, null where that cannot be read. */
  readonly row?: Readonly<Record<string, unknown>>;
}

export interface StreamOptions extends ColumnNames {
  /** What separates the fields of a csv or tsv file. Without: a tab in .tsv, in .csv what the file shows. */
  readonly delimiter?: string;
  /** What stands between the labels of a row in the label column. */
  readonly labelSeparator?: string;
  /** Whether a list is a row's labels; without, it is no label. */
  readonly severalLabels?: boolean; // true
  /** At most so many rows. */
  readonly limit?: number;
  /** Whether the cells of all columns are given too. */
  readonly wholeRows?: boolean; // false
  /** Whether each row must have a label. Without, labels are given where they are found. */
  readonly labelled?: boolean; // false
  /** Called with each row that cannot be read, which is then left out. Without it, the first one is thrown. */
  readonly onProblem?: (problem: RowProblem) => void;
  /** The file's part that is read, of `cutFile`; the columns are then named. Without, all of it. */
  readonly part?: FilePart;
  /** With `part`, of JSON lines: the keys that are columns, as the file's first rows have them. Left out: those that are named. */
  readonly keys?: readonly string[];
  /** Called once with what there is to say about the file. */
  readonly onNote?: (text: string) => void;
  /** Called, in place of `onNote`, with what was guessed at: a separator that is no comma. */
  readonly onGuess?: (text: string) => void;
}

export interface ReadOptions extends Omit<StreamOptions, 'labelled' | 'severalLabels' | 'onProblem' | 'wholeRows'> {
  /** What the rows are answered with. Without, lists and separated labels are any number of labels, and all else is one label. */
  readonly problemType?: ProblemType;
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
  const { limit = Infinity, labelled = false, delimiter, part, onNote, onGuess = onNote } = options;
  // the first rows of a part may lack a key that the first rows of the file have
  const keys = part && (options.keys ?? namesIn(options).map(String));
  const header = !areNumbered(options);
  const table = await openTable(path, { header, delimiter, columns: columnsNeeded(options), part, keys });
  const { columns, rows } = table;
  const onProblem =
    options.onProblem ??
    (({ line, problem }: RowProblem) => {
      throw new PyramidError('MP_DATA_ROW', { path, line, problem });
    });
  const labelNeeded = labelled || options.label !== undefined || options.labelColumns !== undefined;
  const reading: Reading = {
    labelNeeded,
    separator: options.labelSeparator ?? null,
    severalLabels: options.severalLabels ?? true,
    names: options.labelColumns?.map(String) ?? [],
  };
  let good = 0;
  let bad = 0;
  try {
    const choice = columns.length > 0 ? chooseColumns(path, columns, options) : null;
    if (choice && labelNeeded && choice.label === undefined && !choice.labelColumns) {
      throw missingColumn(
        path,
        String(options.label ?? 'label'),
        columns,
        options.label === undefined ? '--label' : undefined,
      );
    }
    for (const note of table.notes ?? []) onGuess?.(`${path}: ${note}`);
    if (choice && onNote) {
      const named = { text: choice.text, pair: choice.pair, label: choice.label };
      const parts = Object.entries(named).flatMap(([what, at]) =>
        at === undefined ? [] : `${what} from column "${columns[at]}"`,
      );
      if (choice.labelColumns) parts.push(`labels from ${choice.labelColumns.length} columns`);
      onNote(`${path}: ${parts.join(', ')}`);
    }
    if (choice && !options.wholeRows) table.want?.(columnsIn(choice));
    // what the columns of a part are was settled on the whole file
    const laterKey = part ? () => null : keysThatMatter(path, columns, options, choice);

    const readRow = ({ line, cells }: Extract<TableRow, { kind: 'row' }>) =>
      choice ? textRow(line, cells, choice, reading) : withoutColumns(line);
    for await (const row of rows) {
      const read = row.kind === 'problem' ? row : (laterKey(row) ?? readRow(row));
      if ('problem' in read) {
        bad++;
        onProblem(read);
      } else {
        yield options.wholeRows && row.kind === 'row' ? { ...read, row: wholeRow(columns, row.cells) } : read;
        if (++good >= limit) break;
      }
    }
  } finally {
    await table.close();
  }
  if (good + bad === 0 && limit > 0 && !part) throw new PyramidError('MP_DATA_EMPTY', { path });
}

/** Of a file whose first rows are all `{}` or no rows at all. */
const withoutColumns = (line: number): RowProblem => ({ kind: 'problem', line, problem: 'the row has no columns' });

const wholeRow = (columns: readonly string[], cells: readonly unknown[]): Record<string, unknown> =>
  Object.fromEntries(columns.map((name, i) => [name, cells[i] instanceof UnreadableCell ? null : (cells[i] ?? null)]));

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

/** How a row's labels are read. */
interface Reading {
  readonly labelNeeded: boolean;
  readonly separator: string | null;
  readonly severalLabels: boolean;
  /** Of columns that each stand for a label. */
  readonly names: readonly string[];
}

function textRow(
  line: number,
  cells: readonly unknown[],
  choice: ColumnChoice,
  reading: Reading,
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
  const answer = answerOf(cells, choice, reading);
  if (answer === null && reading.labelNeeded) return problem('label', cell);
  if (answer && 'problem' in answer) {
    if (reading.labelNeeded) return { kind: 'problem', line, problem: answer.problem };
    return { text, ...(pair === undefined ? {} : { pair: pair as string }), line };
  }
  return {
    text,
    ...(pair === undefined ? {} : { pair: pair as string }),
    ...answer,
    line,
  };
}

function answerOf(
  cells: readonly unknown[],
  choice: ColumnChoice,
  { separator, severalLabels, names }: Reading,
): CellAnswer {
  if (choice.labelColumns)
    return answerAcross(
      choice.labelColumns.map((at) => cells[at]),
      names,
    );
  if (choice.label === undefined) return null;
  const cell = cells[choice.label];
  return Array.isArray(cell) && !severalLabels ? null : answerIn(cell, separator);
}

function describe(cell: unknown): string {
  if (typeof cell === 'string') return 'empty';
  if (typeof cell === 'number') return Number.isNaN(cell) ? 'not a number (NaN)' : 'of type number';
  if (cell instanceof UnreadableCell) return cell.problem;
  return Array.isArray(cell) ? 'a list' : `of type ${typeof cell}`;
}

/**
 * A labelled data set from `path`. Labels keep the order of `labels` where it is given; else they are collected:
 * numbers in numeric order, other names alphabetically. Labels that are all numbers, or all true and false, are the same
 * however they are written (`sameLabels`). All rows that cannot be read are found before the error.
 * @throws as `streamRows`; MP_DATA_LABEL for a label not in `labels`; MP_DATA_ONE_CLASS if labels are collected and
 *   there is only one
 */
export async function readExamples(path: string, options: ReadOptions = {}): Promise<Dataset> {
  const { labels: known = null, problemType = null, onNote, onNumbered = onNote, ...rest } = options;
  const { labelColumns, labelSeparator: separator = null } = rest;
  askForLabels(path, options);
  const texts: TextRow[] = [];
  const wrong = new Faults<RowProblem>();
  let empty = 0;
  const onProblem = (problem: RowProblem) => wrong.add(problem, problem.line);
  const severalLabels = problemType === null || problemType === 'multi_label_classification';
  for await (const row of streamRows(path, { ...rest, severalLabels, labelled: true, onProblem, onNote })) {
    if (!row.text.trim()) empty++;
    texts.push(row);
  }
  const asks = problemType === null && separator === null && known === null;
  rowFaults(path, asks ? withSeparatorHint(wrong, texts) : wrong);
  const isNumber = problemType === 'regression' && options.label !== undefined && !areNumbered(options);
  const names = labelColumns?.map(String) ?? (isNumber ? [String(options.label)] : undefined);
  const answers = rowAnswers(texts, { path, problemType, known, names, separator, onNumbered });
  const { labels } = answers;
  const examples: Example[] = texts.map(({ text, pair }, i) => {
    const example = { text, ...answers.of[i] };
    return pair === undefined ? example : { ...example, pair };
  });
  if (empty > 0) onNote?.(`${path}: ${empty} of ${texts.length} texts are empty`);
  const kind = answers.problemType && { problemType: answers.problemType };
  return { name: basename(path), ...kind, labels, pairs: texts[0]?.pair !== undefined, examples };
}

/** Labels that a file of fields cannot show to be several have to be named. Throws MP_USAGE. */
function askForLabels(path: string, { problemType, label, labelColumns, labelSeparator }: ReadOptions): void {
  const usage = (what: string, todo: string) => new PyramidError('MP_USAGE', { what: `${path}: ${what}`, todo });
  const isTold = labelColumns !== undefined || labelSeparator !== undefined;
  if (labelColumns !== undefined && (label !== undefined || labelSeparator !== undefined))
    throw usage(
      '--label-columns has a column for each label, and --label or --label-separator a column for all',
      'leave one of them out',
    );
  if (labelColumns && new Set(labelColumns.map(String)).size < labelColumns.length)
    throw usage('--label-columns names a column twice', 'name each once');
  if (isTold && problemType && problemType !== 'multi_label_classification')
    throw usage(
      `${labelColumns ? '--label-columns' : '--label-separator'} is for rows with any number of labels, and these are for ${problemType}`,
      'leave it out',
    );
  if (problemType === 'multi_label_classification' && !isTold && isDelimited(path))
    throw usage(
      'a row may have any number of labels, and nothing says where they are',
      'give --label-separator for labels in one column, or --label-columns for a column each',
    );
}
