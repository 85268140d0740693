/**
 * What the cells of a row say of its answer: one label, a list of labels, labels with a separator between them, or a column for each
 * label. Knows nothing of other rows, and not which of a model's labels these are.
 */

/** A row's label, or all of its labels; a problem in words; null: there is none. */
export type CellAnswer =
  | { readonly label: string }
  | { readonly labels: readonly string[] }
  | { readonly problem: string }
  | null;

/** The label that a cell holds; undefined: none that can be read. */
export function labelOf(cell: unknown): string | undefined {
  switch (typeof cell) {
    case 'string':
      return cell.trim() || undefined;
    case 'number':
      return Number.isFinite(cell) ? String(cell) : undefined;
    case 'bigint':
    case 'boolean':
      return String(cell);
    default:
      return undefined;
  }
}

/**
 * Of a column that holds a row's label or labels. A list is all of them, and an empty one none. With a `separator` so is a text: an
 * empty one has none.
 */
export function answerIn(cell: unknown, separator: string | null): CellAnswer {
  if (Array.isArray(cell)) {
    const labels = cell.map(labelOf);
    const odd = labels.indexOf(undefined);
    if (odd >= 0)
      return { problem: `label ${odd + 1} of the list is ${JSON.stringify(cell[odd]) ?? 'missing'}, not a label` };
    return { labels: [...new Set(labels as string[])] };
  }
  if (separator !== null && typeof cell === 'string')
    return { labels: [...new Set(cell.split(separator).flatMap((part) => part.trim() || []))] };
  const label = labelOf(cell);
  if (label === undefined) return null;
  return separator === null ? { label } : { labels: [label] };
}

/** Of a column for each label: those whose cell is 1 or true. */
export function answerAcross(cells: readonly unknown[], names: readonly string[]): CellAnswer {
  const labels: string[] = [];
  for (const [i, cell] of cells.entries()) {
    const said = labelOf(cell);
    if (said !== undefined && /^(1(\.0*)?|true)$/i.test(said)) labels.push(names[i]);
    else if (said === undefined || !/^(0(\.0*)?|false)$/i.test(said))
      return {
        problem: `the column "${names[i]}" is ${said === undefined ? 'empty' : `"${said.slice(0, 40)}"`}, not 0 or 1`,
      };
  }
  return { labels };
}
