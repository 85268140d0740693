/** Every TypeScript example of the README and of the public docstrings runs, through the package's own exports. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { train } from '../src/train/train.ts';
import { scratchDataset, tinyOptions, writeRows } from './support/scratch-data.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const fromMarkdown = (path: string) =>
  [...readFileSync(path, 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]);
const fromDocstrings = (path: string) =>
  [...readFileSync(path, 'utf8').matchAll(/@example\n([\s\S]*?)\*\//g)].map((match) =>
    match[1].replace(/^\s*\* ?/gm, ''),
  );

// what an example takes as given, where it does not say it itself
const given = (code: string) =>
  [
    ...(code.includes('import ') ? [] : ["import { Pyramid } from 'magic-pyramid';"]),
    ...(/\bpyramid\./.test(code) && !code.includes('Pyramid.load')
      ? ["const pyramid = await Pyramid.load('runs/mails');", "const lines = ['a line'];"]
      : []),
  ].join('\n');

describe.each([
  ['README.md', fromMarkdown('README.md')],
  ['src/engine/pyramid.ts', fromDocstrings('src/engine/pyramid.ts')],
  ['src/engine/text-classifier.ts', fromDocstrings('src/engine/text-classifier.ts')],
] as const)('%s', (path, examples) => {
  const folder = temporaryFolder();

  beforeAll(async () => {
    const rows = scratchDataset({ rows: 60, labels: 2 });
    // with the columns that the examples name
    const mails = writeRows(folder, 'mails.csv', rows);
    writeFileSync(mails, readFileSync(mails, 'utf8').replace('text,label', 'body,folder'));
    const columns = { train: mails, text: 'body', label: 'folder' };
    await train(
      tinyOptions({
        ...columns,
        out: join(folder, 'runs/mails'),
        method: 'mp',
        exitHead: 'pooled',
        exitTraining: 'joint',
      }),
      () => {},
    );
    await train(tinyOptions({ ...columns, out: join(folder, 'runs/mails-linear'), method: 'linear' }), () => {});
  });

  it('has examples', () => {
    expect(examples.length, path).toBeGreaterThan(0);
  });

  it.each(examples.map((code, i) => [i + 1, code] as const))('example %i runs', (number, code) => {
    // inside the package, so that its name leads to its own exports
    const file = join('dist', `example-${path.replace(/\W/g, '-')}-${number}.mjs`);
    mkdirSync('dist', { recursive: true });
    const close = code.includes('.close()') || !/\bpyramid\./.test(code) ? '' : '\nawait pyramid.close();';
    writeFileSync(file, `${given(code)}\n${code}${close}\n`);
    try {
      const { status, stderr } = spawnSync(process.execPath, [join(process.cwd(), file)], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      expect(status).toBe(0);
    } finally {
      rmSync(file);
    }
  });
});
