import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { needWritable, replaceAll, unfinished, writeAllWhole, writeFileWhole, writeWhole } from '../src/write-whole.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const root = temporaryFolder();
const posix = process.platform !== 'win32';

describe('writeWhole', () => {
  test('makes folders, replaces a file and leaves nothing next to it', async () => {
    const path = join(root, 'made', 'file.txt');
    await writeWhole(path, 'one');
    await writeWhole(path, ['t', 'wo']);
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(readdirSync(join(root, 'made'))).toEqual(['file.txt']);
  });

  test('of two at once leaves the whole text of one, though both have the same process number', async () => {
    const path = join(root, 'at-once', 'file.txt');
    const texts = ['a', 'b'].map((letter) => Array.from({ length: 50 }, () => letter.repeat(20_000)));
    await Promise.all(texts.map((text) => writeWhole(path, text)));
    expect(texts.map((text) => text.join(''))).toContain(readFileSync(path, 'utf8'));
    expect(readdirSync(join(root, 'at-once'))).toEqual(['file.txt']);
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
      message: expect.stringMatching(/^\/dev\/full: cannot write \(ENOSPC.*the output is incomplete/),
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

describe('writeFileWhole', () => {
  test('makes the folder, and gives the place to what was written', async () => {
    const path = join(root, 'weights', 'file.bin');
    await writeFileWhole(path, async (temporary) => writeFileSync(temporary, 'first'));
    await writeFileWhole(path, async (temporary) => writeFileSync(temporary, 'second'));
    expect(readFileSync(path, 'utf8')).toBe('second');
    expect(readdirSync(join(root, 'weights'))).toEqual(['file.bin']);
  });

  test('keeps the old file and leaves nothing where writing fails', async () => {
    const path = join(root, 'kept', 'file.bin');
    await writeWhole(path, 'old');
    const failing = writeFileWhole(path, async (temporary) => {
      writeFileSync(temporary, 'half');
      throw new Error('no more');
    });
    await expect(failing).rejects.toMatchObject({ code: 'MP_WRITE', message: expect.stringContaining('no more') });
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(join(root, 'kept'))).toEqual(['file.bin']);
  });

  test('writes over what a killed process left', async () => {
    const path = join(root, 'left.bin');
    writeFileSync(unfinished(path), 'a longer half');
    await writeFileWhole(path, async (temporary) => writeFileSync(temporary, 'whole'));
    expect(readFileSync(path, 'utf8')).toBe('whole');
    expect(readdirSync(root).filter((name) => name.startsWith('left'))).toEqual(['left.bin']);
  });
});

describe('files that belong together', () => {
  test('are replaced only once all are written', async () => {
    const [a, b] = ['a.txt', 'b.txt'].map((name) => join(root, 'together', name));
    await writeAllWhole([
      { path: a, text: 'old a' },
      { path: b, text: 'old b' },
    ]);
    const breaksOff = function* () {
      yield 'new b';
      throw new Error('no more');
    };
    const failing = writeAllWhole([
      { path: a, text: 'new a' },
      { path: b, text: breaksOff() },
    ]);
    await expect(failing).rejects.toMatchObject({ code: 'MP_WRITE', message: expect.stringContaining('b.txt') });
    expect([a, b].map((path) => readFileSync(path, 'utf8'))).toEqual(['old a', 'old b']);
    expect(readdirSync(join(root, 'together'))).toEqual(['a.txt', 'b.txt']);
  });

  test('are not begun where one of them cannot be', async () => {
    mkdirSync(join(root, 'no-file'));
    let asked = 0;
    const text = function* () {
      asked++;
      yield 'text';
    };
    const failing = writeAllWhole([
      { path: join(root, 'begun.txt'), text: text() },
      { path: join(root, 'no-file'), text: 'x' },
    ]);
    await expect(failing).rejects.toMatchObject({ message: expect.stringContaining('no-file') });
    expect(asked).toBe(0);
    expect(readdirSync(root)).not.toContain('begun.txt');
  });

  test('leave what writing throws to the caller, and no temporary file', async () => {
    const place = join(root, 'thrown.txt');
    const fault = new Error('the link is not allowed');
    const write = async (to: string) => {
      writeFileSync(to, 'half');
      throw fault;
    };
    await expect(replaceAll([{ place, temporary: `${place}.own.tmp`, write }])).rejects.toBe(fault);
    expect(readdirSync(root).filter((name) => name.startsWith('thrown'))).toEqual([]);
  });
});
