/** Which part of the labelled rows is left out when; each label's rows are spread evenly, by a seed. */
import { randomStream } from '../../random.ts';

/** [n]: the fold of a row, from 0; −1 for rows that are always learned from (`labels` −1). */
export function foldsOf(labels: Int32Array, folds: number, seed: number): Int32Array {
  const byLabel = new Map<number, number[]>();
  for (const [i, label] of labels.entries()) {
    const rows = byLabel.get(label);
    if (rows) rows.push(i);
    else byLabel.set(label, [i]);
  }
  const found = new Int32Array(labels.length).fill(-1);
  let next = 0; // goes on from label to label, so that rare labels do not all fall into the first fold
  for (const label of [...byLabel.keys()].filter((label) => label >= 0).sort((a, b) => a - b)) {
    for (const i of randomStream(seed, 'floor', 'folds', label).shuffle(byLabel.get(label)!)) {
      found[i] = next;
      next = (next + 1) % folds;
    }
  }
  return found;
}
