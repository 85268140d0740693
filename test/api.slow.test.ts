/** The API reference: complete, and what the doc comments of now give. Needs TypeDoc, which the package registry has. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from './support/temporary-folder.ts';

const root = temporaryFolder();

test('every export has a doc comment, and docs/api is made from them (node scripts/build-api.mjs writes it)', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build-api.mjs', root], { encoding: 'utf8' });
  expect(stderr).not.toContain('without a doc comment');
  expect(status, stderr).toBe(0);
  const pages = readdirSync('docs/api').sort();
  expect(pages).toEqual(['README.md', 'certify.md', 'floor.md', 'index.md', 'serve.md', 'train.md', 'web.md']);
  expect(readdirSync(root).sort()).toEqual(pages);
  const read = (folder: string, page: string) => readFileSync(join(folder, page), 'utf8');
  for (const page of pages) expect(read(root, page), page).toBe(read('docs/api', page));
});
