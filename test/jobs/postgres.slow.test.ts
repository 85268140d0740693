// A run over a real PostgreSQL that restarts while workers have a shard, wait for one, and are about to begin.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { done, expectWhole, jobsRuns, shardsOf, underWay, until } from '../support/jobs-runs.ts';
import { noPostgres, type PostgresServer, postgresServer } from '../support/postgres-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
let postgres: PostgresServer;
const runs = jobsRuns(root, () => ({ MAGIC_PYRAMID_QUEUE: postgres.url }));
const { worker, submit, data, run } = runs;

if (noPostgres) console.log(`the tests of jobs over PostgreSQL are skipped: ${noPostgres}`);

describe.skipIf(noPostgres)('a run over PostgreSQL', () => {
  beforeAll(async () => {
    postgres = await postgresServer();
    await runs.train();
  });
  afterEach(runs.killAll);
  afterAll(() => postgres?.stop());

  test('goes on when the server restarts, each row once and in order', async () => {
    const file = data('restarted.csv', 16_000);
    const out = join(root, 'restarted');
    expect((await submit(file.path, out)).stderr).toBe('');
    const workers = [worker(out), worker(out)];
    await until('a shard under way', () => done(out) > 1 && underWay(out));
    await postgres.restart(3000);
    const before = done(out);
    await until('more shards', () => done(out) > before + 1 || done(out) === shardsOf(out));
    await postgres.restart(0);
    for (const { ended } of workers) expect(await ended).toBe(0);
    for (const { stderr } of workers) {
      expect(stderr).toContain('the connection to the queue is lost');
      expect(stderr).toContain('the connection to the queue is back');
      expect(stderr).toContain('of the run are done');
    }
    expectWhole(out, file);
    expect((await run('jobs', 'status', out)).stdout).not.toContain('note:');
  });
});
