/** What the pieces of a model have cost over all workers, and where their texts are now. */
import { PieceCosts } from '../piece-costs.ts';
import type { WorkerStats } from './messages.ts';
import type { PoolWorker } from './pool-worker.ts';
import type { Thread } from './thread.ts';
import { within } from './within.ts';

/** How long a worker may take to say where it stands, before what it said last holds. */
const ANSWER_MS = 1000;

/** Asks those that are ready; of one that does not answer in a second, what it said last. */
export async function poolStats<T extends Thread>(workers: readonly PoolWorker<T>[]): Promise<WorkerStats> {
  const said = await Promise.all(
    workers.filter(({ ready }) => ready).map((worker) => within(worker.askStats(), ANSWER_MS, () => worker.lastStats)),
  );
  const costs = new PieceCosts();
  const levels: number[] = [];
  for (const stats of said) {
    for (const piece of stats.pieces) costs.add(piece);
    for (const [level, texts] of stats.levels.entries()) levels[level] = (levels[level] ?? 0) + texts;
  }
  return { pieces: costs.pieces, levels };
}
