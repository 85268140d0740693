/**
 * Worker threads that hang: in the midst of a text, of loading or of a message, so that they neither answer nor read what
 * they are sent. Real threads, real loops without an end; what an engine does about them is to happen within seconds.
 */
import { spawnSync } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import type { TimedOutcome } from '../../src/engine/workers/messages.ts';
import { NodeThread } from '../../src/engine/workers/node-thread.ts';
import { WorkerPool, type WorkerPoolOptions } from '../../src/engine/workers/worker-pool.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const hangingWorker = new URL('../support/hanging-worker.mjs', import.meta.url);
/** A worker that is awaited may be silent so long: long enough for a busy machine to load the model. */
const STALL_MS = 4000;
let dir: string;
const closing: { close(graceMs?: number): Promise<void> }[] = [];

beforeAll(async () => {
  ({ dir } = await randomModel(root, 'mp', { seed: 71, kind: 'pooled', prunes: true }));
  await cp(dir, `${dir}-hangs`, { recursive: true });
});
afterAll(() => Promise.all(closing.map((one) => one.close(0))));

const start = async (workers: number, options: Partial<WorkerPoolOptions<NodeThread>> & { folder?: string } = {}) => {
  const { folder = dir, ...others } = options;
  const given = { dir: folder, device: 'cpu', threads: 1, dtype: null, askAll: false, order: 'throughput' } as const;
  const { pool } = await WorkerPool.start<NodeThread>({
    workers,
    path: folder,
    stallMs: STALL_MS,
    startThread: (events) => new NodeThread(given, events, hangingWorker),
    ...others,
  });
  closing.push(pool);
  return pool;
};

const run = (pool: WorkerPool<NodeThread>, texts: readonly string[]) =>
  new Promise<TimedOutcome[]>((resolve, reject) => {
    const outcomes: TimedOutcome[] = [];
    let left = texts.length;
    pool.submit({
      tau: null,
      trace: false,
      length: texts.length,
      text: (index) => ({ text: texts[index], pair: undefined }),
      done: (index, outcome) => {
        outcomes[index] = outcome;
        if (--left === 0) resolve(outcomes);
      },
      failed: reject,
    });
  });

/** A message that a worker reads for minutes: it goes through four thousand million places of a list that has no entries. */
function hang(worker: Worker): void {
  const ids: number[] = [];
  ids.length = 2 ** 32 - 1;
  worker.postMessage({ kind: 'cancel', ids });
}

const seconds = async (work: Promise<unknown>): Promise<number> => {
  const begin = performance.now();
  await work;
  return (performance.now() - begin) / 1000;
};

describe('a text that makes a worker hang', () => {
  test('fails once, by name, and another worker answers the other texts', async () => {
    const pool = await start(1);
    const [before] = pool.threads;
    const failing = expect(run(pool, ['w1', 'w2 hang w3'])).rejects.toMatchObject({
      code: 'MP_TEXT_STALLED',
      details: { stallMs: STALL_MS },
    });
    const others = run(pool, ['w4 w5', 'w6']);
    await failing;
    expect(await others).toHaveLength(2);
    expect(pool.threads).toHaveLength(1);
    expect(pool.threads[0]).not.toBe(before);
    expect(await run(pool, ['w7'])).toHaveLength(1);
  });

  test('stops each worker that it reaches, but not the others', async () => {
    const pool = await start(2);
    const outcomes = await Promise.allSettled([
      run(pool, ['hang 1']),
      run(pool, ['hang 2']),
      run(pool, ['hang 3']),
      run(pool, ['w1', 'w2', 'w3']),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled']);
    expect(await run(pool, ['w1', 'w2', 'w3', 'w4'])).toHaveLength(4);
    expect(pool.threads).toHaveLength(2);
  });
});

describe('a worker that hangs', () => {
  test('is replaced soon after the deadline of its text, long before the limit for workers without one', async () => {
    const pyramid = await Pyramid.load(dir, { workers: 1 }); // 30 s without a deadline
    closing.push({ close: (graceMs) => pyramid.close({ graceMs }) });
    const [before] = pyramid.workers;
    hang(before);
    const late = expect(pyramid.classify('w1', { deadlineMs: 300 })).rejects.toMatchObject({ code: 'MP_DEADLINE' });
    await late;
    expect(await seconds(pyramid.classify('w1'))).toBeLessThan(15);
    expect(pyramid.workers).toHaveLength(1);
    expect(pyramid.workers[0]).not.toBe(before);
  });

  test('is replaced when it has been silent for the limit, and its texts are answered as if nothing had happened', async () => {
    const pyramid = await Pyramid.load(dir, { workers: 1, stallMs: STALL_MS });
    closing.push({ close: (graceMs) => pyramid.close({ graceMs }) });
    const expected = await pyramid.classify('w1 w2');
    hang(pyramid.workers[0]);
    expect(await pyramid.classify('w1 w2')).toEqual(expected);
  });

  test('blocks neither the costs of pieces nor the state of texts; its earlier reports count', async () => {
    const pyramid = await Pyramid.load(dir, { workers: 1 });
    closing.push({ close: (graceMs) => pyramid.close({ graceMs }) });
    await pyramid.classify(['w1', 'w2']);
    const before = await pyramid.pieceCosts();
    expect(before.length).toBeGreaterThan(0);
    hang(pyramid.workers[0]);
    const waiting = pyramid.classify(['w3', 'w4', 'w5']).catch((error) => error.code);
    const asked = Promise.all([pyramid.pieceCosts(), pyramid.queueLevels()]);
    expect(await seconds(asked)).toBeLessThan(3);
    const [costs, levels] = await asked;
    expect(costs).toEqual(before);
    expect(levels).toEqual([3, 0, 0, 0, 0]);
    await pyramid.close({ graceMs: 0 });
    expect(await waiting).toBe('MP_CLOSED');
  });

  test('is ended by close() after a grace, at once where there is none, and a second call may shorten it', async () => {
    const load = async () => {
      const pyramid = await Pyramid.load(dir, { workers: 1 });
      const [worker] = pyramid.workers;
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      hang(worker);
      return { pyramid, ended };
    };
    const first = await load();
    expect(await seconds(first.pyramid.close({ graceMs: 500 }))).toBeLessThan(4);
    await first.ended;
    const second = await load();
    const closed = second.pyramid.close({ graceMs: 60_000 });
    expect(await seconds(second.pyramid.close({ graceMs: 0 }))).toBeLessThan(4);
    await Promise.all([closed, second.ended]);
  });

  test('does not keep its process alive', () => {
    const program = `
      import { Pyramid } from './dist/index.js';
      const pyramid = await Pyramid.load(process.argv[1], { workers: 1 });
      const ids = []; ids.length = 2 ** 32 - 1;
      pyramid.workers[0].postMessage({ kind: 'cancel', ids });
      console.log(await pyramid.classify('w1', { deadlineMs: 100 }).catch(({ code }) => code));
      await pyramid.close();`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program, dir], {
      encoding: 'utf8',
      timeout: 40_000,
    });
    expect(stderr).toBe('');
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'MP_DEADLINE\n' });
  });
});

describe('a model folder that makes a worker hang', () => {
  test('stops loading with an error that names it, and its workers are stopped', async () => {
    const threads: NodeThread[] = [];
    const folder = `${dir}-hangs`;
    const given = { dir: folder, device: 'cpu', threads: 1, dtype: null, askAll: false, order: 'throughput' } as const;
    const starting = WorkerPool.start<NodeThread>({
      workers: 2,
      path: folder,
      stallMs: STALL_MS,
      startThread: (events) => {
        const thread = new NodeThread(given, events, hangingWorker);
        threads.push(thread);
        return thread;
      },
    });
    const ended = Promise.all(threads.map(({ worker }) => new Promise((resolve) => worker.once('exit', resolve))));
    await expect(starting).rejects.toMatchObject({ code: 'MP_MODEL_STALLED', details: { path: folder } });
    await ended;
  });

  test('stops loading at once if the caller aborts', async () => {
    const controller = new AbortController();
    const starting = start(1, { folder: `${dir}-hangs`, signal: controller.signal });
    const given = expect(starting).rejects.toThrow('no longer wanted');
    setTimeout(() => controller.abort(new Error('no longer wanted')), 200);
    expect(await seconds(given)).toBeLessThan(4);
    await expect(Pyramid.load(join(root, 'mp'), { signal: controller.signal })).rejects.toThrow('no longer wanted');
  });
});
