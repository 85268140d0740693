import { closeSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openFile } from '../src/disk-folder.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const root = temporaryFolder();

it('more bytes than one call of the system reads are read whole', async () => {
  const path = join(root, 'large');
  const size = 2 ** 31 + 4096;
  writeFileSync(path, 'first');
  truncateSync(path, size); // with a hole: it takes no space
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.from('middle'), 0, 6, 2 ** 30 - 3);
  writeSync(file, Buffer.from('last'), 0, 4, size - 4);
  closeSync(file);
  const opened = (await openFile(path))!;
  const bytes = await opened.read(0, size);
  await opened.close();
  const text = (from: number, to: number) => new TextDecoder().decode(bytes.subarray(from, to));
  expect(bytes.length).toBe(size);
  expect([text(0, 5), text(2 ** 30 - 3, 2 ** 30 + 3), text(size - 4, size)]).toEqual(['first', 'middle', 'last']);
});
