/** Cancelling a run, and putting back into its queue what is still to be done. What is done stays as it is. */
import { isCancelled, markCancelled, unmarkCancelled } from './cancelled.ts';
import { readManifest } from './manifest.ts';
import { ShardQueue } from './queue.ts';
import { recordsOf } from './shard-output.ts';

/** How long workers are waited for: they look every half second. */
const STOP_MS = 30_000;
const LOOK_MS = 200;

export interface Cancelled {
  /** Shards that are done. */
  readonly done: number;
  readonly shards: number;
  /** Shards that were still running when the queue was removed: their workers are busy elsewhere, or gone. */
  readonly running: number;
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
    const done = (await recordsOf(out, manifest)).filter((record) => record !== null).length;
    return { done, shards: manifest.shards.length, running };
  } finally {
    await queue.close();
  }
}

export interface Retried {
  /** Shards that are to be done, in the queue now. */
  readonly added: number;
  readonly shards: number;
  readonly wasCancelled: boolean;
}

/**
 * Puts every shard without answers into the queue: those that failed, those of a cancelled run, those that the queue lost.
 * Throws as `cancel`.
 */
export async function retry(out: string, queueUrl: string): Promise<Retried> {
  const manifest = await readManifest(out);
  const queue = await ShardQueue.open(manifest.run, queueUrl);
  try {
    const records = await recordsOf(out, manifest);
    const missing = records.flatMap((record, shard) => (record === null ? [shard] : []));
    const wasCancelled = isCancelled(out);
    await unmarkCancelled(out);
    await queue.forgetFailed();
    await queue.add(missing, manifest.attempts);
    return { added: missing.length, shards: records.length, wasCancelled };
  } finally {
    await queue.close();
  }
}
