/**
 * Which character separates the fields of a csv file: what its first line says (`sep=;`, as Excel reads it), else a
 * comma, else what the beginning of the file shows plainly. Knows nothing of how the rows are read.
 */
import { parse } from 'csv-parse/sync';

/** What stands for a delimiter in messages and options. */
export const DELIMITER_NAMES: Readonly<Record<string, string>> = {
  ',': 'commas',
  ';': 'semicolons',
  '\t': 'tabs',
  '|': 'vertical bars',
};
const OTHERS = [';', '\t', '|'] as const;
/** Records that must agree. */
const COMPARED = 20;

/** The delimiter of a first line `sep=X`, and the length of that line with its end; null where there is none. */
export function separatorLine(start: string): { readonly delimiter: string; readonly length: number } | null {
  const found = /^"?sep=([^\r\n])"?(?:\r?\n|$)/i.exec(start);
  return found && { delimiter: found[1], length: found[0].length };
}

/**
 * The delimiter that `sample`, the beginning of a file, shows. A comma unless it gives one column, fewer than `needed`,
 * and another gives more, the same number in each record. `whole`: nothing follows the sample.
 */
export function foundDelimiter(sample: string, whole: boolean, needed: number): string {
  const columns = (delimiter: string): number => {
    const counts = countFields(sample, whole, delimiter);
    return counts.length > 0 && counts.every((count) => count === counts[0]) ? counts[0] : 0;
  };
  if (needed <= 1 || hasComma(sample) || countFields(sample, whole, ',')[0] !== 1) return ',';
  const best = OTHERS.map((delimiter) => ({ delimiter, count: columns(delimiter) })).sort((a, b) => b.count - a.count);
  return best[0].count > 1 ? best[0].delimiter : ',';
}

/** Whether a comma separates fields of the first record. Parsing it would make the parser of the file itself slower. */
function hasComma(sample: string): boolean {
  let quoted = false;
  for (const character of sample) {
    if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === ',') return true;
    else if (character === '\n') return false;
  }
  return false;
}

/** Fields of each of the first records. */
function countFields(sample: string, whole: boolean, delimiter: string): number[] {
  const records = parse(sample, {
    delimiter,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    to: COMPARED + 1,
  }) as string[][];
  // the last record of a part of a file may be cut off
  const complete = whole || records.length > COMPARED ? records : records.slice(0, -1);
  return complete.slice(0, COMPARED).map((record) => record.length);
}

/** What the only column's name shows of another delimiter, for a message; null where it shows none. */
export function delimiterIn(name: string): string | null {
  const found = [',', ...OTHERS].find((delimiter) => name.includes(delimiter));
  return found ?? null;
}
