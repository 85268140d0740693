/** The package as users get it: packed, installed into empty folders, where only the package registry can be relied on. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Packed, packPackage, plainEnv, projectWith, run } from './support/packed-package.ts';
import { randomModel, WORDS } from './support/random-model.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const root = temporaryFolder();
const TEXTS = Array.from({ length: 24 }, (_, i) => WORDS.slice(i * 3, i * 7 + 2).join(' '));
const TAU = 0.7;
let dir: string;
let packed: Packed;
/** What this checkout answers. */
let expected: (readonly [string | null, number])[];

beforeAll(async () => {
  ({ dir } = await randomModel(root, 'model', { seed: 11, kind: 'pooled', prunes: true, tau: TAU }));
  packed = packPackage(root);
  const { Pyramid } = await import('../src/index.ts');
  await using here = await Pyramid.load(dir, { workers: 1 });
  expected = (await here.classify(TEXTS)).map(({ label, exit }) => [label, exit]);
  expect(new Set(expected.map(([, exit]) => exit)).size).toBeGreaterThan(1);
}, 600_000);

/** The same in every runtime: says what it computes on, and its answers. */
const PROGRAM = `
const pyramid = await Pyramid.load(process.argv[2], { workers: 2 });
const answers = await pyramid.classify(JSON.parse(process.argv[3]));
console.log(JSON.stringify({ device: pyramid.device, answers: answers.map(({ label, exit }) => [label, exit]) }));
await pyramid.close();`;

interface Said {
  readonly device: string;
  readonly answers: readonly unknown[];
  readonly stderr: string;
}

/** Runs the program in a project, by `command`. */
function classifyIn(project: string, command: readonly string[], env: Readonly<Record<string, string>> = {}): Said {
  writeFileSync(join(project, 'same.mjs'), `import { Pyramid } from 'magic-pyramid';${PROGRAM}`);
  writeFileSync(
    join(project, 'same.cjs'),
    `const { Pyramid } = require('magic-pyramid');\n(async () => {${PROGRAM}\n})();`,
  );
  const [program, ...words] = command;
  const { status, stdout, stderr } = spawnSync(program, [...words, dir, JSON.stringify(TEXTS)], {
    cwd: project,
    env: { ...plainEnv, NO_COLOR: '1', ...env },
    encoding: 'utf8',
    timeout: 120_000,
  });
  expect(status, `${command.join(' ')}: ${stdout}${stderr}`).toBe(0);
  return { ...JSON.parse(stdout), stderr };
}

describe('the packed package', () => {
  test('has at most 3 MB, no source maps, no results and no foreign binary', () => {
    expect(packed.unpackedSize).toBeLessThanOrEqual(3_000_000);
    const paths = packed.files.map(({ path }) => path);
    expect(paths.filter((path) => /\.(map|wasm|node|so|dll|dylib)$|^docs\/results|\.test\./.test(path))).toEqual([]);
    expect(paths).toEqual(
      expect.arrayContaining([
        'dist/index.js',
        'dist/index.d.ts',
        'dist/page/index.html',
        'docs/install.md',
        'LICENSE',
      ]),
    );
  });

  test('is installed in one line, runs no script of others, and computes with the native library', () => {
    const project = projectWith(join(root, 'native'), ['--ignore-scripts', packed.file]);
    const { device, answers, stderr } = classifyIn(project, [process.execPath, 'same.mjs']);
    expect({ device, answers, stderr }).toEqual({ device: 'cpu', answers: expected, stderr: '' });
    expect(classifyIn(project, [process.execPath, 'same.mjs'], { MAGIC_PYRAMID_DEVICE: 'wasm' })).toEqual({
      device: 'wasm',
      answers: expected,
      stderr: '',
    });
    expect(run('npx', ['magic-pyramid', '--version'], project).trim()).toMatch(/^\d+\.\d+\.\d+/);
  });

  test('is installed where the script of onnxruntime-node fails, and says what computes instead', () => {
    // the script fetches CUDA libraries, which it cannot where only the registry is reached
    const project = projectWith(join(root, 'plain'), [packed.file]);
    const hasNative = existsSync(join(project, 'node_modules/onnxruntime-node'));
    const { device, answers, stderr } = classifyIn(project, [process.execPath, 'same.mjs']);
    expect({ device, answers }).toEqual({ device: hasNative ? 'cpu' : 'wasm', answers: expected });
    if (hasNative) expect(stderr).toBe('');
    else expect(stderr).toContain('onnxruntime-node is not installed: WebAssembly computes instead');
  });

  test('installs without the native library, and trains in WebAssembly', () => {
    const project = projectWith(join(root, 'small'), ['--omit=optional', packed.file]);
    expect(existsSync(join(project, 'node_modules/onnxruntime-node'))).toBe(false);
    const rows = Array.from({ length: 80 }, (_, i) => (i % 2 ? `good nice fine ${i},yes` : `bad awful poor ${i},no`));
    writeFileSync(join(project, 'rows.csv'), `text,label\n${rows.join('\n')}\n`);
    const size = ['--layers', '2', '--hidden-size', '16', '--heads', '2', '--intermediate-size', '32'];
    const words = ['magic-pyramid', 'train', '--train', 'rows.csv', '--out', 'model', '--epochs', '2', ...size];
    const { status, stderr } = spawnSync('npx', words, { cwd: project, env: plainEnv, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('onnxruntime-node is not installed: WebAssembly computes instead');
    const { versions } = JSON.parse(readFileSync(join(project, 'model/config.json'), 'utf8')).pyramid.training ?? {};
    if (versions) expect(versions).toHaveProperty('onnxruntime-web');
    const answer = JSON.parse(run('npx', ['magic-pyramid', 'predict', '--model', 'model', 'good nice fine'], project));
    expect(answer.label).toMatch(/^(yes|no)$/);
  });
});

describe('the same program', () => {
  /** Runtimes that the registry has as packages; one that cannot be had is skipped, and the reason printed. */
  const RUNTIMES = {
    'Node 22': { spec: 'node22@npm:node@22', file: 'node22/bin/node', words: [] },
    'Node 24': { spec: 'node24@npm:node@24', file: 'node24/bin/node', words: [] },
    Bun: { spec: 'bun@1', file: 'bun/bin/bun.exe', words: [] },
    Deno: { spec: 'deno@2', file: 'deno/deno', words: ['run', '--allow-all'] },
  } as const;
  let project: string;
  beforeAll(() => {
    project = projectWith(join(root, 'runtimes-project'), ['--ignore-scripts', packed.file]);
  }, 600_000);

  const everywhere = (command: readonly string[]) => {
    for (const file of ['same.mjs', 'same.cjs']) {
      const { device, answers } = classifyIn(project, [...command, file]);
      expect({ file, device, answers }).toEqual({ file, device: 'cpu', answers: expected });
    }
    const forced = classifyIn(project, [...command, 'same.mjs'], { MAGIC_PYRAMID_DEVICE: 'wasm' });
    expect({ device: forced.device, answers: forced.answers }).toEqual({ device: 'wasm', answers: expected });
  };

  test('gives the same answers in this Node, as a module and by require, natively and in WebAssembly', () =>
    everywhere([process.execPath]));

  test.for(Object.entries(RUNTIMES))('gives the same answers in %s', ([name, { spec, file, words }], { skip }) => {
    const folder = join(root, name.replace(' ', ''));
    try {
      projectWith(folder, [spec]);
    } catch (error) {
      const reason = `${name} is skipped: the registry does not give it here (${(error as Error).message.trim()})`;
      console.warn(reason);
      return skip(reason);
    }
    everywhere([join(folder, 'node_modules', file), ...words]);
  });
});
