/** Some of the rows that floor 0 learns from, with their targets. */
import type { FloorRows, FloorTargets } from './floor-rows.ts';
import { FloorRowsWriter } from './floor-rows-writer.ts';

/** In the order of `which`. */
export function partOf(
  { rows, targets, labels }: { readonly rows: FloorRows; readonly targets: FloorTargets; readonly labels: number },
  which: Int32Array,
): { readonly rows: FloorRows; readonly targets: FloorTargets } {
  const own = new FloorRowsWriter(which.length, rows.seconds !== null);
  for (const i of which) own.addFrom(rows, i);
  const scoresAt = new Int32Array(targets.labels.length);
  let next = 0;
  for (const [i, label] of targets.labels.entries()) if (label < 0) scoresAt[i] = labels * next++;
  const soft = which.filter((i) => targets.labels[i] < 0);
  const scores = targets.scores && new Float32Array(soft.length * labels);
  for (const [r, i] of soft.entries())
    scores!.set(targets.scores!.subarray(scoresAt[i], scoresAt[i] + labels), r * labels);
  return {
    rows: own.rows(),
    targets: {
      labels: which.map((i) => targets.labels[i]),
      scores,
      ...(targets.several !== undefined && { several: which.filter((i) => i < targets.several!).length }),
    },
  };
}
