/**
 * A seeded split of labelled items into parts with given shares, each label spread over the parts by the same shares,
 * and items of one group kept on one side. Knows nothing of what the items are.
 */
import { randomStream } from '../../random.ts';

interface Item {
  readonly label: number;
  /** Items of a label with the same group go to the same part. */
  readonly group: string;
}

/**
 * @param shares each part's share of every label, summing to 1; a part ends with the group that fills its share
 * @returns one list a part, in seeded order
 */
export function stratifiedSplit<T extends Item>(items: readonly T[], shares: readonly number[], seed: number): T[][] {
  const parts: T[][] = shares.map(() => []);
  for (const label of [...new Set(items.map((item) => item.label))].sort((a, b) => a - b)) {
    const own = items.filter((item) => item.label === label);
    const groups = new Map<string, T[]>();
    for (const item of own) groups.set(item.group, [...(groups.get(item.group) ?? []), item]);
    let placed = 0;
    let part = 0;
    let full = shares[0];
    for (const group of randomStream(seed, 'split', label).shuffle([...groups.values()])) {
      while (part < parts.length - 1 && placed >= Math.round(full * own.length)) full += shares[++part];
      parts[part].push(...group);
      placed += group.length;
    }
  }
  for (const [i, part] of parts.entries()) randomStream(seed, 'split', 'order', i).shuffle(part);
  return parts;
}
