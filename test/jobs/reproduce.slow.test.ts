// A reproduction as jobs over a real Redis: the files of one machine's, though workers share it and one is killed.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { jobsRuns } from '../support/jobs-runs.ts';
import { noRedis, type RedisServer, redisServer } from '../support/redis-server.ts';
import { TINY, writeScratchTasks } from '../support/scratch-tasks.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const data = join(root, 'data');
let redis: RedisServer;
const runs = jobsRuns(root, () => ({ MAGIC_PYRAMID_QUEUE: redis.url }));
const { run, worker } = runs;
const common = ['--data-dir', data, '--max-drop', '0.1', ...TINY.split(' ')];
const flags = ['--tasks', 'mrpc', '--methods', 'bert,ltp,mp', '--seeds', '2', ...common];
if (noRedis) console.log(`the tests of a reproduction as jobs are skipped: ${noRedis}`);

const filesOf = (out: string) =>
  (
    readdirSync(out, { recursive: true, withFileTypes: true }) as {
      name: string;
      parentPath: string;
      isFile(): boolean;
    }[]
  )
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name).slice(out.length + 1))
    .filter((name) => name !== 'manifest.json')
    .sort();
const read = (out: string, name: string) => readFileSync(join(out, name));
const resultIn = (out: string, name: string) =>
  JSON.parse(read(out, name).toString()) as Record<string, unknown> & { clock: unknown };

describe.skipIf(noRedis)('a reproduction as jobs', () => {
  beforeAll(async () => {
    redis = await redisServer();
    writeScratchTasks(data);
  });
  afterEach(runs.killAll);
  afterAll(() => redis?.stop());

  test('leaves what reproduce leaves on one machine, byte for byte but for times, though a worker is killed while it trains', async () => {
    const alone = join(root, 'alone');
    expect((await run('reproduce', ...flags, '--out', alone)).code).toBe(0);
    const out = join(root, 'shared');
    const submitted = await run('jobs', 'reproduce', ...flags, '--out', out);
    expect(submitted.stdout).toContain(
      '6 runs, those first that others build on; start workers with: magic-pyramid jobs work ',
    );
    // plain BERT of each seed
    expect((await run('jobs', 'status', out)).stdout).toContain('runs: 0 of 6 done, 0 running, 2 waiting, 0 failed');
    const first = worker(out);
    const ltp = join(out, 'mrpc', 'ltp');
    // a run that builds on another is under way; the test's own time is the limit
    while (!existsSync(ltp) || readdirSync(ltp).length === 0) await sleep(50);
    await sleep(300);
    first.process.kill('SIGKILL');
    const others = [worker(out), worker(out)];
    for (const { ended } of others) expect(await ended).toBe(0);
    const said = others.map(({ stderr }) => stderr).join('');
    expect(said).toContain('all 6 runs of the reproduction are done');
    expect(said).toContain(`the report is ${join(out, 'report.html')}`);
    expect((await run('jobs', 'status', out, '--json')).stdout).toContain(
      '"kind":"reproduce","shards":{"all":6,"done":6',
    );

    const files = filesOf(alone);
    expect(filesOf(out)).toEqual(files);
    const results = files.filter((name) => name.endsWith('result.json'));
    expect(results).toHaveLength(6);
    for (const name of results) {
      const [{ clock: before, ...one }, { clock, ...other }] = [resultIn(alone, name), resultIn(out, name)];
      expect(other, name).toEqual(one);
      // with the same times the reports must be the same bytes
      writeFileSync(join(alone, name), JSON.stringify({ ...one, clock }));
      expect(before).not.toEqual(clock);
    }
    for (const name of files.filter((name) => name.endsWith('.safetensors')))
      expect(read(out, name).equals(read(alone, name)), name).toBe(true);
    const resumed = await run('reproduce', ...flags, '--out', alone, '--resume');
    expect(resumed.stderr).toContain('6 runs, all of them finished');
    const reports = files.filter((name) => !name.includes('/'));
    expect(reports).toEqual(
      expect.arrayContaining(['report.html', 'report.json', 'report.md', 'report.csv', 'spread.csv']),
    );
    for (const name of reports) expect(read(out, name).toString(), name).toBe(read(alone, name).toString());
  });

  test('has a row for what failed, and goes on with retry; cancel stops it', async () => {
    const out = join(root, 'failing');
    const given = ['--tasks', 'mrpc,rte', '--methods', 'bert,ltp', ...common, '--attempts', '1', '--out', out];
    // there are no files of rte
    await run('jobs', 'reproduce', ...given);
    const failing = worker(out);
    expect(await failing.ended).toBe(1);
    expect(failing.stderr).toContain('2 of 4 runs failed');
    const { rows } = JSON.parse(read(out, 'report.json').toString()) as { rows: Record<string, string>[] };
    expect(rows.map(({ task, method, failed }) => [task, method, failed])).toEqual([
      ['mrpc', 'bert', undefined],
      ['mrpc', 'ltp', undefined],
      ['rte', 'bert', expect.stringMatching(/no such file/)],
      ['rte', 'ltp', expect.stringMatching(/^plain BERT of its task and seed failed: .*no such file/)],
    ]);
    expect((await run('jobs', 'status', out)).stdout).toMatch(/run 3 \(rte, bert\) failed after 1 try: .*no such file/);
    expect((await run('jobs', 'cancel', out)).stdout).toContain('cancelled with 2 of 4 runs done');
    expect((await run('jobs', 'retry', out)).stdout).toContain('1 of 4 runs in the queue');
    rmSync(out, { recursive: true });
    const refused = await run('jobs', 'reproduce', ...given.slice(0, -2), '--out', 's3://mails/paper');
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('s3://mails/paper is in S3')]);
  });
});
