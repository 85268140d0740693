/**
 * Labels alone, out of a data file with a column `label`: another model's answers row by row, or those of texts that are known by
 * an id. Knows nothing of texts.
 */
import { PyramidError } from '../errors.ts';
import { labelOf } from './cell-labels.ts';
import { missingColumn } from './columns.ts';
import { openTable } from './files/open-table.ts';
import { sameLabels } from './label-form.ts';

/** A row, and the index of its label among those of the model. */
export interface LabelRow {
  /** From 1, the header counted. */
  readonly line: number;
  readonly label: number;
  /** Of the column `id`; '' where it was not asked for. */
  readonly id: string;
}

/**
 * The rows of `path` in order; `labels` are the model's. Labels that are all numbers, or all true and false, are the same however
 * they are written. `ids`: there must be a column `id` too.
 * @throws MP_FILE_MISSING, MP_DATA_FORMAT, MP_DATA_FILE, MP_DATA_COLUMN, MP_DATA_ROW for a row without a label or id, MP_DATA_LABEL
 *   for a label that is not the model's
 */
export async function readLabels(
  path: string,
  labels: readonly string[],
  { ids = false }: { readonly ids?: boolean } = {},
): Promise<LabelRow[]> {
  const table = await openTable(path);
  const { columns } = table;
  const columnOf = (name: string): number => {
    const at = columns.findIndex((column) => column.trim().toLowerCase() === name);
    if (at < 0 && columns.length > 0) throw missingColumn(path, name, columns);
    return at;
  };
  const rows: { line: number; label: string; id: string }[] = [];
  try {
    const label = columnOf('label');
    const id = ids ? columnOf('id') : -1;
    table.want?.([label, ...(ids ? [id] : [])]);
    for await (const row of table.rows) {
      const fault = (problem: string) => new PyramidError('MP_DATA_ROW', { path, line: row.line, problem });
      if (row.kind === 'problem') throw fault(row.problem);
      const found = { label: labelOf(row.cells[label]), id: ids ? labelOf(row.cells[id]) : '' };
      for (const [name, value] of Object.entries(found)) if (value === undefined) throw fault(`there is no ${name}`);
      rows.push({ line: row.line, label: found.label!, id: found.id! });
    }
  } finally {
    await table.close();
  }
  const same = sameLabels(new Set(rows.map((row) => row.label)), labels);
  const index = new Map(labels.map((name, i) => [name, i]));
  return rows.map(({ line, label, id }) => {
    const known = index.get(same.labelOf(label));
    if (known === undefined) throw new PyramidError('MP_DATA_LABEL', { path, line, label, labels });
    return { line, label: known, id };
  });
}
