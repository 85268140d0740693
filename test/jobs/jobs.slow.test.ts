// Runs over a real Redis with real processes: workers that are killed, stopped and cancelled, a queue that loses everything.
import { appendFileSync, cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { answers, done, expectWhole, jobsRuns, rejects, shardsOf, underWay, until } from '../support/jobs-runs.ts';
import { noRedis, type RedisServer, redisServer } from '../support/redis-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
let redis: RedisServer;
const runs = jobsRuns(root, () => ({ MAGIC_PYRAMID_QUEUE: redis.url }));
const { model, start, run, worker, submit, data } = runs;

if (noRedis) console.log(`the tests of jobs are skipped: ${noRedis}`);

describe.skipIf(noRedis)('a run on many machines', () => {
  beforeAll(async () => {
    redis = await redisServer();
    await runs.train();
  });
  afterEach(runs.killAll);
  afterAll(() => redis?.stop());

  test('answers each row once, in order, though a worker is killed and the queue loses everything', async () => {
    const file = data('killed.csv', 16_000);
    const out = join(root, 'killed');
    expect((await submit(file.path, out)).stdout).toContain('16,000 rows of 1 file in ');
    const shards = shardsOf(out);
    expect(shards).toBeGreaterThan(8);
    const first = worker(out);
    const second = worker(out);
    await until('a shard under way', () => done(out) > 1 && underWay(out, first.process.pid));
    first.process.kill('SIGKILL');
    await until('more shards', () => done(out) > 4);
    await redis.restart(500);
    const third = worker(out);
    expect(await second.ended).toBe(0);
    expect(await third.ended).toBe(0);
    expect(`${second.stderr}${third.stderr}`).toContain('they are added again');
    expectWhole(out, file);
    expect(rejects(out)[0]).toEqual({ file: file.path, line: 16, problem: 'the row has 1 field, the header 2' });
    const { stdout } = await run('jobs', 'status', out, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      shards: { all: shards, done: shards, running: 0, waiting: 0, failed: 0 },
      rows: { all: 16_000, answered: 15_840, rejected: 160 },
      secondsLeft: 0,
    });
  });

  test('gives the answers of predict, whatever the shards and however often a shard is done', async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => JSON.stringify({ id: i, text: `you won the meeting ${i}` }));
    const path = join(root, 'same.jsonl');
    writeFileSync(path, `${lines.join('\n')}\n`);
    const predicted = await run('predict', '--model', model, '--file', path, '--tau', 'off');
    const out = join(root, 'same');
    await submit(path, out, '--tau', 'off');
    expect(await worker(out).ended).toBe(0);
    expect(answers(out).map(({ file: _, line: __, ...answer }) => answer)).toEqual(
      predicted.stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    );
    const before = readFileSync(join(out, 'shards', '000001.jsonl'));
    writeFileSync(join(out, 'shards', '000001.jsonl'), before.subarray(0, 1000)); // a disk that lost its end
    expect((await run('jobs', 'retry', out)).stdout).toContain('1 of 3 shards in the queue');
    expect(await worker(out).ended).toBe(0);
    expect(readFileSync(join(out, 'shards', '000001.jsonl')).equals(before)).toBe(true);
  });

  test('is left by a worker with another model, and stays for others', async () => {
    const file = data('other.csv', 500);
    const out = join(root, 'other');
    await submit(file.path, out);
    const other = join(root, 'other-model');
    cpSync(model, other, { recursive: true });
    appendFileSync(join(other, 'config.json'), '\n');
    const refusing = worker(out, '--model', other);
    expect(await refusing.ended).toBe(2);
    expect(refusing.stderr).toMatch(/^error: .* is answered by the model [0-9a-f]{12}, and .* is another one/);
    expect((await run('jobs', 'status', out)).stdout).toContain('0 of 1 done, 0 running, 1 waiting');
    expect(await worker(out, '--model', model).ended).toBe(0);
    expectWhole(out, file);
  });

  test('goes on after SIGTERM: a worker finishes its shard, or gives it back when that takes too long', async () => {
    const file = data('stopped.csv', 16_000);
    const out = join(root, 'stopped');
    await submit(file.path, out, '--shard-bytes', '400000');
    const hasty = worker(out, '--grace', '0');
    await until('a shard under way', () => underWay(out, hasty.process.pid));
    hasty.process.kill('SIGTERM');
    expect(await hasty.ended).toBe(0);
    expect(hasty.stderr).toContain('given back');
    expect(done(out)).toBe(0);
    expect(underWay(out)).toBe(false);
    expect((await run('jobs', 'status', out)).stdout).toContain('0 of 2 done, 0 running, 2 waiting, 0 failed');
    const patient = worker(out, '--grace', '300');
    await until('a shard under way', () => underWay(out, patient.process.pid));
    patient.process.kill('SIGINT');
    expect(await patient.ended).toBe(0);
    expect(done(out)).toBe(1);
    expect(await worker(out).ended).toBe(0);
    expectWhole(out, file);
  });

  test('is cancelled while shards run, and goes on with retry', async () => {
    const file = data('cancelled.csv', 40_000);
    const out = join(root, 'cancelled');
    await submit(file.path, out);
    const running = worker(out);
    await until('a shard done', () => done(out) > 0 && underWay(out));
    const { code, stdout } = await run('jobs', 'cancel', out);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^cancelled with \d+ of \d+ shards done\n$/)]);
    expect(await running.ended).toBe(0);
    expect(running.stderr).toContain('the run was cancelled');
    const kept = done(out);
    expect(kept).toBeLessThan(shardsOf(out));
    expect(underWay(out)).toBe(false);
    expect((await run('jobs', 'status', out)).stdout).toContain('cancelled; ');
    expect(await worker(out).ended).toBe(0); // it finds the mark, and takes nothing
    expect(done(out)).toBe(kept);
    await run('jobs', 'retry', out);
    expect(await worker(out).ended).toBe(0);
    expectWhole(out, file);
  });

  test('names a file that was changed since, and does its shards once it is put back', async () => {
    const file = data('changed.csv', 3000);
    const out = join(root, 'changed');
    await submit(file.path, out);
    const before = readFileSync(file.path, 'utf8');
    writeFileSync(file.path, before.replace('at 2000', 'at 2002'));
    const failing = worker(out);
    expect(await failing.ended).toBe(1);
    expect(failing.stderr).toContain('1 of 2 shards failed');
    const { stdout } = await run('jobs', 'status', out);
    expect(stdout).toMatch(/shard 2 \(.*changed\.csv, from line \d+\) failed after 1 try: .* was changed since/);
    expect(done(out)).toBe(1);
    writeFileSync(file.path, before);
    expect((await run('jobs', 'retry', out)).stdout).toContain('1 of 2 shards in the queue');
    expect(await worker(out).ended).toBe(0);
    expectWhole(out, file);
  });

  test('tells Prometheus what a worker has done', async () => {
    const file = data('metrics.csv', 16_000);
    const out = join(root, 'metrics');
    await submit(file.path, out);
    const watched = worker(out, '--metrics-port', '0');
    await until('the port', () => watched.stderr.includes('/metrics'));
    const [, port] = /port (\d+)/.exec(watched.stderr)!;
    const url = `http://127.0.0.1:${port}/metrics`;
    let text = '';
    await until('a shard done', async () => {
      text = await (await fetch(url)).text();
      return /^mp_jobs_shards_total [1-9]/m.test(text);
    });
    expect(text).toMatch(/^mp_jobs_rows_total \d{3,}$/m);
    expect(text).toMatch(/^mp_jobs_rejected_total 1\d$/m);
    watched.process.kill('SIGTERM');
    expect(await watched.ended).toBe(0);
  });

  test('waits for a queue that comes after its workers', async () => {
    const file = data('late.csv', 2000);
    const out = join(root, 'late');
    await submit(file.path, out);
    await redis.stop();
    const early = worker(out);
    await until('the sentence', () => early.stderr.includes('trying again'));
    expect(early.stderr).toMatch(
      /^the queue at redis:\/\/127\.0\.0\.1:\d+ is not reached \(.*ECONNREFUSED.*\); [^\n]*; trying again for 60 s\n$/,
    );
    const stopped = worker(out);
    await until('the sentence', () => stopped.stderr.includes('trying again'));
    stopped.process.kill('SIGTERM');
    expect(await stopped.ended).toBe(0);
    expect(stopped.stdout).toContain('0 shards');
    await redis.restart(0);
    expect(await early.ended).toBe(0);
    expectWhole(out, file);
  });

  test('does not wait for a queue that refuses it', async () => {
    const out = join(root, 'refused');
    await submit(data('refused.csv', 10).path, out);
    const refused = start(['jobs', 'work', out, '--queue', redis.url.replace('//', '//me:secret@')]);
    expect(await refused.ended).toBe(1);
    expect(refused.stderr).toMatch(
      /^error: the queue at redis:\/\/127\.0\.0\.1:\d+ is not reached \(WRONGPASS[^\n]*\n$/,
    );
  });

  test('is refused in one sentence where the queue is not reached, without its password', async () => {
    const file = data('away.csv', 10);
    const out = join(root, 'away');
    const args = ['jobs', 'submit', file.path, '--model', model, '--out', out];
    const child = start(args, { MAGIC_PYRAMID_QUEUE: 'redis://user:secret@127.0.0.1:1' });
    expect(await child.ended).toBe(1);
    expect(child.stderr).toMatch(
      /^error: the queue at redis:\/\/127\.0\.0\.1:1 is not reached \(.*ECONNREFUSED.*\); [^\n]*\n$/,
    );
    expect(existsSync(out)).toBe(false);
  });
});
