/**
 * Seeded parts of a data set: a held-out fraction, a smaller set. Both keep the order of the examples, so that the
 * same seed gives the same files on every machine.
 */
import { randomStream } from '../random.ts';
import type { Dataset, Example } from './example.ts';

export interface PartOptions {
  readonly seed: number;
  /** Whether each label keeps its share. */
  readonly stratified?: boolean; // true
}

/**
 * Holds out round(`fraction` · n) of n examples (0 <= fraction <= 1). `kept` and `heldOut` have no example in
 * common and together have all.
 */
export function splitDataset(
  dataset: Dataset,
  fraction: number,
  options: PartOptions,
): { readonly kept: Dataset; readonly heldOut: Dataset } {
  if (!(fraction >= 0 && fraction <= 1)) throw new Error(`internal: a fraction of ${fraction}`);
  const chosen = choose(dataset, Math.round(fraction * dataset.examples.length), options, 'split');
  const part = (inside: boolean): Dataset => ({
    ...dataset,
    examples: dataset.examples.filter((_, i) => chosen.has(i) === inside),
  });
  return { kept: part(false), heldOut: part(true) };
}

/** `n` examples of the data set; all of them if there are no more. */
export function subsample(dataset: Dataset, n: number, options: PartOptions): Dataset {
  if (n >= dataset.examples.length) return dataset;
  const chosen = choose(dataset, n, options, 'subsample');
  return { ...dataset, examples: dataset.examples.filter((_, i) => chosen.has(i)) };
}

/** `n` indices. Stratified: each label gets its share, rounded so that they add up (largest remainders). */
function choose(
  { examples, labels }: Dataset,
  n: number,
  { seed, stratified = true }: PartOptions,
  purpose: string,
): ReadonlySet<number> {
  const groups: number[][] = stratified ? labels.map(() => []) : [[]];
  examples.forEach(({ label }: Example, i) => {
    groups[stratified ? label : 0].push(i);
  });
  const exact = groups.map((group) => (n * group.length) / Math.max(examples.length, 1));
  const counts = exact.map(Math.floor);
  const byRemainder = exact.map((_, g) => g).sort((a, b) => exact[b] - counts[b] - (exact[a] - counts[a]) || a - b);
  const missing = n - counts.reduce((sum, count) => sum + count, 0);
  for (const g of byRemainder.slice(0, missing)) counts[g]++;
  const chosen = new Set<number>();
  for (const [g, group] of groups.entries()) {
    for (const i of randomStream(seed, purpose, g).shuffle(group).slice(0, counts[g])) chosen.add(i);
  }
  return chosen;
}
