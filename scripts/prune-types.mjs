/**
 * Takes the declarations out of dist that no entry of the package reaches: nobody can import them, and they are a tenth of the
 * package. Run after the compiler, from the project's root.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { globSync } from 'tinyglobby';

const { exports: entries } = JSON.parse(readFileSync('package.json', 'utf8'));
const reached = new Set();
const next = Object.values(entries).flatMap(({ types }) => (types ? [normalize(types)] : []));
for (let path = next.pop(); path; path = next.pop()) {
  if (reached.has(path)) continue;
  reached.add(path);
  for (const [, from] of readFileSync(path, 'utf8').matchAll(
    /(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]+)\.[jt]s['"]/g,
  )) {
    const imported = join(dirname(path), `${from}.d.ts`);
    if (!existsSync(imported)) throw new Error(`${path} imports ${imported}, which is not there`);
    next.push(imported);
  }
}
for (const path of globSync('dist/**/*.d.ts', { absolute: false })) if (!reached.has(normalize(path))) rmSync(path);
