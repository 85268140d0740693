import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeFolder } from '../src/make-folder.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const root = temporaryFolder();

describe('makeFolder', () => {
  test('makes all that is missing, also when several do at once', async () => {
    const dir = join(root, 'a', 'b', 'c');
    await Promise.all([makeFolder(dir), makeFolder(dir), makeFolder(join(root, 'a', 'b'))]);
    expect(statSync(dir).isDirectory()).toBe(true);
  });

  test.runIf(process.platform === 'linux')('ends where nothing can be made', async () => {
    await expect(makeFolder('/proc/nothing/here')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('goes through no file', async () => {
    writeFileSync(join(root, 'file'), '');
    await expect(makeFolder(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(root, 'file', 'x'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
