/**
 * A browser's files are built without the errors that no page can meet: none of those files may throw one of them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { anywhere } from '../../src/errors/anywhere.ts';
import { machine } from '../../src/errors/machine.ts';

const files = readdirSync('dist/page', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
const codes = (pattern: RegExp) =>
  files.flatMap((name) => [...readFileSync(join('dist/page', name), 'utf8').matchAll(pattern)].map(([, code]) => code));

test('what the built page throws is in its catalogue', () => {
  const thrown = codes(/["'`](MP_[A-Z_0-9]+)["'`]/g);
  expect(thrown).toContain('MP_TAU_RANGE'); // they are found in minified files
  expect(thrown.filter((code) => !(code! in anywhere))).toEqual([]);
});

test('the page has no sentence of the others', () => {
  const sentences = codes(/\b(MP_[A-Z_0-9]+):/g);
  expect(sentences).toContain('MP_TAU_RANGE');
  expect(sentences.filter((code) => code! in machine)).toEqual([]);
});
