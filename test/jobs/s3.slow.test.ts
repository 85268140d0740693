// A run whose files and answers are in S3 (a server of its protocol on this machine), with workers that are killed.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { jobsRuns, mailRows, rowsIn, until } from '../support/jobs-runs.ts';
import { noRedis, type RedisServer, redisServer } from '../support/redis-server.ts';
import { noS3, type S3Server, s3Server } from '../support/s3-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
let redis: RedisServer;
let s3: S3Server;
const runs = jobsRuns(root, () => ({ MAGIC_PYRAMID_QUEUE: redis.url, ...s3.env }));
const { submit, worker, run, start } = runs;
const Bucket = 'mails';
const skipped = noS3 ?? noRedis;
if (skipped) console.log(`the tests of jobs in S3 are skipped: ${skipped}`);

const put = (Key: string, Body: string | Uint8Array) => s3.client.send(new PutObjectCommand({ Bucket, Key, Body }));
const keys = async (Prefix: string) =>
  ((await s3.client.send(new ListObjectsV2Command({ Bucket, Prefix }))).Contents ?? []).map(({ Key }) => Key!);
const text = async (Key: string) =>
  (await s3.client.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToString();
async function rows(prefix: string, kind: RegExp) {
  const found: Record<string, unknown>[] = [];
  for (const key of (await keys(prefix)).filter((key) => kind.test(key)).sort()) found.push(...rowsIn(await text(key)));
  return found;
}

describe.skipIf(skipped)('a run in S3', () => {
  beforeAll(async () => {
    redis = await redisServer();
    s3 = await s3Server();
    await s3.client.send(new CreateBucketCommand({ Bucket }));
    await runs.train();
  });
  afterEach(runs.killAll);
  afterAll(async () => {
    await redis?.stop();
    await s3?.stop();
  });

  test('answers the rows of all objects of a pattern once and in order, though a worker is killed', async () => {
    const files = [mailRows(6000), mailRows(3000)];
    await put('in/a.csv', files[0].text);
    await put('in/b.csv', files[1].text);
    await put('in/c.csv.old', 'not one of them');
    const out = 's3://mails/answers/killed';
    expect((await submit('s3://mails/in/*.csv', out)).stdout).toContain('9,000 rows of 2 files in ');
    const first = worker(out);
    await until('a shard done', () => /shard \d+ of/.test(first.stderr));
    await sleep(50);
    first.process.kill('SIGKILL');
    const others = [worker(out), worker(out)];
    for (const { ended } of others) expect(await ended).toBe(0);
    const answers = await rows('answers/killed/', /\d\.jsonl$/);
    expect(answers.map(({ file, line }) => [file, line])).toEqual(
      files.flatMap(({ good }, i) => good.map((line) => [`s3://mails/in/${'ab'[i]}.csv`, line])),
    );
    expect((await rows('answers/killed/', /rejects/)).map(({ line }) => line)).toEqual(files.flatMap(({ bad }) => bad));
    const left = await s3.client.send(new ListMultipartUploadsCommand({ Bucket }));
    expect(left.Uploads ?? []).toEqual([]);
    const { stdout } = await run('jobs', 'status', out, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ rows: { all: 9000, answered: 8910, rejected: 90 }, secondsLeft: 0 });
    // done twice is done once
    const key = (await keys('answers/killed/shards/')).find((key) => key.endsWith('000001.jsonl'))!;
    const before = await text(key);
    await put(key, before.slice(0, 1000));
    expect((await run('jobs', 'retry', out)).stdout).toContain('1 of ');
    expect(await worker(out).ended).toBe(0);
    expect(await text(key)).toBe(before);
  });

  test('gives the answers of the same file on a disk, of JSON lines and parquet', async () => {
    const lines = Array.from({ length: 2000 }, (_, i) => JSON.stringify({ id: i, text: `you won the meeting ${i}` }));
    await put('same/a.jsonl', `${lines.join('\n')}\n`);
    const texts = Array.from({ length: 500 }, (_, i) => `the meeting is at ${i}`);
    const columnData = [{ name: 'text', data: texts, type: 'STRING' as const }];
    await put('same/b.parquet', new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 100 })));
    const out = 's3://mails/answers/same';
    const submitted = await submit('s3://mails/same/*', out, '--shard-bytes', '20000', '--tau', 'off');
    expect(submitted.stdout).toContain('2,500 rows of 2 files in ');
    expect(await worker(out).ended).toBe(0);
    const answers = await rows('answers/same/', /\d\.jsonl$/);
    const predicted = await Promise.all(
      ['a.jsonl', 'b.parquet'].map((name) =>
        run('predict', '--model', runs.model, '--file', `s3://mails/same/${name}`, '--tau', 'off'),
      ),
    );
    expect(answers.map(({ file: _, line: __, ...answer }) => answer)).toEqual(
      predicted.flatMap(({ stdout }) => rowsIn(stdout)),
    );
  });

  test('sends answers of many megabytes in parts: nothing is there before all of it is', async () => {
    const out = 's3://mails/answers/large';
    const rest = 'x'.repeat(10_000);
    const lines = Array.from({ length: 4000 }, (_, i) => JSON.stringify({ text: `the meeting is at ${i}`, rest }));
    await put('large.jsonl', `${lines.join('\n')}\n`);
    await submit('s3://mails/large.jsonl', out, '--shard-bytes', '50000000');
    const killed = worker(out);
    const begun = async () => (await s3.client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? [];
    await until('a part sent', async () => (await begun()).length > 0);
    killed.process.kill('SIGKILL');
    await killed.ended;
    expect(await keys('answers/large/shards/')).toEqual([]);
    expect(await worker(out).ended).toBe(0);
    const { ETag, Body } = await s3.client.send(
      new GetObjectCommand({ Bucket, Key: 'answers/large/shards/000000.jsonl' }),
    );
    expect(ETag).toMatch(/-5"$/); // as S3 marks what came in parts
    const found = rowsIn(await Body!.transformToString());
    expect(found.map(({ line }) => line)).toEqual(lines.map((_, i) => i + 1));
    expect(found.every(({ row }) => (row as { rest: string }).rest === rest)).toBe(true);
    expect(await begun()).toEqual([]);
  });

  test('is cancelled, goes on with retry, and stays refused where its prefix is not empty', async () => {
    const out = 's3://mails/answers/cancelled';
    await put('one.csv', mailRows(300).text);
    await submit('s3://mails/one.csv', out);
    expect((await run('jobs', 'cancel', out)).stdout).toContain('cancelled with 0 of 1 shard');
    expect(await worker(out).ended).toBe(0);
    expect(await keys('answers/cancelled/shards/')).toEqual([]);
    await run('jobs', 'retry', out);
    expect(await worker(out).ended).toBe(0);
    expect((await rows('answers/cancelled/', /\d\.jsonl$/)).length).toBe(297);
    const again = await submit('s3://mails/one.csv', out);
    expect([again.code, again.stderr]).toEqual([
      2,
      expect.stringMatching(/^error: s3:\/\/mails\/answers\/cancelled is not empty/),
    ]);
  });

  test('fails the shards of an object that was replaced, and says so', async () => {
    const out = 's3://mails/answers/changed';
    await put('changed.csv', mailRows(300).text);
    await submit('s3://mails/changed.csv', out);
    await put('changed.csv', mailRows(301).text);
    const failing = worker(out);
    expect(await failing.ended).toBe(1);
    expect(failing.stderr).toContain('s3://mails/changed.csv: it was changed since it was submitted');
  });

  test('is refused in one sentence where there is no such bucket or object', async () => {
    for (const [file, sentence] of [
      ['s3://nowhere/a.csv', /^error: s3:\/\/nowhere\/a\.csv: there is no bucket "nowhere"; [^\n]*\n$/],
      ['s3://mails/none.csv', /^error: .*s3:\/\/mails\/none\.csv[^\n]*\n$/],
      ['s3://mails/none*.csv', /^error: no file matches s3:\/\/mails\/none\*\.csv[^\n]*\n$/],
    ] as const) {
      const { code, stderr } = await submit(file, 's3://mails/answers/refused');
      expect([code === 0, stderr]).toEqual([false, expect.stringMatching(sentence)]);
    }
    const child = start(['jobs', 'status', 's3://mails']);
    expect(await child.ended).toBe(2);
    expect(child.stderr).toContain('s3://mails is a whole bucket');
  });
});
