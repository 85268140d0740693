import { EventEmitter } from 'node:events';
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runServer } from '../../src/serve/index.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { type Reply, serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const texts = randomTexts(7, 200);
const admin = { authorization: 'Bearer admin-key' };
let a: string;
let b: string;
let adminKeyFile: string;

beforeAll(async () => {
  ({ dir: a } = await randomModel(root, 'a', { seed: 11, kind: 'pooled', prunes: true, tau: 0.7 }));
  ({ dir: b } = await randomModel(root, 'b', { seed: 12, kind: 'pooled', prunes: true, tau: 0.7, labels: ['x', 'y'] }));
  adminKeyFile = join(root, 'admin-keys');
  await writeFile(adminKeyFile, '# for tests\nadmin-key\n');
});

/** Replaces a model's folder, as training over it does. */
async function replace(dir: string, by: string): Promise<void> {
  await rm(dir, { recursive: true });
  await cp(by, dir, { recursive: true });
}

/** Asks all the time until it is stopped; gives what it was answered. */
function asking(post: (path: string, body: unknown) => Promise<Reply>, model?: string) {
  const seen: { status: number; label: string | undefined }[] = [];
  let isOver = false;
  const loop = async (i: number) => {
    for (let n = i; !isOver; n += 4) {
      const { status, body } = await post('/v1/classify', { inputs: texts[n % texts.length], model, tau: null });
      seen.push({ status, label: body.results?.[0].label });
    }
  };
  const done = Promise.all([0, 1, 2, 3].map(loop));
  return {
    seen,
    async stop() {
      isOver = true;
      await done;
    },
  };
}

describe('models', () => {
  test('are loaded, replaced and removed without a failed request', async () => {
    const dir = join(root, 'live');
    await cp(a, dir, { recursive: true });
    const it = await serve({ live: dir }, { page: false, adminKeyFile });
    const load = asking(it.post);
    expect((await it.post('/admin/models/other/load', { dir: b }, admin)).body).toMatchObject({ labels: ['x', 'y'] });
    expect((await it.get('/v1/models')).body.data.map(({ id }: { id: string }) => id)).toEqual(['live', 'other']);

    expect((await it.post('/admin/models/live/reload', undefined, admin)).body).toMatchObject({ changed: false });
    await replace(dir, b);
    expect((await it.post('/admin/models/live/reload', undefined, admin)).body).toMatchObject({
      changed: true,
      model: { id: 'live', labels: ['x', 'y'] },
    });
    const before = load.seen.length;
    while (load.seen.length < before + 20) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(['x', 'y']).toContain(load.seen.at(-1)!.label);
    expect((await it.send('DELETE', '/admin/models/other', undefined, admin)).status).toBe(204);
    await load.stop();
    expect(new Set(load.seen.map(({ status }) => status))).toEqual(new Set([200]));
    expect(load.seen.length).toBeGreaterThan(100);
    expect((await it.post('/v1/classify', { inputs: 'w1', model: 'other' })).status).toBe(404);
  });

  test('stay unchanged if a new folder cannot be read', async () => {
    const dir = join(root, 'broken');
    await cp(a, dir, { recursive: true });
    const it = await serve({ broken: dir }, { page: false, adminKeyFile });
    await writeFile(join(dir, 'config.json'), '{');
    expect((await it.post('/admin/models/broken/reload', undefined, admin)).status).toBe(400);
    expect((await it.post('/v1/classify', { inputs: 'w1' })).status).toBe(200);
    expect(await it.post('/admin/models/new/load', { dir: join(root, 'nowhere') }, admin)).toMatchObject({
      status: 400,
      body: { error: { code: 'MP_FILE_MISSING' } },
    });
    expect((await it.post('/admin/models/broken/load', { dir: a }, admin)).body.error.message).toContain(
      'there is already a model',
    );
    expect((await it.send('DELETE', '/admin/models/broken', undefined, admin)).body.error.message).toContain(
      'only model',
    );
  });

  test('can be changed only with an admin key', async () => {
    const it = await serve({ a }, { page: false, adminKeyFile, apiKey: 'user-key' });
    for (const headers of [{}, { authorization: 'Bearer user-key' }, { authorization: 'admin-key' }])
      expect(await it.post('/admin/models/b/load', { dir: b }, headers as Record<string, string>)).toMatchObject({
        status: 401,
        body: { error: { code: 'MP_KEY' } },
      });
    const without = await serve({ a }, { page: false, apiKey: 'user-key' });
    for (const headers of [{}, { authorization: 'Bearer user-key' }, admin])
      expect(await without.post('/admin/models/b/load', { dir: b }, headers as Record<string, string>)).toMatchObject({
        status: 403,
        body: { error: { code: 'MP_ADMIN_CLOSED' } },
      });
  });
});

describe('a server as a process', () => {
  test('loads changed folders again on SIGHUP; on SIGTERM it answers its requests and ends', async () => {
    const dir = join(root, 'process');
    await cp(a, dir, { recursive: true });
    const signals = new EventEmitter();
    const said: string[] = [];
    const lines: string[] = [];
    const options = {
      model: [{ name: 'a', dir }],
      port: 0,
      workers: 1,
      page: false,
      log: { write: (line: string) => lines.push(line) },
    };
    const ended = runServer(options, (sentence) => said.push(sentence), signals as never);
    const until = async (holds: () => boolean) => {
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await until(() => said.length > 0);
    const url = /http:\S+(?=,)/.exec(said[0])![0];
    expect(said[0]).toContain('Only this machine can reach it; --hostname 0.0.0.0 accepts remote clients');
    await replace(dir, b);
    signals.emit('SIGHUP');
    await until(() => lines.some((line) => line.includes('model reloaded')));
    const secret = 'w1 w2 w199 '.repeat(3);
    const ask = () =>
      fetch(`${url}/v1/classify`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ inputs: new Array(32).fill(secret), tau: null }),
      });
    const underWay = Array.from({ length: 20 }, ask);
    await until(() => signals.listenerCount('SIGTERM') > 0);
    await new Promise((resolve) => setTimeout(resolve, 30));
    signals.emit('SIGTERM');
    const replies = await Promise.all(underWay);
    expect(replies.map(({ status }) => status)).toEqual(new Array(20).fill(200));
    for (const reply of replies)
      expect(((await reply.json()) as { results: { label: string }[] }).results[0].label).toMatch(/^[xy]$/);
    await ended;
    await expect(ask()).rejects.toThrow();
    expect(lines.some((line) => line.includes('"stopped"'))).toBe(true);
    expect(lines.join('')).not.toContain('w199');
  });
});
