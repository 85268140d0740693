import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { needWritable, writeWhole } from '../src/write-whole.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const root = temporaryFolder();
const posix = process.platform !== 'win32';

describe('writeWhole', () => {
  test('makes folders, replaces a file and leaves nothing beside it', async () => {
    const path = join(root, 'made', 'file.txt');
    await writeWhole(path, 'one');
    await writeWhole(path, ['t', 'wo']);
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(readdirSync(join(root, 'made'))).toEqual(['file.txt']);
  });

  test.runIf(posix)('writes what a link leads to, and leaves the link', async () => {
    writeFileSync(join(root, 'target'), 'old');
    symlinkSync(join(root, 'target'), join(root, 'link'));
    await writeWhole(join(root, 'link'), 'new');
    expect(readFileSync(join(root, 'target'), 'utf8')).toBe('new');
  });

  test('refuses a folder in its place', async () => {
    mkdirSync(join(root, 'folder'));
    await expect(writeWhole(join(root, 'folder'), 'x')).rejects.toMatchObject({
      code: 'MP_WRITE',
      message: expect.stringContaining('it is a folder'),
    });
    await expect(needWritable(join(root, 'folder'))).rejects.toMatchObject({ code: 'MP_WRITE' });
  });

  test('keeps the old file and leaves nothing where the text breaks off', async () => {
    const path = join(root, 'broken.txt');
    await writeWhole(path, 'old');
    const text = function* () {
      yield 'new';
      throw new Error('no more');
    };
    await expect(writeWhole(path, text())).rejects.toMatchObject({ code: 'MP_WRITE' });
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(root).filter((name) => name.startsWith('broken'))).toEqual(['broken.txt']);
  });

  test.runIf(posix)('writes to a pipe as it is', async () => {
    const path = join(root, 'pipe');
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    const [text] = await Promise.all([readFile(path, 'utf8'), writeWhole(path, 'through')]);
    expect(text).toBe('through');
    expect(statSync(path).isFIFO()).toBe(true);
  });

  test.runIf(process.platform === 'linux')('never replaces a device, and says when it is full', async () => {
    await expect(writeWhole('/dev/full', 'x')).rejects.toMatchObject({
      code: 'MP_WRITE',
      message: expect.stringMatching(/^\/dev\/full: cannot write \(ENOSPC.*what has arrived there is not complete/),
    });
    expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
  });
});

describe('needWritable', () => {
  test('makes the folder and nothing in it', async () => {
    await needWritable(join(root, 'later', 'file'));
    expect(readdirSync(join(root, 'later'))).toEqual([]);
  });

  test.runIf(process.platform === 'linux')('says before the work that a file cannot be written', async () => {
    writeFileSync(join(root, 'plain'), '');
    for (const path of ['/proc/nothing/file', join(root, 'plain', 'file')])
      await expect(needWritable(path)).rejects.toMatchObject({ code: 'MP_WRITE', details: { path } });
  });
});
