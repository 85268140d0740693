/**
 * What an entry of the catalogue of errors is made of, and how values are put into its sentence. Knows no entry.
 */
export interface ErrorKind {
  readonly sentence: (details: never) => string;
  /** 1: the work failed. 2: the call was wrong. */
  readonly exitCode: 1 | 2;
  readonly httpStatus: number;
}

export const kind = <D extends object>(exitCode: 1 | 2, httpStatus: number, sentence: (details: D) => string) =>
  ({ sentence, exitCode, httpStatus }) satisfies ErrorKind;

/** A value out of a file or a command line, for a sentence: one line, its beginning. */
export const brief = (value: string): string => {
  const line = value.replace(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
};

/** A value out of a JSON file, as JSON writes it: its beginning, where it is long. */
export const quoted = (value: unknown): string => brief(JSON.stringify(value) ?? String(value));

/** A list for a sentence: at most `most` entries, then how many more there are. */
export const list = (names: readonly string[], most = 12): string =>
  names.slice(0, most).map(brief).join(', ') + (names.length > most ? ` and ${names.length - most} more` : '');

/** Rows beside the first that have the same fault: how many, and the lines of the first few. */
export const moreRows = (more = 0, lines: readonly number[] = []): string => {
  if (more === 0) return '';
  const named = lines.length > 0 ? `: ${lines.length > 1 ? 'lines' : 'line'} ${lines.join(', ')}` : '';
  const rest = lines.length > 0 && more > lines.length ? ', …' : '';
  return ` (and ${more} more such ${more === 1 ? 'row' : 'rows'}${named}${rest})`;
};
