import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskFolder, openFile } from '../src/disk-folder.ts';
import { readText } from '../src/folder.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const root = temporaryFolder();
const folder = diskFolder(root);
const at = (name: string) => join(root, name);

describe('in place of a file', () => {
  const kinds: readonly [what: string, make: (path: string) => unknown, found: string][] = [
    ['a folder', (path) => mkdirSync(path), 'a folder'],
    ['a named pipe that nobody writes to', (path) => execFileSync('mkfifo', [path]), 'a named pipe'],
    ['a device that never ends, by a link', (path) => symlinkSync('/dev/zero', path), 'a device'],
    ['a link that leads to itself', (path) => symlinkSync(path, path), 'a symbolic link to itself'],
    [
      'a socket',
      (path) => new Promise<void>((resolve) => createServer().listen(path, resolve).unref()),
      'a socket or a device',
    ],
  ];

  it.skipIf(process.platform === 'win32').each(kinds)(
    '%s is refused at once, by what it is',
    async (what, make, kind) => {
      const name = what.replaceAll(' ', '-').slice(0, 20);
      await make(at(name));
      const start = performance.now();
      await expect(readText(folder, name)).rejects.toMatchObject({
        code: 'MP_MODEL_FILE',
        message: `${at(name)}: it is ${kind}, not a file; put the file itself in its place`,
      });
      expect(performance.now() - start).toBeLessThan(1000);
      expect(await folder.has(name)).toBe(false);
    },
  );

  it('a link to a file is that file', async () => {
    writeFileSync(at('real.txt'), 'text');
    symlinkSync('real.txt', at('link.txt'));
    expect(await readText(folder, 'link.txt')).toBe('text');
    expect(await folder.has('link.txt')).toBe(true);
  });

  it('nothing is no file, and neither is what a file would hold', async () => {
    expect(await folder.open('absent')).toBeNull();
    expect(await folder.open('real.txt/absent')).toBeNull();
    expect(await folder.has('absent')).toBe(false);
  });
});

describe('a text', () => {
  it('that is too large for its kind is refused without reading it', async () => {
    for (const bytes of [64 * 2 ** 20 + 1, 3 * 2 ** 30]) {
      writeFileSync(at('huge.json'), '{}');
      truncateSync(at('huge.json'), bytes); // a file with a hole: it takes no space
      await expect(readText(folder, 'huge.json')).rejects.toMatchObject({
        code: 'MP_MODEL_FILE',
        message: expect.stringMatching(
          /huge\.json: it has [\d,]+ MiB, more than the maximum of 64 MiB for this file; use/,
        ),
      });
    }
  });

  it('that is a Git LFS pointer says so, and what to run', async () => {
    writeFileSync(at('vocab.txt'), 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 231508\n');
    await expect(readText(folder, 'vocab.txt')).rejects.toMatchObject({
      code: 'MP_MODEL_FILE',
      message: `${at('vocab.txt')}: it is a Git LFS pointer, not the file itself; run "git lfs pull" in the cloned repository`,
    });
  });

  it.each(['<!DOCTYPE html>\n<html>', '  <html lang="en">'])('that is a web page says so: %s', async (page) => {
    writeFileSync(at('page.json'), page);
    await expect(readText(folder, 'page.json')).rejects.toMatchObject({
      code: 'MP_MODEL_FILE',
      message: expect.stringContaining('it is a web page, not the file itself'),
    });
  });

  it('that is not UTF-8 is refused rather than altered', async () => {
    writeFileSync(at('latin1.json'), Buffer.from('{"0": "Gr\xfc\xdfe"}', 'latin1'));
    await expect(readText(folder, 'latin1.json')).rejects.toMatchObject({
      code: 'MP_MODEL_FILE',
      message: expect.stringContaining('latin1.json: it is not UTF-8'),
    });
  });
});

it('a file that grows shorter while it is read is an error of the file', async () => {
  writeFileSync(at('shrinks'), 'twelve bytes');
  const file = (await openFile(at('shrinks')))!;
  truncateSync(at('shrinks'), 3);
  await expect(file.read(0, 12)).rejects.toMatchObject({
    code: 'MP_MODEL_FILE',
    message: expect.stringContaining('it became shorter while it was read'),
  });
  await file.close();
});
