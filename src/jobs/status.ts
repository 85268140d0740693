/** How far a run is: what its folder holds, and what its queue says of the rest. Changes nothing. */
import { PyramidError } from '../errors.ts';
import { type CampaignRuns, campaignRuns } from './campaign-runs.ts';
import { isCancelled } from './cancelled.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { ShardQueue } from './queue.ts';
import type { RunStatus } from './run-status.ts';
import { recordsOf, type ShardRecord } from './shard-output.ts';

/** What the rate is measured over. */
const WINDOW_MS = 5 * 60_000;

/** Throws MP_FILE_MISSING, MP_DATA_FILE, MP_QUEUE_PACKAGE. A queue that is not reached is a part of the status. */
export async function status(out: string, queueUrl: string): Promise<RunStatus> {
  const manifest = await readManifest(out);
  const runs = campaignRuns(manifest);
  if (runs) return campaignStatus(out, manifest, runs, queueUrl);
  const records = await recordsOf(out, manifest);
  const done = records.filter((record) => record !== null);
  const answered = done.reduce((sum, { rows }) => sum + rows, 0);
  const rejected = done.reduce((sum, record) => sum + record.rejected, 0);
  const rowsPerSecond = rate(done);
  const left = manifest.shards.reduce((sum, { rows }, i) => sum + (records[i] === null ? rows : 0), 0);
  const queue = await ofQueue(manifest, queueUrl);
  const { running = null, waiting = null } = queue.counts ?? {};
  // a shard that is done may still be in the list of failed ones: another worker did it
  const failures = queue.failures.filter(({ shard }) => records[shard] === null);
  return {
    kind: 'files',
    shards: { all: records.length, done: done.length, running, waiting, failed: queue.counts ? failures.length : null },
    rows: { all: manifest.shards.reduce((sum, { rows }) => sum + rows, 0), answered, rejected },
    rowsPerSecond,
    secondsLeft: left === 0 ? 0 : rowsPerSecond === null ? null : left / rowsPerSecond,
    cancelled: await isCancelled(out),
    failures: failures.map((failure) => {
      const { file, part } = manifest.shards[failure.shard];
      return { ...failure, file: manifest.files[file].name, line: (part?.line ?? 0) + 1 };
    }),
    queueProblem: queue.problem,
  };
}

async function campaignStatus(
  out: string,
  manifest: Manifest,
  runs: CampaignRuns,
  queueUrl: string,
): Promise<RunStatus> {
  const isDone = runs.done();
  const done = isDone.filter(Boolean).length;
  const queue = await ofQueue(manifest, queueUrl);
  const { running = null, waiting = null } = queue.counts ?? {};
  const failures = queue.failures.filter(({ shard }) => !isDone[shard]);
  return {
    kind: runs.kind,
    shards: { all: runs.count, done, running, waiting, failed: queue.counts ? failures.length : null },
    rows: { all: runs.count, answered: done, rejected: 0 },
    rowsPerSecond: null,
    secondsLeft: done === runs.count ? 0 : null,
    cancelled: await isCancelled(out),
    failures: failures.map((failure) => ({ ...failure, file: runs.label(failure.shard), line: 1 })),
    queueProblem: queue.problem,
  };
}

/** Rows of the shards that ended within the window before the last end, over the time that these took together. */
function rate(done: readonly ShardRecord[]): number | null {
  if (done.length === 0) return null;
  const ends = done.map(({ ended }) => Date.parse(ended));
  const last = ends.reduce((a, b) => Math.max(a, b));
  const recent = done.filter((_, i) => last - ends[i] <= WINDOW_MS);
  const first = recent.reduce((least, { begun }) => Math.min(least, Date.parse(begun)), last);
  const rows = recent.reduce((sum, record) => sum + record.rows + record.rejected, 0);
  return rows / Math.max((last - first) / 1000, 1e-3);
}

async function ofQueue({ run }: Manifest, queueUrl: string) {
  let queue: ShardQueue;
  try {
    queue = await ShardQueue.open(run, queueUrl);
  } catch (error) {
    if (!(error instanceof PyramidError) || error.code !== 'MP_QUEUE') throw error;
    return { counts: null, failures: [], problem: error.message };
  }
  try {
    return { counts: await queue.counts(), failures: await queue.failed(), problem: null };
  } finally {
    await queue.close();
  }
}
