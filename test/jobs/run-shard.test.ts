// A shard with a model that fails as told: which rows are answered, which are rejected, and what fails the shard.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { begunInOrder } from '../../src/engine/in-order.ts';
import type { Answer, TextInput } from '../../src/engine/index.ts';
import { PyramidError } from '../../src/errors.ts';
import { partDigest } from '../../src/jobs/digest.ts';
import { type Manifest, readManifest, shardFiles, writeManifest } from '../../src/jobs/manifest.ts';
import { type Model, runShard } from '../../src/jobs/run-shard.ts';
import { cutFile } from '../../src/text/cut-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();

async function submitted(
  name: string,
  text: string | Buffer,
  bytes: number,
): Promise<{ out: string; manifest: Manifest }> {
  const out = mkdtempSync(join(root, 'run-'));
  mkdirSync(join(out, 'shards'));
  const path = join(out, name);
  writeFileSync(path, text);
  const { read, parts } = await cutFile(path, { bytes });
  const shards = await Promise.all(
    parts.map(async ({ part, rows }, i) => {
      return { file: 0, part, rows, digest: await partDigest(path, part), ...shardFiles(i) };
    }),
  );
  const model = { path: 'model', fingerprint: 'f' };
  const about = { run: 'r', submitted: '', model, tau: null, topK: 1, dtype: null, attempts: 1 };
  await writeManifest(out, { ...about, files: [{ name, path, read }], shards });
  return { out, manifest: await readManifest(out) };
}

/** Answers each text with itself, as the engine's stream does: in order, some at once, over after an error. */
function model(fault: (text: string, alone: boolean) => PyramidError | null): Model {
  const answer = (input: TextInput): Answer => {
    const label = typeof input === 'string' ? input : input.text;
    return { label, score: 1, exit: 1, tokens: [1], truncated: false, flops: 1 };
  };
  return {
    stream: (source: AsyncIterable<TextInput>) =>
      begunInOrder(source, 8, (input, index, settle) => {
        const error = fault(input as string, false);
        setTimeout(() => settle(error ? { error } : { value: answer(input) }), (index * 7) % 5);
        return () => {};
      }),
    classify: async (input: TextInput) => {
      const error = fault(input as string, true);
      if (error) throw error;
      return answer(input);
    },
  } as unknown as Model;
}

const rows = (out: string, kind: RegExp) =>
  readdirSync(join(out, 'shards'))
    .sort()
    .filter((name) => kind.test(name))
    .flatMap((name) =>
      readFileSync(join(out, 'shards', name), 'utf8')
        .trimEnd()
        .split('\n'),
    )
    .map((line) => JSON.parse(line) as { line: number; label?: string; problem?: string });

const lost = () => new PyramidError('MP_WORKER_LOST', { tries: 3 });
const text = `text,id\n${Array.from({ length: 60 }, (_, i) => (i % 20 === 9 ? `bad ${i}\n` : `text ${i},${i}\n`)).join('')}`;
const { signal } = new AbortController();

describe('a shard', () => {
  test('has each row once: answered, or rejected with its reason, both in order', async () => {
    const { out, manifest } = await submitted('a.csv', text, 120);
    expect(manifest.shards.length).toBeGreaterThan(3);
    const failing = model((one) => (one === 'text 7' || one === 'text 11' ? lost() : null));
    for (const at of manifest.shards.keys()) await runShard(at, { out, manifest, model: failing, signal });
    const bad = [7, 9, 11, 29, 49];
    expect(rows(out, /\d\.jsonl$/).map(({ line, label }) => [line, label])).toEqual(
      Array.from({ length: 60 }, (_, i) => [i + 2, `text ${i}`]).filter(([line]) => !bad.includes(Number(line) - 2)),
    );
    const rejected = rows(out, /rejects/);
    expect(rejected.map(({ line }) => line - 2)).toEqual(bad);
    expect(rejected[0].problem).toBe(lost().message);
    expect(rejected[1].problem).toBe('the row has 1 field, the header 2');
  });

  test('rejects a row that is not UTF-8, and answers those around it', async () => {
    const bytes = Buffer.from(text.replace('text 30,', 'caf\xe9,').replace('text 31,', '"\xff\n",'), 'latin1');
    const { out, manifest } = await submitted('a.csv', bytes, 120);
    for (const at of manifest.shards.keys()) await runShard(at, { out, manifest, model: model(() => null), signal });
    const rejected = rows(out, /rejects/).filter(({ line }) => line === 32 || line === 33);
    const problem = 'the text is not UTF-8 (convert it to UTF-8)';
    expect(rejected).toMatchObject([
      { line: 32, problem },
      { line: 33, problem },
    ]);
    expect(rows(out, /\d\.jsonl$/).map(({ line }) => line)).toContain(35); // the row after one of two lines
    expect(rows(out, /\d\.jsonl$/)).toHaveLength(60 - 3 - 2);
  });

  test('keeps a row whose worker was lost by the fault of another: alone it is answered', async () => {
    const { out, manifest } = await submitted('a.csv', text, 1 << 20);
    const once = new Set(['text 3', 'text 4', 'text 30']);
    const failing = model((one, alone) => (!alone && once.has(one) ? lost() : null));
    const record = await runShard(0, { out, manifest, model: failing, signal });
    expect(record).toMatchObject({ rows: 57, rejected: 3 });
  });

  test('fails as a whole by what is no fault of a row, and leaves nothing', async () => {
    const { out, manifest } = await submitted('a.csv', text, 1 << 20);
    const failing = model((one) => (one === 'text 5' ? new PyramidError('MP_CLOSED', { what: 'model' }) : null));
    await expect(runShard(0, { out, manifest, model: failing, signal })).rejects.toMatchObject({ code: 'MP_CLOSED' });
    expect(readdirSync(join(out, 'shards'))).toEqual([]);
  });

  test('of a file that was changed since is refused before a row is read', async () => {
    const { out, manifest } = await submitted('a.csv', text, 120);
    writeFileSync(manifest.files[0].path, text.replace('text 30', 'test 30'));
    const good = model(() => null);
    const outcomes = await Promise.allSettled(
      [...manifest.shards.keys()].map((at) => runShard(at, { out, manifest, model: good, signal })),
    );
    const reasons = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(reasons).toMatchObject([
      { code: 'MP_DATA_FILE', details: { problem: 'it was changed since it was submitted' } },
    ]);
  });
});

describe('a manifest', () => {
  test('that is missing, torn or of another version is one error of the catalogue', async () => {
    const out = mkdtempSync(join(root, 'run-'));
    await expect(readManifest(out)).rejects.toMatchObject({ code: 'MP_FILE_MISSING' });
    for (const torn of [
      '{"format": 1,',
      '{"format": 2, "run": "r", "files": [], "shards": []}',
      'null',
      '{"format": 1}',
    ]) {
      writeFileSync(join(out, 'manifest.json'), torn);
      await expect(readManifest(out)).rejects.toMatchObject({ code: 'MP_DATA_FILE' });
    }
  });

  test('of a file whose header was changed is not done, whichever part it is', async () => {
    const { out, manifest } = await submitted('header.csv', text, 120);
    writeFileSync(manifest.files[0].path, text.replace('text,id', 'id,text'));
    for (const at of manifest.shards.keys())
      await expect(runShard(at, { out, manifest, model: model(() => null), signal })).rejects.toThrow('it was changed');
  });

  test('fails where workers cannot start: that is no fault of its rows', async () => {
    const { out, manifest } = await submitted('sick.csv', text, 1e6);
    const sick = () => new PyramidError('MP_WORKER_LOST', { tries: 3 }, { cause: new Error('no memory') });
    await expect(runShard(0, { out, manifest, model: model(sick), signal })).rejects.toThrow(/worker/);
    expect(readdirSync(join(out, 'shards'))).toEqual([]);
  });
});
