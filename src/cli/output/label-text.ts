/** Precision, recall and F1 of each label, and which is taken for which, for a terminal. */
import type { ByLabel } from '../../evaluate/by-label.ts';
import { labelTables } from '../../report/label-tables.ts';
import { alignedText } from '../../report/text-table.ts';

/** Each table behind an empty line; '' where there are no labels. */
export const labelText = (figures: ByLabel | null): string =>
  figures === null
    ? ''
    : labelTables(figures)
        .map((table) => `\n${alignedText(table)}\n`)
        .join('');
