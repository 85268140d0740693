/** A server one of whose worker threads hangs: what it still answers, and how it ends. */
import type { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { randomModel } from '../support/random-model.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const { dir } = await randomModel(root, 'mails', { seed: 72, kind: 'pooled', prunes: true });

/** A message that a worker reads for minutes: it goes through four thousand million places of a list that has no entries. */
function hang([worker]: readonly Worker[]): void {
  const ids: number[] = [];
  ids.length = 2 ** 32 - 1;
  worker.postMessage({ kind: 'cancel', ids });
}

const seconds = async (work: Promise<unknown>): Promise<number> => {
  const begin = performance.now();
  await work;
  return (performance.now() - begin) / 1000;
};

describe('a server with a worker that hangs', () => {
  test('answers /metrics and /health meanwhile, and the next texts when the worker has been replaced', async () => {
    const it = await serve({ mails: dir }, { page: false });
    const served = it.server.registry.get('mails');
    const [before] = served.workers;
    hang(served.workers);
    const late = await it.post('/v1/classify', { inputs: 'w1', deadlineMs: 300 });
    expect(late).toMatchObject({ status: 503, body: { error: { code: 'MP_DEADLINE' } } });
    const metrics = it.get('/metrics');
    expect(await seconds(metrics)).toBeLessThan(3);
    expect((await metrics).body).toContain('te_queue_level_texts');
    expect(await seconds(it.get('/health'))).toBeLessThan(1);
    expect(await it.post('/v1/classify', { inputs: 'w1' })).toMatchObject({ status: 200 });
    expect(served.workers).toHaveLength(1);
    expect(served.workers[0]).not.toBe(before);
  });

  test('ends within --shutdown-timeout and a moment, though a text waits for that worker', async () => {
    const it = await serve({ mails: dir }, { page: false, shutdownTimeout: 1000 });
    hang(it.server.registry.get('mails').workers);
    const waiting = it.post('/v1/classify', { inputs: 'w1' }).catch(() => null);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await seconds(it.server.close())).toBeLessThan(4);
    await waiting;
  });

  test('ends soon though nothing is under way', async () => {
    const it = await serve({ mails: dir }, { page: false });
    hang(it.server.registry.get('mails').workers);
    expect(await seconds(it.server.close())).toBeLessThan(9);
  });

  test('unloads a model and loads a new one in its place, as usual', async () => {
    const it = await serve({ mails: dir }, { page: false, stallTimeout: 4000 });
    const { registry } = it.server;
    hang(registry.get('mails').workers);
    await registry.load({ name: 'other', dir });
    await registry.unload('mails');
    expect(await it.post('/v1/classify', { inputs: 'w1', model: 'other' })).toMatchObject({ status: 200 });
  });
});

test('a server that is closed while it loads a model gives up loading', async () => {
  const it = await serve({ mails: dir }, { page: false });
  const loading = it.server.registry.load({ name: 'other', dir });
  const given = expect(loading).rejects.toMatchObject({ code: 'MP_CLOSED' });
  await it.server.registry.close();
  await given;
});
