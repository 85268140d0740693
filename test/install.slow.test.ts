/**
 * The package as users get it: packed, then installed into an empty folder with npm's own settings, where nothing but the
 * package registry can be relied on; then used.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { randomModel } from './support/random-model.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const root = temporaryFolder();

/** Without what the npm that runs these tests has set, the settings of this repository among it. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));

/** Runs a program, which may not ask: what it says. */
const run = (program: string, words: readonly string[], cwd: string): string =>
  execFileSync(program, words, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

test('is installed without a word from the user, runs no script of others, and classifies with the native runtime', async () => {
  const { dir } = await randomModel(root, 'model', { seed: 31, kind: 'pooled', prunes: true, tau: 0.7 });
  run('node', ['scripts/build-runtime.mjs'], '.');
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', root], '.'));
  writeFileSync(join(root, 'package.json'), '{ "private": true, "type": "module" }');
  run('npm', ['install', `./${filename}`], root);
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const scripted = Object.entries(packages as Record<string, { hasInstallScript?: boolean }>);
  expect(scripted.length).toBeGreaterThan(10);
  expect(scripted.filter(([, { hasInstallScript }]) => hasInstallScript).map(([name]) => name)).toEqual([]);

  const program = `
    import { Pyramid } from 'magic-pyramid';
    const pyramid = await Pyramid.load('${dir}', { workers: 1 });
    console.log(JSON.stringify(await pyramid.classify('w1 w2')));
    await pyramid.close();`;
  const answer = JSON.parse(run('node', ['--input-type=module', '-e', program], root));
  expect(answer).toMatchObject({ label: expect.stringMatching(/^[abc]$/), truncated: false });
  // the same runtime as in this checkout: the same numbers
  const { Pyramid } = await import('../src/index.ts');
  const here = await Pyramid.load(dir, { workers: 1 });
  expect(answer).toEqual(await here.classify('w1 w2'));
  await here.close();
  expect(run('npx', ['magic-pyramid', '--version'], root).trim()).toMatch(/^\d+\.\d+\.\d+/);
});
