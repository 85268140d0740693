/**
 * Which columns of a data file hold the text, its pair and its label, when the caller does not say.
 */
import { PyramidError } from '../errors.ts';
import { DELIMITER_NAMES, delimiterIn } from './files/csv-delimiter.ts';

/** A column's name, or its number from 0 (as a number or in digits) in a csv or tsv file without a header line. */
export type ColumnName = string | number;

export interface ColumnNames {
  readonly text?: ColumnName;
  readonly pair?: ColumnName;
  readonly label?: ColumnName;
  /** One column a label, instead of `label`: each cell says whether the row has it. */
  readonly labelColumns?: readonly ColumnName[];
}

/** Tried in this order, case ignored; pairs first, since half a pair looks like a text. */
export const DEFAULT_COLUMNS = {
  pairs: [
    ['sentence1', 'sentence2'],
    ['question1', 'question2'],
    ['premise', 'hypothesis'],
    ['question', 'sentence'],
    ['#1 String', '#2 String'],
    ['text', 'pair'],
    ['text', 'text_pair'],
    ['text_a', 'text_b'],
    ['text1', 'text2'],
  ],
  text: ['text', 'sentence', 'content', 'review', 'body', 'message', 'description', 'question', 'title'],
  label: ['label', 'labels', 'class', 'category', 'target', 'sentiment', 'is_duplicate', 'Quality', 'gold_label', 'y'],
} as const;

/** Indices into the columns. */
export interface ColumnChoice {
  readonly text: number;
  readonly pair?: number;
  readonly label?: number;
  readonly labelColumns?: readonly number[];
}

/** All columns that a choice reads. */
export const columnsIn = ({ text, pair, label, labelColumns = [] }: ColumnChoice): number[] =>
  [text, pair, label, ...labelColumns].filter((at) => at !== undefined);

/** The names that are given. */
export const namesIn = ({ text, pair, label, labelColumns = [] }: ColumnNames): ColumnName[] =>
  [text, pair, label, ...labelColumns].filter((name) => name !== undefined);

/**
 * Whether the columns are given by number, so that the file has no header line.
 * @throws MP_USAGE where some are names
 */
export function areNumbered(names: ColumnNames): boolean {
  const given = namesIn(names).map(String);
  const numbers = given.filter((name) => /^\d+$/.test(name));
  if (numbers.length === 0) return false;
  const name = given.find((one) => !numbers.includes(one));
  if (name === undefined) return true;
  throw new PyramidError('MP_USAGE', {
    what: `one column is given by name ("${name}") and another by number (${numbers[0]})`,
    todo: 'give names if the file has a header line, or numbers from 0 if it has none',
  });
}

/** Columns that numbered names need. Named ones are told apart by the header line. */
export const columnsNeeded = (names: ColumnNames): number =>
  areNumbered(names) ? 1 + Math.max(...namesIn(names).map(Number)) : 2;

/**
 * The columns to read. A pair is looked for only if no text column is named.
 * @throws MP_DATA_COLUMN for a named column that is not there, or if no default fits; MP_USAGE for two of one name
 */
export function chooseColumns(path: string, columns: readonly string[], names: ColumnNames): ColumnChoice {
  const lower = columns.map((column) => column.toLowerCase());
  const missing = (column: string, flag?: string) => missingColumn(path, column, columns, flag);
  /** Which of two columns of one name is meant, nobody can say. */
  const only = (at: number): number => {
    if (columns.indexOf(columns[at], at + 1) < 0 && columns.indexOf(columns[at]) === at) return at;
    throw new PyramidError('MP_USAGE', {
      what: `${path}: two columns are called "${columns[at]}"`,
      todo: 'rename one of them',
    });
  };
  const named = (name: ColumnName | undefined): number | undefined => {
    if (name === undefined) return undefined;
    const exact = columns.indexOf(String(name));
    const at = exact >= 0 ? exact : lower.indexOf(String(name).toLowerCase());
    if (at < 0) throw missing(String(name));
    return only(at);
  };
  const firstOf = (candidates: readonly string[]): number | undefined => {
    const at = candidates.map((name) => lower.indexOf(name.toLowerCase())).find((i) => i >= 0);
    return at === undefined ? undefined : only(at);
  };

  const labelColumns = names.labelColumns?.map((name) => named(name)!);
  const label = labelColumns ? undefined : (named(names.label) ?? firstOf(DEFAULT_COLUMNS.label));
  const answer = { label, ...(labelColumns && { labelColumns }) };
  const pair = named(names.pair);
  const text = named(names.text);
  if (text !== undefined) return { text, pair, ...answer };
  const both = DEFAULT_COLUMNS.pairs
    .map((names) => names.map((name) => lower.indexOf(name.toLowerCase())))
    .find(([a, b]) => a >= 0 && b >= 0 && (pair === undefined || pair === b));
  if (both) return { text: only(both[0]), pair: only(both[1]), ...answer };
  const alone = firstOf(DEFAULT_COLUMNS.text);
  if (alone === undefined) throw missing('text', '--text');
  return { text: alone, pair, ...answer };
}

/** The error for a column that is not there. Without a header line the names are texts: they are shortened. */
export const missingColumn = (path: string, column: string, columns: readonly string[], flag?: string) => {
  const separator = columns.length === 1 ? delimiterIn(columns[0]) : null;
  return new PyramidError('MP_DATA_COLUMN', {
    path,
    column,
    columns: columns.map((name) => (name.length > 40 ? `${name.slice(0, 40)}…` : name)),
    ...(separator !== null && { separator: DELIMITER_NAMES[separator] }),
    ...(flag !== undefined && { flag }),
  });
};
