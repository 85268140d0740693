// A sweep as jobs over a real Redis: the files of one machine's sweep, though workers share it and one is killed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { jobsRuns, until } from '../support/jobs-runs.ts';
import { noRedis, type RedisServer, redisServer } from '../support/redis-server.ts';
import { TINY, writeScratchTasks } from '../support/scratch-tasks.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const data = join(root, 'data');
let redis: RedisServer;
const runs = jobsRuns(root, () => ({ MAGIC_PYRAMID_QUEUE: redis.url }));
const { run, worker } = runs;
const flags = [
  ...['--task', 'mrpc', '--data-dir', data, '--methods', 'mp,mp+', '--deltas', '0.09,0.14', '--lambdas', '0.05'],
  ...[
    '--temperatures',
    '1e-3',
    ...TINY.split(' ').filter((_, i, all) => all[i] !== '--delta' && all[i - 1] !== '--delta'),
  ],
];
if (noRedis) console.log(`the tests of a sweep as jobs are skipped: ${noRedis}`);

/** All that lies in a folder, but what was on the clock, or is of the queue. */
function results(out: string) {
  const found: Record<string, unknown> = {};
  for (const name of readdirSync(out).sort()) {
    const path = join(out, name, 'result.json');
    if (existsSync(path)) {
      const { clock: _, ...result } = JSON.parse(readFileSync(path, 'utf8'));
      found[name] = result;
    }
  }
  const { rows } = JSON.parse(readFileSync(join(out, 'sweep.json'), 'utf8')) as { rows: { seconds: unknown }[] };
  return { found, rows: rows.map(({ seconds: _, ...row }) => row) };
}

describe.skipIf(noRedis)('a sweep as jobs', () => {
  beforeAll(async () => {
    redis = await redisServer();
    writeScratchTasks(data);
  });
  afterEach(runs.killAll);
  afterAll(() => redis?.stop());

  test('leaves what sweep leaves on one machine, though a worker is killed while it trains', async () => {
    const alone = join(root, 'alone');
    expect((await run('sweep', ...flags, '--out', alone)).code).toBe(0);
    const out = join(root, 'shared');
    const submitted = await run('jobs', 'sweep', ...flags, '--out', out);
    expect(submitted.stdout).toContain('5 runs, plain BERT first; start workers with: magic-pyramid jobs work ');
    expect((await run('jobs', 'status', out)).stdout).toContain('runs: 0 of 5 done, 0 running, 1 waiting, 0 failed');
    const first = worker(out);
    await until('plain BERT is trained, and another run begun', () =>
      readdirSync(out).some((name) => name.startsWith('mp') && existsSync(join(out, name))),
    );
    await sleep(300);
    first.process.kill('SIGKILL');
    const others = [worker(out), worker(out)];
    for (const { ended } of others) expect(await ended).toBe(0);
    expect(others.map(({ stderr }) => stderr).join('')).toContain('all 5 runs of the sweep are done');
    expect(results(out)).toEqual(results(alone));
    expect(
      readdirSync(out)
        .filter((name) => !['manifest.json'].includes(name))
        .sort(),
    ).toEqual(readdirSync(alone).sort());
    const { stdout } = await run('jobs', 'status', out);
    expect(stdout).toContain('runs: 5 of 5 done');
  });

  test('is cancelled, goes on with retry, and a worker that is told to stop gives its run back', async () => {
    const out = join(root, 'stopped');
    await run('jobs', 'sweep', ...flags, '--out', out);
    expect((await run('jobs', 'cancel', out)).stdout).toContain('cancelled with 0 of 5 runs done');
    expect((await run('jobs', 'retry', out)).stdout).toContain('1 of 5 runs in the queue');
    const one = worker(out, '--grace', '0');
    await until('training begins', () => existsSync(join(out, 'bert')));
    one.process.kill('SIGTERM');
    expect(await one.ended).toBe(0);
    expect(one.stderr).toContain('the run is given back to the queue');
    expect((await run('jobs', 'status', out)).stdout).toContain('runs: 0 of 5 done, 0 running, 1 waiting, 0 failed');
  });

  test('is refused where its folder is in S3', async () => {
    const { code, stderr } = await run('jobs', 'sweep', ...flags, '--out', 's3://mails/search');
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('s3://mails/search is in S3, and runs are trained in folders'),
    ]);
  });
});
