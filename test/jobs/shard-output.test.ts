import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { shardFiles } from '../../src/jobs/manifest.ts';
import { recordOf, removeLeftovers, writeShard } from '../../src/jobs/shard-output.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const shard = { file: 0, part: null, rows: 3, digest: '', ...shardFiles(7) };
const newRun = () => {
  const out = mkdtempSync(join(root, 'run-'));
  mkdirSync(join(out, 'shards'));
  return out;
};
const files = (out: string) => readdirSync(join(out, 'shards')).sort();
const text = (out: string, name: string) => readFileSync(join(out, 'shards', name), 'utf8');

describe("a shard's answers", () => {
  test('are there whole, with rejects beside them and a record of both', async () => {
    const out = newRun();
    const record = await writeShard(out, shard, async (writer) => {
      await writer.answer({ line: 2 });
      await writer.reject({ line: 3, problem: 'odd' });
      await writer.answer({ line: 4 });
      expect(await recordOf(out, shard)).toBe(null);
    });
    expect(files(out)).toEqual(['000007.done.json', '000007.jsonl', '000007.rejects.jsonl']);
    expect(text(out, '000007.jsonl')).toBe('{"line":2}\n{"line":4}\n');
    expect(text(out, '000007.rejects.jsonl')).toBe('{"line":3,"problem":"odd"}\n');
    expect(record).toMatchObject({ rows: 2, rejected: 1, bytes: 22 });
    expect(await recordOf(out, shard)).toEqual(record);
  });

  test('of a try without rejects leave no rejects of an earlier one', async () => {
    const out = newRun();
    await writeShard(out, shard, (writer) => writer.reject({ line: 2, problem: 'a lost worker' }));
    const record = await writeShard(out, shard, (writer) => writer.answer({ line: 2 }));
    expect(files(out)).toEqual(['000007.done.json', '000007.jsonl']);
    expect(await recordOf(out, shard)).toEqual(record);
  });

  test('of two workers at once are those of one: each writes a file of its own', async () => {
    const out = newRun();
    let begun = 0;
    let both = () => {};
    const other = new Promise<void>((resolve) => {
      both = resolve;
    });
    const write = () =>
      writeShard(out, shard, async (writer) => {
        for (let line = 0; line < 20_000; line++) {
          if (line === 10_000) {
            if (++begun === 2) both();
            await other;
          }
          await writer.answer({ line, label: 'some label' });
        }
      });
    await Promise.all([write(), write()]);
    expect(files(out)).toEqual(['000007.done.json', '000007.jsonl']);
    const rows = text(out, '000007.jsonl').trimEnd().split('\n');
    expect(rows.map((row) => JSON.parse(row).line)).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
  });

  test('leave nothing behind when the shard fails, and what was done before stays', async () => {
    const out = newRun();
    const failing = () =>
      writeShard(out, shard, async (writer) => {
        await writer.answer({ line: 1 });
        await writer.reject({ line: 2 });
        throw new Error('the model broke');
      });
    await expect(failing()).rejects.toThrow('the model broke');
    expect(files(out)).toEqual([]);
    const record = await writeShard(out, shard, (writer) => writer.answer({ line: 1 }));
    await expect(failing()).rejects.toThrow('the model broke');
    expect(await recordOf(out, shard)).toEqual(record);
  });

  test('are not done where a file is shorter than the record says, is missing, or the record is torn', async () => {
    const out = newRun();
    const write = () =>
      writeShard(out, shard, async (writer) => {
        await writer.answer({ line: 1 });
        await writer.reject({ line: 2 });
      });
    for (const name of [shard.output, shard.rejects, shard.record]) {
      await write();
      expect(await recordOf(out, shard)).not.toBe(null);
      writeFileSync(join(out, name), '{');
      expect(await recordOf(out, shard)).toBe(null);
    }
  });

  test('that cannot be written are one error of the catalogue', async () => {
    const out = mkdtempSync(join(root, 'bare-'));
    await expect(writeShard(out, shard, async () => {})).rejects.toMatchObject({ code: 'MP_WRITE' });
  });

  test('of killed workers are removed in the end, finished ones are not', async () => {
    const out = newRun();
    await writeShard(out, shard, (writer) => writer.answer({ line: 1 }));
    writeFileSync(join(out, 'shards', '000001.jsonl.host-1-abc.tmp'), 'half');
    await removeLeftovers(out);
    expect(files(out)).toEqual(['000007.done.json', '000007.jsonl']);
  });
});
