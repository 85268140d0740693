/**
 * The queue of a run in Redis, Valkey or PostgreSQL, through BullMQ: a job for each shard, whose id is the shard's number, so that
 * none is in it twice. The packages are no dependency; they are loaded when a command of `jobs` is given, and named where they
 * are missing.
 */
import type { BackendFactory, Job, JobsOptions, Queue, QueueOptions, Worker, WorkerOptions } from 'bullmq';
import { PyramidError } from '../errors.ts';
import { isAway, type Patience, patiently } from './away.ts';
import { askPostgres, isPostgres } from './postgres.ts';
import type { FailedShard } from './run-status.ts';

/** Of a job: the number of its shard. */
export interface ShardJob {
  readonly shard: number;
}

type Bull = typeof import('bullmq');
export type Processor = (job: Job<ShardJob>, token: string | undefined) => Promise<unknown>;

/** Jobs that are added at once. */
const AT_ONCE = 1000;
/** Between the first try and the second; then twice as long each time. */
const BACK_OFF_MS = 2000;
const CONNECT_MS = 5000;
/** A shard that takes its worker down so often is not given to another. */
const MOST_STALLS = 10;

export interface ShardCounts {
  /** Not taken by a worker, those that are tried again later among them. */
  readonly waiting: number;
  readonly running: number;
  readonly failed: number;
}

export interface TakeOptions {
  /** After how long without a sign of life a shard is given to another worker. */
  readonly takeoverMs: number;
  readonly signal: AbortSignal;
}

export class ShardQueue {
  readonly #bull: Bull;
  readonly #name: string;
  readonly #url: string;
  readonly #queue: Queue<ShardJob>;

  private constructor(bull: Bull, name: string, url: string) {
    this.#bull = bull;
    this.#name = name;
    this.#url = url;
    const options: QueueOptions = { connection: connectionOf(url), skipVersionCheck: true };
    this.#queue = isPostgres(url)
      ? (new bull.Queue(name, options as never, bull.createPostgresBackend as never) as unknown as Queue<ShardJob>)
      : new bull.Queue(name, options);
    // each call tells of its own failure; this is for those between calls
    this.#queue.on('error', () => {});
  }

  /** `url`: redis:// or rediss:// (Valkey too), postgres:// or postgresql://. Throws MP_QUEUE_PACKAGE, and MP_QUEUE where it is not reached. */
  static async open(run: string, url: string): Promise<ShardQueue> {
    const bull = await load(url);
    if (!isPostgres(url)) {
      await reachRedis(url);
      return new ShardQueue(bull, `magic-pyramid-${run}`, url);
    }
    let queue: ShardQueue | null = null;
    try {
      await askPostgres(url, CONNECT_MS);
      queue = new ShardQueue(bull, `magic-pyramid-${run}`, url);
      await queue.#queue.waitUntilReady();
      return queue;
    } catch (error) {
      await queue?.close().catch(() => {});
      throw notReached(url, error);
    }
  }

  /** As `open`, for who comes before the queue's server does, or while it restarts. Throws the signal's reason too. */
  static openWhenThere(run: string, url: string, patience: Omit<Patience, 'isAway'>): Promise<ShardQueue> {
    const isOfAway = (error: unknown) => isAway((error as Error).cause ?? error);
    return patiently(() => ShardQueue.open(run, url), { ...patience, isAway: isOfAway });
  }

  /** As a connection of Redis does by itself: a queue that is away is waited for. */
  #asked<T>(work: () => Promise<T>): Promise<T> {
    return isPostgres(this.#url) ? patiently(work) : work();
  }

  /** Each is tried `attempts` times. Those that are in it already are left as they are. */
  async add(shards: readonly number[], attempts: number): Promise<void> {
    const opts: JobsOptions = {
      attempts,
      backoff: { type: 'exponential', delay: BACK_OFF_MS },
      removeOnComplete: true, // the folder says what is done
      removeOnFail: false,
    };
    const jobs = shards.map((shard) => ({ name: 'shard', data: { shard }, opts: { ...opts, jobId: idOf(shard) } }));
    for (let at = 0; at < jobs.length; at += AT_ONCE)
      await this.#asked(() => this.#queue.addBulk(jobs.slice(at, at + AT_ONCE)));
  }

  async counts(): Promise<ShardCounts> {
    const {
      wait = 0,
      delayed = 0,
      active = 0,
      failed = 0,
    } = await this.#asked(() => this.#queue.getJobCounts('wait', 'delayed', 'active', 'failed'));
    return { waiting: wait + delayed, running: active, failed };
  }

  async failed(): Promise<FailedShard[]> {
    const jobs = await this.#asked(() => this.#queue.getFailed());
    return jobs
      .map(({ data, failedReason, attemptsMade }) => ({
        shard: data.shard,
        reason: failedReason,
        attempts: attemptsMade,
      }))
      .sort((a, b) => a.shard - b.shard);
  }

  /** Machines that take from it now. */
  async workers(): Promise<number> {
    return this.#asked(() => this.#queue.getWorkersCount());
  }

  /** So that they may be added again. */
  async forgetFailed(): Promise<void> {
    for (const job of await this.#asked(() => this.#queue.getFailed())) await this.#asked(() => job.remove());
  }

  /** Removes what waits; what runs goes on. */
  drain = (): Promise<void> => this.#asked(() => this.#queue.drain(true));

  /** Removes all of it. */
  remove = (): Promise<void> => this.#asked(() => this.#queue.obliterate({ force: true }));

  close = (): Promise<void> => this.#queue.close();

  /** Takes no shard before it is told to run. Throws the signal's reason while it waits for the queue. */
  async work(processor: Processor, options: TakeOptions): Promise<Worker<ShardJob>> {
    if (!isPostgres(this.#url)) return this.#worker(processor, options);
    return patiently(async () => {
      const worker = this.#worker(processor, options);
      // each worker asks once for its connection; one that began while the server was away would never take a shard
      worker.on('error', () => {});
      return worker.waitUntilReady().then(
        () => worker,
        async (error) => {
          await worker.close(true).catch(() => {});
          throw error;
        },
      );
    }, options);
  }

  #worker(processor: Processor, { takeoverMs }: TakeOptions): Worker<ShardJob> {
    const options: WorkerOptions = {
      connection: connectionOf(this.#url),
      skipVersionCheck: true,
      concurrency: 1, // the engine has a thread for each core
      lockDuration: takeoverMs,
      stalledInterval: takeoverMs,
      maxStalledCount: MOST_STALLS,
      removeOnComplete: { count: 0 },
      autorun: false,
    };
    return isPostgres(this.#url)
      ? (new this.#bull.Worker(
          this.#name,
          processor as never,
          options as never,
          this.#bull.createPostgresBackend as unknown as BackendFactory<never, never>,
        ) as unknown as Worker<ShardJob>)
      : new this.#bull.Worker<ShardJob>(this.#name, processor, options);
  }

  /** Whether an error of the worker's is of its connection; else the queue itself refuses something. */
  isOfConnection(error: Error & { readonly code?: unknown }): boolean {
    // the errors of Redis's client have a code, what Redis says has none
    return isPostgres(this.#url) ? isAway(error) : typeof error.code === 'string';
  }

  /** What a processor throws that gave its job back, or whose job is not to be tried again. */
  get signs() {
    const { WaitingError, UnrecoverableError } = this.#bull;
    return { WaitingError, UnrecoverableError };
  }
}

const idOf = (shard: number): string => `shard-${shard}`;

/** A lost connection is waited for, however long: workers are often there before the queue is, and after it restarts. */
const connectionOf = (url: string) =>
  (isPostgres(url)
    ? { connectionString: url, migrate: true }
    : { url, maxRetriesPerRequest: null }) as QueueOptions['connection'];

async function load(url: string): Promise<Bull> {
  const client = isPostgres(url) ? 'pg' : 'ioredis';
  const [bull, driver] = await Promise.all(
    // a name that is no literal: what is built into one file does not look for it
    ['bullmq', client].map((name) => import(name).catch(() => null)),
  );
  if (!bull || !driver) throw new PyramidError('MP_QUEUE_PACKAGE', { packages: ['bullmq', client] });
  return bull as Bull;
}

/** Without what may be a password. */
export const shown = (url: string): string => {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return 'the address given';
  }
};

const notReached = (url: string, cause: unknown): PyramidError => {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new PyramidError('MP_QUEUE', { queue: shown(url), reason: message || code || String(cause) }, { cause });
};

async function reachRedis(url: string): Promise<void> {
  const { Redis } = await import('ioredis');
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: CONNECT_MS });
  let last: Error | null = null;
  redis.on('error', (error) => {
    last = error;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    // "Connection is closed" says less than what closed it
    throw notReached(url, last ?? error);
  } finally {
    redis.disconnect();
  }
}
