/** The engine under Deno, which comes as a package of npm's: its worker threads end without a word. */
import { spawnSync } from 'node:child_process';
import { cp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { randomModel } from './support/random-model.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const root = temporaryFolder();
let dir: string;

beforeAll(async () => {
  ({ dir } = await randomModel(root, 'model', { seed: 33, kind: 'pooled', prunes: true }));
  await cp(dir, join(root, 'bad'), { recursive: true });
  await rm(join(root, 'bad', 'model.safetensors'));
  await writeFile(join(root, 'package.json'), '{ "private": true }');
  const { status, stderr } = spawnSync('npm', ['install', 'deno@2'], { cwd: root, encoding: 'utf8' });
  expect(stderr.includes('npm error'), stderr).toBe(false);
  expect(status).toBe(0);
}, 300_000);

/** Runs a program that has `Pyramid`. */
async function run(program: string) {
  const path = join(root, 'program.mjs');
  const library = pathToFileURL(resolve('dist/index.js')).href;
  await writeFile(path, `import { Pyramid } from '${library}';\n${program}`);
  const words = ['run', '--allow-all', path];
  const { status, stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/deno'), words, {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { status, stdout, stderr };
}

describe('under Deno', () => {
  test('a model answers, and is closed without an error of its workers', async () => {
    const program = `
      const pyramid = await Pyramid.load('${dir}', { workers: 2 });
      console.log((await pyramid.classify('w1 w2')).exit);
      await pyramid.close();
      console.log('closed');`;
    expect(await run(program)).toEqual({ status: 0, stdout: '4\nclosed\n', stderr: '' });
  });

  test('an idle model keeps no process alive, and a folder that cannot be read is a sentence', async () => {
    const program = `
      console.log(await Pyramid.load('${join(root, 'bad')}', { workers: 2 }).catch(({ code }) => code));
      const pyramid = await Pyramid.load('${dir}', { workers: 1 });
      console.log((await pyramid.classify('w1')).exit);`;
    expect(await run(program)).toEqual({ status: 0, stdout: 'MP_FILE_MISSING\n4\n', stderr: '' });
  });
});
