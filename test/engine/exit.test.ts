/** How a process ends that has an engine in it. */
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
let dir: string;
beforeAll(async () => {
  ({ dir } = await randomModel(root, 'mp', { seed: 41, kind: 'pooled', prunes: true }));
});

/** Runs a program that has `Pyramid` and `dir`. */
const run = (program: string) =>
  spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { Pyramid } from './dist/index.js'; const dir = process.argv[1]; ${program}`,
      dir,
    ],
    { encoding: 'utf8', timeout: 30_000 },
  );

const busy = `
  const pyramid = await Pyramid.load(dir, { workers: 2 });
  pyramid.classify(Array.from({ length: 50_000 }, () => 'w1 w2 w3 '.repeat(12)), { tau: null }).catch(() => {});`;

describe('a process', () => {
  test.each([
    ['by process.exit', 'setTimeout(() => process.exit(3), 100)', 3],
    ['of an error that nobody catches', "setTimeout(() => { throw new Error('oops'); }, 100)", 1],
  ])('ends with its own exit code while workers compute: %s', (_, end, code) => {
    const { status, stderr } = run(`${busy} ${end}`);
    expect(stderr).not.toContain('Napi');
    expect(status).toBe(code);
  });

  test('is not kept alive by an idle engine, closed or not', () => {
    const { status, stdout, stderr } = run(
      "const pyramid = await Pyramid.load(dir); console.log((await pyramid.classify('w1')).label);",
    );
    expect(stderr).toBe('');
    expect(stdout.trim()).toMatch(/^[abc]$/);
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
