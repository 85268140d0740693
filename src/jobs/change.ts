/** Cancelling a run, and putting back into its queue what is still to be done. What is done stays as it is. */
import { campaignRuns } from './campaign-runs.ts';
import { isCancelled, markCancelled, unmarkCancelled } from './cancelled.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { doneOf, readyOf } from './progress-of-run.ts';
import { ShardQueue } from './queue.ts';
import type { RunWork } from './run-work.ts';

/** How long workers are waited for: they look every half second. */
const STOP_MS = 30_000;
const LOOK_MS = 200;

const nounOf = (manifest: Manifest): RunWork['noun'] => (campaignRuns(manifest) ? 'run' : 'shard');

export interface Cancelled {
  /** Shards that are done. */
  readonly done: number;
  readonly shards: number;
  /** Shards that were still running when the queue was removed: their workers are busy elsewhere, or gone. */
  readonly running: number;
  readonly noun: RunWork['noun'];
}

/** Removes what waits, and stops what runs. Throws MP_FILE_MISSING, MP_DATA_FILE, MP_QUEUE, MP_QUEUE_PACKAGE, MP_WRITE. */
export async function cancel(out: string, queueUrl: string): Promise<Cancelled> {
  const manifest = await readManifest(out);
  // before the queue: a worker that finds it empty would fill it again
  await markCancelled(out);
  const queue = await ShardQueue.open(manifest.run, queueUrl);
  try {
    await queue.drain();
    let { running } = await queue.counts();
    for (const end = Date.now() + STOP_MS; running > 0 && Date.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      ({ running } = await queue.counts());
    }
    await queue.remove();
    const found = await doneOf(out, manifest);
    return { done: found.filter(Boolean).length, shards: found.length, running, noun: nounOf(manifest) };
  } finally {
    await queue.close();
  }
}

export interface Retried {
  /** Shards that are to be done, in the queue now. */
  readonly added: number;
  readonly shards: number;
  readonly wasCancelled: boolean;
  readonly noun: RunWork['noun'];
}

/**
 * Puts every shard without answers into the queue: those that failed, those of a cancelled run, those that the queue lost.
 * Throws as `cancel`.
 */
export async function retry(out: string, queueUrl: string): Promise<Retried> {
  const manifest = await readManifest(out);
  const queue = await ShardQueue.open(manifest.run, queueUrl);
  try {
    const done = await doneOf(out, manifest);
    const missing = readyOf(manifest, done);
    const wasCancelled = await isCancelled(out);
    await unmarkCancelled(out);
    await queue.forgetFailed();
    await queue.add(missing, manifest.attempts);
    return { added: missing.length, shards: done.length, wasCancelled, noun: nounOf(manifest) };
  } finally {
    await queue.close();
  }
}
