/**
 * Builds `magic-pyramid/web` and `magic-pyramid/floor`: the engine for browsers, as the few files that a page needs and no others, in
 * dist/page/engine or the folder that is given. The page that `serve` shows has it there; any other page may copy it.
 * onnxruntime-web's WebAssembly is put in a folder of its own, which is not packed: users have it from that package.
 *
 *   node scripts/build-browser.mjs [FOLDER]
 */
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { withoutMachine } from './without-machine.mjs';

const root = join(import.meta.dirname, '..');
const out = process.argv[2] ?? join(root, 'dist', 'page', 'engine');
const require = createRequire(import.meta.url);

await mkdir(out, { recursive: true });
const bundle = await rolldown({
  input: {
    index: join(root, 'src/web/index.ts'),
    floor: join(root, 'src/floor.ts'),
    worker: join(root, 'src/engine/browser/worker.ts'),
  },
  platform: 'browser',
  plugins: [withoutMachine()],
  // the build of onnxruntime-web that leaves its WebAssembly, and the glue to it, in files of their own
  resolve: { conditionNames: ['onnxruntime-web-use-extern-wasm', 'browser', 'import', 'default'] },
  // of other packages what their package.json says of it holds
  treeshake: { moduleSideEffects: (id) => (id.startsWith(join(root, 'src')) ? id.endsWith('worker.ts') : undefined) },
  external: /^node:/, // in files that an index names and no browser needs: they must be gone from the result, see below
});
const { output } = await bundle.write({
  dir: out,
  format: 'es',
  minify: true,
  // one file for what a page and its worker both need: five small ones have 2 kB more
  codeSplitting: { groups: [{ name: 'shared', minShareCount: 2 }] },
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
});
await bundle.close();
const files = new Set(output.map(({ fileName }) => fileName));
for (const { fileName, imports = [] } of output) {
  const foreign = imports.filter((name) => !files.has(name));
  if (foreign.length > 0) throw new Error(`${fileName} imports ${foreign.join(', ')}, which no browser has`);
}
// each build of onnxruntime-web looks for itself under its package's own name, which bundlers want to find
for (const { fileName } of output) {
  const path = join(out, fileName);
  const code = await readFile(path, 'utf8');
  const named = code.replaceAll(/ort\.(wasm|webgpu)\.min\.mjs/g, 'ort.$1.min.js');
  if (named !== code) await writeFile(path, named);
}
await mkdir(join(out, 'onnxruntime-web'), { recursive: true });
for (const device of ['', '.asyncify']) {
  for (const kind of ['mjs', 'wasm']) {
    const file = `ort-wasm-simd-threaded${device}.${kind}`;
    await copyFile(require.resolve(`onnxruntime-web/${file}`), join(out, 'onnxruntime-web', file));
  }
}

/** Whose work is in the files, and under which licence. */
const modules = output.flatMap(({ moduleIds = [] }) => moduleIds);
const packages = new Set(modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []));
const notices = await Promise.all(
  [...packages].sort().map(async (folder) => {
    const { name, version, license, repository } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const text = (await readdir(folder)).find((file) => /^licen[cs]e(\.|$)/i.test(file));
    const address = typeof repository === 'string' ? repository : repository?.url;
    return [`${name} ${version}, ${license}, ${address}`, ...(text ? [await readFile(join(folder, text), 'utf8')] : [])]
      .map((part) => part.trim())
      .join('\n\n');
  }),
);
await writeFile(join(out, 'licenses.txt'), `${notices.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`);
