/**
 * Puts ONNX Runtime's binding into dist/onnxruntime-node, for the package: what the package of that name has, without its
 * install script. On Linux that script fetches CUDA libraries, which nothing here uses, and where it cannot reach them the
 * whole installation fails. The files are those of node_modules, linked where the disk allows.
 *
 *   node scripts/build-runtime.mjs
 */
import { copyFile, link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const from = join(root, 'node_modules', 'onnxruntime-node');
const out = join(root, 'dist', 'onnxruntime-node');

const { name, version, license, author, repository, description, main, types } = JSON.parse(
  await readFile(join(from, 'package.json'), 'utf8'),
);
await rm(out, { recursive: true, force: true });

/** The library is there a second time under its full version, which the binding does not ask for. */
const isTwice = (file) => file.endsWith('.dylib') && file.includes(version);

for (const folder of ['bin', 'dist']) {
  for (const entry of await readdir(join(from, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.endsWith('.map') || isTwice(entry.name)) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(out, source.slice(from.length));
    await mkdir(dirname(target), { recursive: true });
    await link(source, target).catch(() => copyFile(source, target));
  }
}
const described = { name, version, license, author, repository, description, main, types };
await writeFile(join(out, 'package.json'), `${JSON.stringify(described, null, 2)}\n`);
await writeFile(
  join(out, 'NOTICE.txt'),
  `${name} ${version} (${license}), Copyright (c) Microsoft Corporation, ${repository.url}

The files in bin/ and dist/ are those of its package, unchanged. package.json is shortened: there is no install script.
`,
);
