/**
 * Rows labelled 0, 1, … for a model whose labels are only numbered, LABEL_0, LABEL_1, …, as Hugging Face's programs do.
 * Knows nothing of files and of models.
 */

/**
 * What each of the rows' labels is called in the model, where none of them is a name of the model's and all are numbers
 * of such labels; null: they are names as they stand.
 */
export function numberedLabels(found: Iterable<string>, known: readonly string[]): ReadonlyMap<string, string> | null {
  const own = new Set(known);
  if (!known.every((label, i) => label === `LABEL_${i}`)) return null;
  const names = new Map<string, string>();
  for (const label of found) {
    const name = `LABEL_${label}`;
    if (own.has(label) || !own.has(name)) return null;
    names.set(label, name);
  }
  return names.size > 0 ? names : null;
}
