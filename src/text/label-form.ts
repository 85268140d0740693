/**
 * Labels that mean the same in different spellings: 1 and 1.0 (a spreadsheet, or a column that once had a gap), true and
 * True. This holds only if every label of the column is a number, or every label is true or false. Otherwise each
 * spelling is its own label.
 */

/** `1.0` as `1`, `-0.50` as `-0.5`. Digits are moved, not computed: a long number keeps all of them. */
const number = (label: string): string | null => {
  const found = /^([+-]?)(0|[1-9]\d*)(?:\.(\d*))?$/.exec(label);
  if (!found) return null;
  const fraction = (found[3] ?? '').replace(/0+$/, '');
  const size = fraction ? `${found[2]}.${fraction}` : found[2];
  return found[1] === '-' && size !== '0' ? `-${size}` : size;
};
const boolean = (label: string): string | null => (/^(true|false)$/i.test(label) ? label.toLowerCase() : null);

/**
 * @param found the labels of a column
 * @param known those of training, where there are any: they keep the form they have
 * @returns the labels in the form they share, or in that of `known`, and what gives a label's
 */
export function sameLabels(
  found: ReadonlySet<string>,
  known?: readonly string[],
): { readonly labels: readonly string[]; readonly labelOf: (label: string) => string } {
  for (const form of [number, boolean]) {
    if (![...found, ...(known ?? [])].every((label) => form(label) !== null)) continue;
    const forms = new Map<string, string>();
    // of labels that are alike, which an older model may have, the first one stands
    for (const label of known ?? []) if (!forms.has(form(label)!)) forms.set(form(label)!, label);
    const own = new Map<string, string>();
    for (const label of found)
      own.set(label, known?.includes(label) ? label : (forms.get(form(label)!) ?? form(label)!));
    return { labels: [...new Set(own.values())], labelOf: (label) => own.get(label) ?? label };
  }
  return { labels: [...found], labelOf: (label) => label };
}
