/** The values of tau at which a text begins to leave earlier: what the dial's marks show. */
import type { Explanation } from '../../../src/engine/index.ts';

export interface TurningPoint {
  readonly tau: number;
  /** Where the text leaves from this tau on: a layer from 1, or 0 for floor 0. */
  readonly exit: number;
}

/** From low to high; an exit that is less sure than one before it is never the first to be sure enough. */
export function turningPoints({ floor, layers }: Pick<Explanation, 'floor' | 'layers'>): readonly TurningPoint[] {
  const exits = [
    { exit: 0, tau: floor?.uncertainty ?? null },
    ...layers.slice(0, -1).map(({ uncertainty }, l) => ({ exit: l + 1, tau: uncertainty })),
  ];
  const found: TurningPoint[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const { exit, tau } of exits) {
    if (tau === null || tau >= least) continue;
    least = tau;
    found.unshift({ exit, tau });
  }
  return found;
}
