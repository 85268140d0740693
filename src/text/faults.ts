/** Rows with a fault, gathered so that one message tells of all of them. Knows nothing of what is wrong. */
import { PyramidError } from '../errors.ts';

/** Lines that a message names, beside the first. */
const NAMED = 5;

/** The first one whole, the next few by their lines, the others counted. */
export class Faults<T> {
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

/** What `rowFaults` reads of them. */
export type FoundFaults = Pick<Faults<{ readonly line: number; readonly problem: string }>, 'first' | 'more' | 'lines'>;

/** Throws MP_DATA_ROW where there are some. */
export function rowFaults(path: string, { first, more, lines }: FoundFaults): void {
  if (first) throw new PyramidError('MP_DATA_ROW', { path, line: first.line, problem: first.problem, more, lines });
}
