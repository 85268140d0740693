/** The lock of an output folder, held and lost by real processes. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { lockOut } from '../../../src/train/output/out-lock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const module = pathToFileURL(resolve('dist/train/output/out-lock.js')).href;
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

let made = 0;
const newOut = () => join(root, `out-${made++}`);
const noNote = (text: string): never => {
  throw new Error(text);
};

/** A process that waits for a line, takes the lock, says what came of it, and holds it until it ends. */
function locker(out: string): ChildProcess {
  const script = `
    process.stdin.once('data', async () => {
      const { lockOut } = await import(${JSON.stringify(module)});
      console.log(await lockOut(${JSON.stringify(out)}, console.log).then(() => 'held', (error) => error.code));
    });
    console.log('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdout!.setEncoding('utf8');
  children.push(child);
  return child;
}

const line = async (child: ChildProcess): Promise<string> => String((await once(child.stdout!, 'data'))[0]).trim();

async function holding(out: string): Promise<ChildProcess> {
  const child = locker(out);
  expect(await line(child)).toBe('ready');
  child.stdin!.write('go\n');
  expect(await line(child)).toBe('held');
  return child;
}

describe('the lock of an output folder', () => {
  test('is refused while another process holds it, naming that process', async () => {
    const out = newOut();
    const { pid } = await holding(out);
    await expect(lockOut(out, noNote)).rejects.toMatchObject({
      code: 'MP_OUT_BUSY',
      details: { path: out, holder: { pid, host: hostname(), since: expect.stringMatching(/^20\d\d-.*Z$/) } },
    });
  });

  test('ends with its process, killed with SIGKILL, at once', async () => {
    const out = newOut();
    const child = await holding(out);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const release = await lockOut(out, noNote);
    await release();
    expect(readdirSync(root).filter((name) => name.includes(basename(out)))).toEqual([]);
  });

  test('is refused in the same process too, and free again after its release', async () => {
    const out = newOut();
    const release = await lockOut(out, noNote);
    await expect(lockOut(out, noNote)).rejects.toMatchObject({ code: 'MP_OUT_BUSY' });
    await release();
    await (await lockOut(out, noNote))();
  });

  test('is won by exactly one of many that start at the same instant, round after round', async () => {
    const out = newOut();
    for (let round = 0; round < 5; round++) {
      const all = await Promise.all(
        Array.from({ length: 12 }, () => lockOut(out, noNote).catch((error) => error.code)),
      );
      const won = all.filter((one) => typeof one === 'function');
      expect(won).toHaveLength(1);
      expect(all.filter((one) => one === 'MP_OUT_BUSY')).toHaveLength(11);
      await won[0]();
    }
  });

  test('is won by exactly one of three processes that are let go together', async () => {
    const out = newOut();
    const all = Array.from({ length: 3 }, () => locker(out));
    await Promise.all(all.map(line));
    const answers = Promise.all(all.map(line));
    for (const child of all) child.stdin!.write('go\n');
    expect((await answers).sort()).toEqual(['MP_OUT_BUSY', 'MP_OUT_BUSY', 'held']);
  });

  test('holds for a folder that others know by another path', async () => {
    const out = newOut();
    mkdirSync(out);
    const other = newOut();
    symlinkSync(out, other, 'dir');
    const release = await lockOut(out, noNote);
    await expect(lockOut(other, noNote)).rejects.toMatchObject({ code: 'MP_OUT_BUSY' });
    await release();
    expect(readdirSync(out)).toEqual([]);
  });

  test('does not count if only its file is left, whatever the file says', async () => {
    const out = newOut();
    mkdirSync(out);
    for (const text of ['', '{', JSON.stringify({ pid: process.pid, host: hostname(), since: 'now' })]) {
      writeFileSync(join(out, '.magic-pyramid.lock'), text);
      await (await lockOut(out, noNote))();
    }
    expect(readdirSync(out)).toEqual([]);
  });

  test.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
    'lies in the folder alone where the one above may not be written to',
    async () => {
      const parent = newOut();
      const out = join(parent, 'volume');
      mkdirSync(out, { recursive: true });
      // to root, permissions mean nothing: a file system that is mounted read-only does
      if (spawnSync('mount', ['-t', 'tmpfs', 'none', parent]).status !== 0) return;
      try {
        mkdirSync(out);
        expect(spawnSync('mount', ['-t', 'tmpfs', 'none', out]).status).toBe(0);
        expect(spawnSync('mount', ['-o', 'remount,ro', parent]).status).toBe(0);
        const release = await lockOut(out, noNote);
        expect(readdirSync(out)).toEqual(['.magic-pyramid.lock']);
        await release();
        await expect(lockOut(join(parent, 'new'), noNote)).rejects.toMatchObject({ code: 'MP_WRITE' });
      } finally {
        spawnSync('umount', [out]);
        spawnSync('umount', [parent]);
      }
    },
  );

  test('makes the folder above, and no folder of its own', async () => {
    const out = join(newOut(), 'a', 'b');
    await (await lockOut(out, noNote))();
    expect(existsSync(join(out, '..'))).toBe(true);
    expect(existsSync(out)).toBe(false);
  });
});
