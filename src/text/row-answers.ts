/**
 * From what each row says of its answer to a data set's: which labels there are, in which order, and which of them a row has; or
 * its number. Collects all that is wrong before it says so. Knows nothing of files.
 */
import { PyramidError } from '../errors.ts';
import { toNumber } from '../option.ts';
import type { ProblemType } from '../problem-type.ts';
import { type Dataset, NO_LABEL } from './example.ts';
import { Faults, type FoundFaults, rowFaults } from './faults.ts';
import { sameLabels } from './label-form.ts';
import { numberedLabels } from './numbered-labels.ts';

/** A row's label, or all of its labels. */
export interface AnsweredRow {
  readonly label?: string;
  readonly labels?: readonly string[];
  readonly line: number;
}

export interface AnswerOptions {
  readonly path: string;
  /** What the rows are answered with; null: nobody has said. */
  readonly problemType: ProblemType | null;
  /** The labels of training; null: they are collected. */
  readonly known: readonly string[] | null;
  /** Labels that there are even if no row has them, in their order; the name of a number. */
  readonly names?: readonly string[];
  readonly separator?: string | null;
  /** Called once where rows 0, 1, … are taken for LABEL_0, LABEL_1, …. */
  readonly onNumbered?: (text: string) => void;
}

/** `problemType`, `labels`, and `label` and `target` of each row. */
export interface RowAnswers extends Pick<Dataset, 'problemType' | 'labels'> {
  readonly of: readonly { readonly label: number; readonly target?: readonly number[] }[];
}

/**
 * Labels keep the order of those known; else numbers in numeric order, other names alphabetically.
 * @throws MP_DATA_ROW, MP_DATA_LABEL for a label that is not known, MP_DATA_ONE_CLASS if there is nothing to learn, MP_USAGE for what
 *   has to be asked
 */
export function rowAnswers(rows: readonly AnsweredRow[], options: AnswerOptions): RowAnswers {
  const { path, known, separator = null } = options;
  // where nobody has said, the first row shows what the others are
  const problemType = options.problemType ?? (rows[0]?.labels ? 'multi_label_classification' : null);
  if (problemType === 'regression') return numbersOf(rows, options);
  if (problemType === 'multi_label_classification') {
    if (known === null && separator !== null && rows.every(({ labels = [] }) => labels.length < 2))
      throw new PyramidError('MP_USAGE', {
        what: `${path}: the separator "${separator}" is between no two labels of ${rows.length} rows`,
        todo: 'give --label-separator as the file has it, or leave it out if each row has one label',
      });
    return severalOf(rows, options);
  }
  const wrong = new Faults<{ readonly line: number; readonly problem: string }>();
  for (const { line, labels } of rows)
    if (labels) wrong.add({ line, problem: 'the label is a list, where other rows have one label' }, line);
  rowFaults(path, wrong);
  const { labels, labelOf } = labelsOf(rows, options);
  if (known === null && problemType === null) {
    askAboutNumbers(path, labels, rows.length);
    askAboutSeparators(path, labels);
    askAboutNone(path, labels, rows, labelOf);
  }
  const index = new Map(labels.map((label, i) => [label, i]));
  const unseen = new Faults<AnsweredRow>();
  // one for all rows of a label: there may be millions
  const answers = labels.map((_, label) => ({ label }));
  const of = rows.map((row) => {
    const label = index.get(labelOf(row.label!));
    if (label === undefined) unseen.add(row, row.line);
    return label === undefined ? { label: NO_LABEL } : answers[label];
  });
  refuseUnseen(path, unseen, ({ label }) => label!, labels);
  if (known === null && labels.length === 1) throw new PyramidError('MP_DATA_ONE_CLASS', { path, label: labels[0] });
  return { labels, of };
}

function severalOf(rows: readonly AnsweredRow[], options: AnswerOptions): RowAnswers {
  const { path, known } = options;
  const wrong = new Faults<{ readonly line: number; readonly problem: string }>();
  for (const { line, label } of rows)
    if (label !== undefined)
      wrong.add({ line, problem: 'the label is one text, where other rows have a list of labels' }, line);
  rowFaults(path, wrong);
  const { labels, labelOf } = labelsOf(rows, options);
  if (labels.length === 0)
    throw new PyramidError('MP_USAGE', {
      what: `${path}: no row has a label`,
      todo: 'name the column that holds them with --label',
    });
  const index = new Map(labels.map((label, i) => [label, i]));
  const unseen = new Faults<{ readonly line: number; readonly label: string }>();
  const of = rows.map(({ labels: own = [], line }) => {
    const target = labels.map(() => 0);
    for (const label of own) {
      const at = index.get(labelOf(label));
      if (at === undefined) unseen.add({ line, label }, line);
      else target[at] = 1;
    }
    return { label: NO_LABEL, target };
  });
  refuseUnseen(path, unseen, ({ label }) => label, labels);
  const [first, ...others] = of;
  if (known === null && others.every(({ target }) => target.every((has, i) => has === first.target[i])))
    throw new PyramidError('MP_DATA_ONE_CLASS', {
      path,
      label: labels.filter((_, i) => first.target[i] === 1).join(', '),
    });
  return { problemType: 'multi_label_classification', labels, of };
}

function numbersOf(rows: readonly AnsweredRow[], { path, known, names = ['value'] }: AnswerOptions): RowAnswers {
  const wrong = new Faults<{ readonly line: number; readonly problem: string }>();
  const of = rows.map(({ label, line }) => {
    const value = label === undefined ? undefined : toNumber(label);
    if (value !== undefined && Number.isFinite(value)) return { label: NO_LABEL, target: [value] };
    const problem =
      label === undefined
        ? 'the label is a list, where a number is wanted'
        : `the label is "${label.slice(0, 40)}", not a number`;
    wrong.add({ line, problem }, line);
    return { label: NO_LABEL, target: [Number.NaN] };
  });
  rowFaults(path, wrong);
  const [first, ...others] = of;
  if (known === null && others.every(({ target }) => target[0] === first.target[0]))
    throw new PyramidError('MP_DATA_ONE_CLASS', { path, label: String(first.target[0]) });
  return { problemType: 'regression', labels: known ?? names, of };
}

/** The labels that all rows have together, and what gives a label's form among them. */
function labelsOf(
  rows: readonly AnsweredRow[],
  { path, known, names = [], onNumbered }: AnswerOptions,
): { readonly labels: readonly string[]; readonly labelOf: (label: string) => string } {
  // columns are labels as they are called
  if (known === null && names.length > 0) return { labels: names, labelOf: (label) => label };
  const found = new Set<string>();
  for (const { label, labels = [] } of rows) {
    if (label !== undefined) found.add(label);
    for (const one of labels) found.add(one);
  }
  const shared = sameLabels(found, known ?? undefined);
  const asNumbers = sameLabels(found);
  const numbered = known ? numberedLabels(asNumbers.labels, known) : null;
  if (numbered)
    onNumbered?.(`${path}: the labels ${[...numbered].map(([label, name]) => `${label} are ${name}`).join(', ')}`);
  const labelOf = (label: string) => numbered?.get(asNumbers.labelOf(label)) ?? shared.labelOf(label);
  return { labels: known ?? inOrder(shared.labels), labelOf };
}

/** Distinct numbers up to which they may be classes without a word: stars, grades, months. */
const MOST_NUMBERS = 20;
/** Rows a number that classes have at least: fewer, and the numbers are more likely values. */
const ROWS_A_CLASS = 5;

/** Whether each number is a class of its own, or a value on a scale, nobody can tell from the rows. Throws MP_USAGE. */
function askAboutNumbers(path: string, labels: readonly string[], rows: number): void {
  if (labels.length <= MOST_NUMBERS || !labels.every((label) => toNumber(label) !== undefined)) return;
  const areWhole = labels.every((label) => Number.isInteger(toNumber(label)));
  if (areWhole && rows >= ROWS_A_CLASS * labels.length) return;
  throw new PyramidError('MP_USAGE', {
    what: `${path}: the labels are ${labels.length} different numbers, which may be classes or values on a scale`,
    todo: 'say --problem-type regression for values, or --problem-type single_label_classification if each number is a class',
  });
}

/** How many data sets write that a row has no label, as the test rows of GLUE have none. */
const NONE = '-1';

/** Whether −1 beside 0, 1, … is a class (as of sentiments), or a row without one, nobody can tell from the rows. Throws MP_USAGE. */
function askAboutNone(
  path: string,
  labels: readonly string[],
  rows: readonly AnsweredRow[],
  labelOf: (label: string) => string,
): void {
  // numbers that begin elsewhere, such as −1 and 1 or −2 to 2, are no count of classes
  if (labels[0] !== NONE || labels[1] !== '0' || !labels.every((label) => /^-?\d+$/.test(label))) return;
  const none = rows.filter(({ label }) => labelOf(label!) === NONE);
  const have = none.length === 1 ? 'row has' : 'rows have';
  throw new PyramidError('MP_USAGE', {
    what: `${path}:${none[0].line}: ${none.length} ${have} the label -1 beside 0 and above, which is how many data sets write that there is no label`,
    todo: 'remove these rows, or say --problem-type single_label_classification if -1 is a class',
  });
}

/** What stands between the labels of a row in most files that have more than one. */
const SEPARATORS = ['|', ';', ','] as const;

/** Whether a label that is made of others is a class of its own, or several labels, nobody can tell from the rows. Throws MP_USAGE. */
function askAboutSeparators(path: string, labels: readonly string[]): void {
  const single = new Set(labels);
  for (const separator of SEPARATORS) {
    const joined = labels.find(
      (label) => label.includes(separator) && label.split(separator).every((part) => single.has(part.trim())),
    );
    if (joined !== undefined)
      throw new PyramidError('MP_USAGE', {
        what: `${path}: the label "${joined.slice(0, 60)}" is made of labels that other rows have, so that it may be one label or several`,
        todo: `say --label-separator '${separator}' if a row may have several labels, or --problem-type single_label_classification if that is one`,
      });
  }
}

/** An empty label may be none of several, where other rows have a label with a separator in it. */
export function withSeparatorHint(faults: FoundFaults, rows: readonly AnsweredRow[]): FoundFaults {
  if (faults.first?.problem !== 'the label is empty') return faults;
  const separator = SEPARATORS.find((one) => rows.some(({ label }) => label?.includes(one)));
  if (separator === undefined) return faults;
  const hint = `if a row may have any number of labels, say --label-separator '${separator}'`;
  return { ...faults, first: { ...faults.first, problem: `${faults.first.problem}: ${hint}` } };
}

function refuseUnseen<T extends { readonly line: number }>(
  path: string,
  { first, more, lines }: Faults<T>,
  labelOf: (row: T) => string,
  labels: readonly string[],
): void {
  if (first)
    throw new PyramidError('MP_DATA_LABEL', { path, line: first.line, label: labelOf(first), labels, more, lines });
}

/** Numbers in numeric order if all are numbers, else by UTF-16 units: the same on every machine. */
function inOrder(labels: Iterable<string>): string[] {
  const all = [...labels];
  const numeric = all.every((label) => /^-?\d+(\.\d+)?$/.test(label));
  return numeric ? all.sort((a, b) => Number(a) - Number(b)) : all.sort();
}
