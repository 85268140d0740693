/**
 * What is classified: a text, or a pair of texts, with what it is answered with: a label, any number of labels, or a number;
 * and a set of them.
 */
import type { ProblemType } from '../problem-type.ts';

/** Stands where a row has no one label. */
export const NO_LABEL = -1;

export interface Example {
  readonly text: string;
  readonly pair?: string;
  /** Index into the data set's labels; NO_LABEL where the rows have a `target` instead. */
  readonly label: number;
  /** Of rows with any number of labels [C], 1 for each that the row has and 0 for the others; of rows with a number, [1], that. */
  readonly target?: readonly number[];
}

export interface Dataset {
  readonly name: string;
  /** What the rows are answered with; one label where left out. */
  readonly problemType?: ProblemType;
  /** Of rows with a number, its name. */
  readonly labels: readonly string[];
  /** Whether every example has a `pair`. */
  readonly pairs: boolean;
  readonly examples: readonly Example[];
}

/** What the rows of a data set are answered with. */
export const problemTypeOfRows = ({
  problemType = 'single_label_classification',
}: Pick<Dataset, 'problemType'>): ProblemType => problemType;

/**
 * Each row once, in order; it leaves the list as it is given, so that memory is free again while rows are read, and the list is
 * empty at the end. It is read-only to all others: only who knows that nobody reads it again may call this.
 */
export function* lettingGo<T>(rows: readonly T[]): Generator<T> {
  const left = rows as T[];
  left.reverse();
  while (left.length > 0) yield left.pop()!;
}
