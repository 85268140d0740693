/**
 * A worker: takes the jobs of one run, mostly shards of files, from its queue until none is left. The folder says what is done; the
 * queue only says who does what when, so a queue that was emptied is filled again. When it is told to stop it finishes its shard or gives it back.
 */
import { type ErrorCode, PyramidError } from '../errors.ts';
import { campaignRuns, campaignWork } from './campaign-runs.ts';
import { isCancelled } from './cancelled.ts';
import { fileWork, needSameModel } from './file-work.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { doneOf, readyOf } from './progress-of-run.ts';
import { type Processor, ShardQueue } from './queue.ts';
import { runFolder } from './run-folder.ts';
import type { RunWork } from './run-work.ts';
import { serveMetrics } from './worker-metrics.ts';

export interface WorkOptions {
  /** The run's folder. */
  readonly out: string;
  /** The model's folder; null: where it was when the run was submitted. */
  readonly model: string | null;
  readonly queueUrl: string;
  readonly workers: number | null;
  readonly threads: number | null;
  /** Seconds without a sign of life after which a worker's shard is given to another. */
  readonly takeover: number;
  /** Seconds that a shard may take after the worker was told to stop. */
  readonly grace: number;
  /** Where Prometheus reads its figures; 0: a port that is free; null: nowhere. */
  readonly metricsPort: number | null;
}

export interface WorkerTotals {
  shards: number;
  failures: number;
  rows: number;
  rejected: number;
}

export interface WorkDone {
  /** How it ended: no shard is left, the run was cancelled, or the worker was told to stop. */
  readonly why: 'finished' | 'cancelled' | 'stopped';
  readonly totals: WorkerTotals;
  /** Shards of the run without answers, where it is finished. */
  readonly failed: number;
  readonly shards: number;
  readonly noun: RunWork['noun'];
  readonly of: RunWork['of'];
}

/** Between looks at the folder (less often where it is far), and at the queue while this worker has nothing to do. */
const LOOK_MS = 500;
/** Between looks at a folder that was not reached, and how many of them before the worker ends. */
const FAR_LOOK_MS = 5000;
const MOST_FAR_LOOKS = 60;
/** How long a worker waits for a queue that is away when it begins: one that restarts, or is started after it. */
const QUEUE_MS = 60_000;
/** That the end of a connection may take. */
const CLOSE_MS = 5000;

/** Of the file, which trying again does not change. */
const FOR_GOOD: readonly ErrorCode[] = ['MP_DATA_FILE', 'MP_DATA_ROW', 'MP_DATA_COLUMN', 'MP_DATA_FORMAT', 'MP_USAGE'];

/**
 * Works until nothing is left. `stop` asks for a graceful end; `say` gets sentences for people.
 * Throws MP_LISTEN, MP_JOBS_MODEL, MP_QUEUE, MP_QUEUE_PACKAGE, MP_FILE_MISSING, MP_DATA_FILE, MP_MODEL_*, MP_SYSTEM_LIMIT.
 */
export async function work(
  options: WorkOptions,
  say: (sentence: string) => void,
  stop: AbortSignal,
): Promise<WorkDone> {
  const { out, queueUrl, metricsPort, workers, threads } = options;
  const totals: WorkerTotals = { shards: 0, failures: 0, rows: 0, rejected: 0 };
  const manifest = await readManifest(out);
  const dir = options.model ?? manifest.model.path;
  const runs = campaignRuns(manifest);
  if (!runs) await needSameModel(out, manifest, dir);
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const job = runs
      ? campaignWork(manifest, runs, say)
      : await fileWork({ out, manifest, dir, workers, threads, totals });
    ends.push(() => job.close());
    const { count: shards, noun, of } = job;
    const queue = await openedQueue(manifest.run, queueUrl, say, stop);
    if (queue === null) return { why: 'stopped', totals, failed: 0, shards, noun, of };
    ends.push(() => within(queue.close(), CLOSE_MS));
    if (metricsPort !== null) {
      const metrics = await serveMetrics(totals, metricsPort);
      ends.push(() => metrics.close());
      say(`figures for Prometheus at port ${metrics.port}, /metrics, on all addresses of this machine`);
    }
    const why = await takeShards({ queue, manifest, work: job, options, say, stop, totals });
    if (why !== 'finished') return { why, totals, failed: 0, shards, noun, of };
    const done = await doneOf(out, manifest);
    // the queue is not asked where it has nothing to say: it may be gone by now
    const failures = done.every(Boolean) ? [] : await queue.failed();
    const reasonOf = (at: number) => failures.find(({ shard }) => shard === at)?.reason ?? null;
    const undone = new Map(done.flatMap((isDone, at) => (isDone ? [] : [[at, reasonOf(at)] as const])));
    await job.finish(undone);
    const failed = undone.size;
    // nobody needs it any more
    if (failed === 0) await within(queue.remove(), CLOSE_MS);
    return { why, totals, failed, shards, noun, of };
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** null: told to stop before the queue was reached. */
async function openedQueue(run: string, url: string, say: (sentence: string) => void, stop: AbortSignal) {
  const onWait = (error: unknown) => say(`${(error as Error).message}; trying again for ${QUEUE_MS / 1000} s`);
  try {
    return await ShardQueue.openWhenThere(run, url, { signal: stop, forMs: QUEUE_MS, onWait });
  } catch (error) {
    if (stop.aborted) return null;
    throw error;
  }
}

interface Taking {
  readonly queue: ShardQueue;
  readonly manifest: Manifest;
  readonly work: RunWork;
  readonly options: WorkOptions;
  readonly say: (sentence: string) => void;
  readonly stop: AbortSignal;
  readonly totals: WorkerTotals;
}

async function takeShards(taking: Taking): Promise<WorkDone['why']> {
  const { queue, work, options, say, totals } = taking;
  const { out } = options;
  const { WaitingError, UnrecoverableError } = queue.signs;
  /** Aborted by what this machine lacks, whichever shard it has: another worker may have it. */
  const lacking = new AbortController();
  let running: AbortController | null = null;
  const next = async () => {
    if (work.noun === 'run') await addNext(taking);
  };

  const processor: Processor = async (job, token) => {
    const { shard } = job.data;
    const about = `${work.noun} ${shard + 1} of ${work.count}`;
    // it was added again, or taken over from a worker that was done but could not say so
    if (await work.isDone(shard)) return next();
    const controller = new AbortController();
    running = controller;
    try {
      const said = await work.do(shard, controller.signal);
      totals.shards++;
      say(`${about}: ${said}`);
      await next();
    } catch (error) {
      if (controller.signal.aborted && (await isCancelled(out))) throw new UnrecoverableError('the run was cancelled');
      if (controller.signal.aborted) {
        await job.moveToWait(token);
        throw new WaitingError();
      }
      const { message } = error as Error;
      if (error instanceof PyramidError && error.code === 'MP_SYSTEM_LIMIT') {
        say(`${about} is given back to the queue: ${message}`);
        await job.moveToWait(token);
        lacking.abort(error);
        throw new WaitingError();
      }
      totals.failures++;
      say(`${about} failed: ${message}`);
      if (error instanceof PyramidError && FOR_GOOD.includes(error.code)) throw new UnrecoverableError(message);
      throw error;
    } finally {
      running = null;
    }
  };
  let worker: Awaited<ReturnType<ShardQueue['work']>>;
  try {
    worker = await queue.work(processor, { takeoverMs: options.takeover * 1000, signal: taking.stop });
  } catch (error) {
    if (taking.stop.aborted) return 'stopped';
    throw error;
  }
  let isLost = false;
  let said = '';
  worker.on('error', (error: Error) => {
    if (queue.isOfConnection(error)) {
      if (!isLost) say(`the connection to the queue is lost (${error.message}); trying again`);
      isLost = true;
    } else if (error.message !== said) {
      said = error.message;
      say(`the queue says: ${error.message}`);
    }
  });
  const isBack = () => {
    if (isLost) say('the connection to the queue is back');
    isLost = false;
  };
  worker.on('ready', isBack);
  void worker.run().catch((error: Error) => say(`no more shards are taken: ${error.message}`));

  const isBusy = () => running !== null;
  const giveUp = async () => {
    (running as AbortController | null)?.abort();
    await within(worker.close(true), CLOSE_MS);
  };
  let why: WorkDone['why'];
  try {
    why = await untilNothingIsLeft({ ...taking, isBusy, isBack, lacking: lacking.signal });
  } catch (error) {
    // it must take no shard any more: the model is closed next
    await giveUp();
    throw error;
  }
  if (why === 'cancelled') (running as AbortController | null)?.abort();
  const closing = worker.close();
  if (!(await within(closing, options.grace * 1000)) && isBusy()) {
    say(`the ${work.noun} is given back to the queue`);
    (running as AbortController | null)?.abort();
  }
  if (!(await within(closing, CLOSE_MS))) await within(worker.close(true), CLOSE_MS);
  return why;
}

/** Runs that waited for the one just done; those that are in the queue already are left as they are. */
async function addNext({ queue, manifest, options: { out } }: Taking): Promise<void> {
  const [done, failed] = [await doneOf(out, manifest), await queue.failed()];
  const ready = readyOf(manifest, done, new Set(failed.map(({ shard }) => shard)));
  if (!(await isCancelled(out))) await queue.add(ready, manifest.attempts);
}

interface Watching extends Taking {
  /** Aborted where this worker can do nothing more; its reason is thrown. */
  readonly lacking: AbortSignal;
  readonly isBusy: () => boolean;
  /** Told whenever the queue has answered: that a connection is there again is not always told by itself. */
  readonly isBack: () => void;
}

async function untilNothingIsLeft(taking: Watching): Promise<WorkDone['why']> {
  const { queue, manifest, options, say, stop, isBusy, isBack, lacking } = taking;
  const { out } = options;
  const stopped = new Promise<'stopped'>((resolve, reject) => {
    lacking.addEventListener('abort', () => reject(lacking.reason), { once: true });
    if (stop.aborted) resolve('stopped');
    stop.addEventListener('abort', () => resolve('stopped'), { once: true });
  });
  let nextLook = 0;
  /** null: there is more to do, or it is not known. */
  const look = async (): Promise<WorkDone['why'] | null> => {
    if (performance.now() >= nextLook) {
      nextLook = performance.now() + runFolder(out).lookMs;
      if (await isCancelled(out)) return 'cancelled';
    }
    if (isBusy()) return null;
    // while the queue is away this waits for it
    const left = await Promise.race([stopped, shardsLeft(queue, out, manifest)]);
    if (left === 'stopped') return 'stopped';
    isBack();
    if (left === 'some' || isBusy()) return null;
    if (left.length === 0) return 'finished';
    say(
      taking.work.noun === 'run'
        ? `${left.length} runs may begin now: they are put into the queue`
        : `${left.length} shards are not done and not in the queue, which seems to have lost them: they are added again`,
    );
    await queue.add(left, manifest.attempts);
    return null;
  };
  for (let failures = 0; ; ) {
    const next = await Promise.race([stopped, pause(failures > 0 ? FAR_LOOK_MS : LOOK_MS)]);
    if (next === 'stopped') return 'stopped';
    try {
      const why = await look();
      if (why !== null) return why;
      failures = 0;
    } catch (error) {
      // a folder in S3 may be away for a while; one on a disk gives no such error
      if (!(error instanceof PyramidError && error.code === 'MP_S3') || ++failures > MOST_FAR_LOOKS) throw error;
      if (failures === 1) say(`the run's folder is not reached; trying again: ${error.message}`);
    }
  }
}

/** 'some': there are in the queue. Else the numbers of those that may begin, and are neither done, nor failed, nor in it. */
async function shardsLeft(queue: ShardQueue, out: string, manifest: Manifest): Promise<'some' | number[]> {
  const { waiting, running } = await queue.counts();
  if (waiting + running > 0) return 'some';
  const done = await doneOf(out, manifest);
  const failed = new Set((await queue.failed()).map(({ shard }) => shard));
  return readyOf(manifest, done, failed);
}

const pause = (ms: number): Promise<null> => new Promise((resolve) => setTimeout(resolve, ms, null));

/** Whether it ended by then. */
async function within(ending: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const ended = await Promise.race([
    ending.then(
      () => true as const,
      () => true as const,
    ),
    late,
  ]);
  clearTimeout(timer);
  return ended;
}
