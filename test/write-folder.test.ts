import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { folderEntries, needEmptyFolder, writeFolder } from '../src/write-folder.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const root = temporaryFolder();
const mounts: string[] = [];
afterEach(() => {
  for (const mount of mounts.splice(0)) spawnSync('umount', [mount]);
});

let made = 0;
const newPlace = () => join(root, `place-${made++}`);

const fill = (text: string) => async (folder: string) => {
  await writeFile(join(folder, 'mark'), text);
  await writeFile(join(folder, 'other'), text);
};
const content = (dir: string) =>
  Object.fromEntries(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), 'utf8')]));
const beside = (dir: string) =>
  readdirSync(root).filter((name) => name !== dir && join(root, name).includes(`${dir}.`));

describe('writeFolder', () => {
  test('makes a folder, and replaces one of its kind as a whole', async () => {
    const dir = newPlace();
    await writeFolder(dir, 'mark', fill('1'));
    writeFileSync(join(dir, 'left'), 'over');
    await writeFolder(dir, 'mark', fill('2'));
    expect(content(dir)).toEqual({ mark: '2', other: '2' });
    expect(beside(dir)).toEqual([]);
  });

  test('writes into an empty folder that is there, which stays the same folder', async () => {
    const dir = newPlace();
    mkdirSync(dir, { mode: 0o700 });
    const { ino } = statSync(dir);
    await writeFolder(dir, 'mark', fill('1'));
    expect(content(dir)).toEqual({ mark: '1', other: '1' });
    expect(statSync(dir).ino).toBe(ino);
  });

  test('leaves nothing in an existing folder, or next to it, when writing fails', async () => {
    const dir = newPlace();
    mkdirSync(dir);
    const fails = async (folder: string) => {
      await fill('1')(folder);
      throw new Error('full');
    };
    const error = { code: 'MP_WRITE', details: { path: dir, reason: 'full' } };
    await expect(writeFolder(dir, 'mark', fails)).rejects.toMatchObject(error);
    expect(readdirSync(dir)).toEqual([]);
    const absent = newPlace();
    await expect(writeFolder(absent, 'mark', fails)).rejects.toMatchObject({ code: 'MP_WRITE' });
    expect(existsSync(absent)).toBe(false);
  });

  test('writes into a mounted volume, empty or not, which cannot be renamed', async (context) => {
    const dir = newPlace();
    mkdirSync(dir);
    if (spawnSync('mount', ['-t', 'tmpfs', 'none', dir]).status !== 0) return context.skip('may not mount');
    mounts.push(dir);
    await writeFolder(dir, 'mark', fill('1'));
    expect(content(dir)).toEqual({ mark: '1', other: '1' });
    await writeFolder(dir, 'mark', fill('2'));
    expect(content(dir)).toEqual({ mark: '2', other: '2' });
    expect(beside(dir)).toEqual([]);
  });
});

describe('what lies in an output folder', () => {
  test('is null where there is nothing, and nothing where only a killed run or an empty disk left something', async () => {
    const dir = newPlace();
    expect(await folderEntries(dir)).toBeNull();
    for (const name of ['.writing', 'lost+found']) mkdirSync(join(dir, name), { recursive: true });
    writeFileSync(join(dir, '.magic-pyramid.lock'), '');
    expect(await folderEntries(dir)).toEqual([]);
    await needEmptyFolder(dir);
    writeFileSync(join(dir, 'notes.txt'), '');
    expect(await folderEntries(dir)).toEqual(['notes.txt']);
    const error = { code: 'MP_OUT_EXISTS', message: `${dir} is not empty; empty it, or give another --out` };
    await expect(needEmptyFolder(dir)).rejects.toMatchObject(error);
  });

  test('is refused where the path is a file, goes through one, or is a device', async () => {
    const file = newPlace();
    writeFileSync(file, '');
    await expect(folderEntries(file)).rejects.toMatchObject({
      code: 'MP_OUT_EXISTS',
      message: `${file} is a file; give a folder, or give another --out`,
    });
    await expect(folderEntries(join(file, 'x'))).rejects.toMatchObject({ code: 'MP_WRITE' });
    if (process.platform === 'linux')
      await expect(folderEntries('/dev/null')).rejects.toMatchObject({ details: { found: 'is not a folder' } });
  });
});
