/**
 * Seeded parts of a data set: a held-out fraction, a smaller set. Both keep the order of the examples, so that the
 * same seed gives the same files on every machine. The training part keeps an example of each label if it can.
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
 * common and together have all. Stratified: a label's only example is kept, unless too few others are left to hold out.
 */
export function splitDataset(
  dataset: Dataset,
  fraction: number,
  options: PartOptions,
): { readonly kept: Dataset; readonly heldOut: Dataset } {
  if (!(fraction >= 0 && fraction <= 1)) throw new Error(`internal: a fraction of ${fraction}`);
  const chosen = choose(dataset, Math.round(fraction * dataset.examples.length), options, 'split', {
    least: () => 0,
    most: (size) => Math.max(size - 1, 0),
  });
  const part = (inside: boolean): Dataset => ({
    ...dataset,
    examples: dataset.examples.filter((_, i) => chosen.has(i) === inside),
  });
  return { kept: part(false), heldOut: part(true) };
}

/**
 * `n` examples of the data set; all of them if there are no more. Stratified: at least one of each label, unless there
 * are more labels than `n`.
 */
export function subsample(dataset: Dataset, n: number, options: PartOptions): Dataset {
  if (n >= dataset.examples.length) return dataset;
  const chosen = choose(dataset, n, options, 'subsample', {
    least: (size) => Math.min(size, 1),
    most: (size) => size,
  });
  return { ...dataset, examples: dataset.examples.filter((_, i) => chosen.has(i)) };
}

/** Of the examples of one label, of which there are `size`. Kept to where the number asked for allows it. */
interface Bounds {
  readonly least: (size: number) => number;
  readonly most: (size: number) => number;
}

/** `n` indices. Stratified: each label gets its share, rounded so that they add up (largest remainders). */
function choose(
  dataset: Dataset,
  n: number,
  { seed, stratified = true }: PartOptions,
  purpose: string,
  bounds: Bounds,
): ReadonlySet<number> {
  const { examples } = dataset;
  const groupOf = stratified ? groupsOf(dataset) : () => 0;
  const groups: number[][] = stratified
    ? [...dataset.labels, ...(dataset.problemType ? [''] : [])].map(() => [])
    : [[]];
  examples.forEach((example, i) => {
    groups[groupOf(example)].push(i);
  });
  const sizes = groups.map((group) => group.length);
  const counts = stratified ? shares(sizes, n, bounds) : [n];
  const chosen = new Set<number>();
  for (const [g, group] of groups.entries()) {
    for (const i of randomStream(seed, purpose, g).shuffle(group).slice(0, counts[g])) chosen.add(i);
  }
  return chosen;
}

/**
 * The group whose share is kept: a row's label; of rows with any number of labels the rarest that it has, and of those without one,
 * and of numbers, the group after all labels.
 */
function groupsOf({ examples, labels, problemType }: Dataset): (example: Example) => number {
  if (!problemType) return ({ label }) => label;
  if (problemType === 'regression') return () => labels.length;
  const counts = labels.map((_, label) => examples.reduce((sum, { target }) => sum + target![label], 0));
  return ({ target }) => {
    let rarest = labels.length;
    for (const [label, has] of target!.entries())
      if (has === 1 && (rarest === labels.length || counts[label] < counts[rarest])) rarest = label;
    return rarest;
  };
}

/** How many of each label: largest remainders, then moved between labels where a bound is crossed. */
function shares(sizes: readonly number[], n: number, { least, most }: Bounds): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const exact = sizes.map((size) => (n * size) / Math.max(total, 1));
  const counts = exact.map(Math.floor);
  const byRemainder = exact.map((_, g) => g).sort((a, b) => exact[b] - counts[b] - (exact[a] - counts[a]) || a - b);
  const missing = n - counts.reduce((sum, count) => sum + count, 0);
  for (const g of byRemainder.slice(0, missing)) counts[g]++;
  /** The label that has most above its share, or least below it, of those that may change by `step`. */
  const best = (step: 1 | -1): number | undefined =>
    sizes
      .map((_, g) => g)
      .filter((g) => counts[g] + step >= least(sizes[g]) && counts[g] + step <= most(sizes[g]))
      .sort((a, b) => step * (counts[a] - exact[a] - (counts[b] - exact[b])) || a - b)[0];
  for (const g of sizes.keys()) {
    for (const step of [1, -1] as const) {
      while (step > 0 ? counts[g] < least(sizes[g]) : counts[g] > most(sizes[g])) {
        const other = best(step > 0 ? -1 : 1);
        if (other === undefined) break;
        counts[g] += step;
        counts[other] -= step;
      }
    }
  }
  return counts;
}
