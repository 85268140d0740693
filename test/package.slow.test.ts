/** What others' tools say of the packed package: checkers of packages and of types, a strict compiler, bundlers. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { packPackage, plainEnv, projectWith } from './support/packed-package.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const TOOLS = [
  'publint@0.3.25',
  '@arethetypeswrong/cli@0.18.5',
  'esbuild-wasm@0.28', // the same in WebAssembly: its own binary is an optional package
  'webpack@5',
  'webpack-cli@7',
  '@types/node@20',
];
const root = temporaryFolder();
let file: string;
let project: string;

beforeAll(() => {
  ({ file } = packPackage(root));
  project = projectWith(join(root, 'project'), ['--ignore-scripts', '--omit=optional', file, ...TOOLS]);
}, 600_000);

/** Runs a program of the project's packages, or of this checkout's. */
function tool(path: string, words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...words], {
    cwd: project,
    env: { ...plainEnv, NO_COLOR: '1' },
    encoding: 'utf8',
  });
  expect(status, `${path} ${words.join(' ')}: ${stdout}${stderr}`).toBe(0);
  return stdout;
}
const installed = (path: string) => join(project, 'node_modules', path);

test('publint finds nothing, not even a suggestion', () => {
  expect(tool(installed('publint/src/cli.js'), ['run', file, '--strict'])).toContain('All good');
});

test('its types are found from ES modules and by bundlers', () => {
  tool(installed('@arethetypeswrong/cli/dist/index.js'), [file, '--profile', 'esm-only', '--quiet']);
});

test('the examples of the README compile as strictly as a project may ask', () => {
  const examples = [...readFileSync('README.md', 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
  expect(examples.length).toBeGreaterThan(0);
  const names = examples.map((code, i) => {
    writeFileSync(join(project, `example-${i}.ts`), code);
    return `example-${i}.ts`;
  });
  const compilerOptions = {
    target: 'ES2023',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'NodeNext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: names }));
  tool(resolve('node_modules/typescript/bin/tsc'), ['-p', '.']);
});

const PAGE = `import { openModel } from 'magic-pyramid/web';
openModel('model/').then((engine) => engine.classify(['a text'])).then(console.log);`;
const emitted = (folder: string) => readdirSync(join(project, folder), { recursive: true, encoding: 'utf8' });
/** What a page must have beside its own script: the worker, and onnxruntime-web's WebAssembly. */
const complete = (names: readonly string[]) => {
  expect(names.filter((name) => name.endsWith('.wasm')).length).toBeGreaterThanOrEqual(1);
  expect(names.filter((name) => /\.(js|mjs)$/.test(name)).length).toBeGreaterThanOrEqual(2);
};

test('Vite bundles the engine of a page, its worker and its WebAssembly', () => {
  writeFileSync(join(project, 'index.html'), '<script type="module" src="./page.js"></script>');
  writeFileSync(join(project, 'page.js'), PAGE);
  writeFileSync(join(project, 'vite.config.js'), "export default { worker: { format: 'es' }, base: './' };");
  tool(resolve('node_modules/vite/bin/vite.js'), ['build', '--outDir', 'out-vite']);
  complete(emitted('out-vite'));
});

test('webpack does too', () => {
  writeFileSync(join(project, 'page.js'), PAGE);
  const words = ['--mode', 'production', '--entry', './page.js', '-o', 'out-webpack', '--no-devtool'];
  tool(installed('webpack/bin/webpack.js'), words);
  complete(emitted('out-webpack'));
});

test('esbuild bundles a server that leaves the package outside, and the server runs', () => {
  const program =
    "import { Pyramid, PyramidError } from 'magic-pyramid';\nPyramid.load('none').catch((error) => console.log(error instanceof PyramidError, error.code));";
  writeFileSync(join(project, 'server.js'), program);
  tool(installed('esbuild-wasm/bin/esbuild'), [
    'server.js',
    '--bundle',
    '--platform=node',
    '--format=esm',
    '--external:magic-pyramid',
    '--outfile=out-esbuild/server.mjs',
  ]);
  expect(tool(join(project, 'out-esbuild/server.mjs'), [])).toMatch(/^true MP_/);
});
