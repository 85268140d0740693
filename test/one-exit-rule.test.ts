import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { EXIT_KINDS } from '../src/pyramid/exits/exits.ts';

const sources = ['src', 'web/src']
  .flatMap((root) => readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => `${root}/${name}`))
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(path, 'utf8') }))
  .map(({ path, text }) => ({ path, code: text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '') }));
const offenders = (pattern: RegExp, own: RegExp) =>
  sources.filter(({ path, code }) => !own.test(path) && pattern.test(code)).map(({ path }) => path);

it('compares an uncertainty with tau in one file', () => {
  // a tau may be compared with another tau, as along a curve
  const comparison = /(?<!tau!?) [<>]=? tau\b|\b(u|uncertainty)\)? [<>]=? |\btau [<>]=? (u|uncertainty)\b/;
  expect(offenders(comparison, /exits\/exit-rule\.ts$/)).toEqual([]);
  expect(sources.filter(({ path, code }) => /exit-rule\.ts$/.test(path) && comparison.test(code))).toHaveLength(1);
});

it('decides by the name of a kind of exit in the table of exits alone', () => {
  const names = new RegExp(`(===|!==|case|includes\\()\\s*'(${EXIT_KINDS.join('|')})'`);
  expect(offenders(names, /pyramid\/exits\//)).toEqual([]);
});
