/** Which format a data file has, by its name. Opens nothing. */

export const FORMATS = ['.csv', '.tsv', '.jsonl', '.ndjson', '.json', '.parquet', '.txt'] as const;

/** `.gz` after it is allowed; undefined: none that is known. */
export function formatOf(path: string): (typeof FORMATS)[number] | undefined {
  const name = path.toLowerCase();
  return FORMATS.find((extension) => name.endsWith(extension) || name.endsWith(`${extension}.gz`));
}

/** Whether a delimiter separates its fields. */
export const isDelimited = (path: string): boolean => ['.csv', '.tsv'].includes(formatOf(path) ?? '');
