// The progress of a run on many machines over HTTP: what its folder says, to those who may administrate.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { shardFiles, writeManifest } from '../../src/jobs/manifest.ts';
import { writeShard } from '../../src/jobs/shard-output.ts';
import { startServer } from '../../src/serve/index.ts';
import { randomModel } from '../support/random-model.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const out = join(root, 'answers');
const queue = 'redis://user:secret@127.0.0.1:1';
let dir: string;

beforeAll(async () => {
  ({ dir } = await randomModel(root, 'mails', { seed: 5, kind: 'pooled', prunes: true, tau: 0.7 }));
  mkdirSync(join(out, 'shards'), { recursive: true });
  const shards = [0, 1].map((at) => ({ file: 0, part: null, rows: 3, digest: '', ...shardFiles(at) }));
  const about = { run: 'r', submitted: '', model: { path: 'm', fingerprint: 'f' }, tau: null, topK: 1, dtype: null };
  const files = [{ name: 'mails.csv', path: 'mails.csv', read: { text: 'text' } }];
  await writeManifest(out, { ...about, attempts: 5, files, shards });
  await writeShard(out, shards[0], async (writer) => {
    await writer.answer({ line: 2 });
    await writer.answer({ line: 3 });
    await writer.reject({ line: 4, problem: 'odd' });
  });
});

describe('/admin/jobs', () => {
  test('tells how far the run is, though its queue is not reached, and gives no password away', async () => {
    const { get } = await serve({ mails: dir }, { jobs: [out], queue });
    const { status, body, headers } = await get('/admin/jobs');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      runs: [
        {
          run: out,
          problem: null,
          status: {
            kind: 'files',
            shards: { all: 2, done: 1, running: null, waiting: null, failed: null },
            rows: { all: 6, answered: 2, rejected: 1 },
            rowsPerSecond: expect.any(Number),
            secondsLeft: expect.any(Number),
            cancelled: false,
            failures: [],
            queueProblem: expect.stringMatching(/^the queue at redis:\/\/127\.0\.0\.1:1 is not reached/),
          },
        },
      ],
    });
    expect(JSON.stringify(body)).not.toContain('secret');
    // so that a page asks only a server that has one
    expect((await get('/v1/models')).body).toMatchObject({ jobs: true });
    const without = await serve({ mails: dir });
    expect((await without.get('/v1/models')).body).not.toHaveProperty('jobs');
  });

  test('is closed to those who may not administrate', async () => {
    const { get } = await serve({ mails: dir }, { jobs: [out], queue, apiKey: 'key' });
    expect((await get('/admin/jobs')).status).toBe(403);
    expect((await get('/admin/jobs', { authorization: 'Bearer key' })).status).toBe(403);
    const adminKeyFile = join(root, 'keys');
    writeFileSync(adminKeyFile, 'boss\n');
    const other = await serve({ mails: dir }, { jobs: [out], queue, apiKey: 'key', adminKeyFile });
    expect((await other.get('/admin/jobs', { authorization: 'Bearer key' })).status).toBe(401);
    expect((await other.get('/admin/jobs', { authorization: 'Bearer boss' })).status).toBe(200);
  });

  test('is not there where the server was started without a run', async () => {
    const { get } = await serve({ mails: dir });
    expect((await get('/admin/jobs')).status).toBe(404);
  });

  test('tells of several runs, in the order they were given; a folder without one hides no other, and says what it lacks', async () => {
    const none = join(root, 'none');
    const { get } = await serve({ mails: dir }, { jobs: [none, out], queue });
    const { runs } = (await get('/admin/jobs')).body;
    expect(runs).toMatchObject([
      { run: none, status: null, problem: expect.stringContaining(none) },
      { run: out, status: { shards: { all: 2, done: 1 } }, problem: null },
    ]);
  });

  test('needs its queue: a run alone is refused', async () => {
    const starting = startServer({ model: [{ name: 'mails', dir }], port: 0, jobs: [out] });
    await expect(starting).rejects.toMatchObject({ code: 'MP_USAGE' });
  });
});
