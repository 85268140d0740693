/** The package as users get it: packed, and installed with npm's own settings, not those of this repository. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Without what the npm that runs these tests has set, the settings of this repository among it. */
export const plainEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|MAGIC_PYRAMID_|VITEST|NODE_)/i.test(name)),
);

/** Runs a program, which may not ask: what it says. */
export const run = (program: string, words: readonly string[], cwd: string): string =>
  execFileSync(program, words, { cwd, env: plainEnv, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

export interface Packed {
  /** The tarball. */
  readonly file: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

const TSC = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'];

/** Packs what `npm run build` makes, in a place of its own: other tests run from dist, which has comments then. */
export function packPackage(root: string): Packed {
  const place = join(root, 'packing');
  for (const name of [
    'dist',
    'docs',
    'bench/engine/package.json',
    'bench/engine/peer.py',
    'package.json',
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
  ])
    cpSync(name, join(place, name), { recursive: true });
  run(process.execPath, [...TSC, '--removeComments', '--declaration', 'false', '--outDir', join(place, 'dist')], '.');
  run(process.execPath, [resolve('scripts/prune-types.mjs')], place);
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', resolve(root)];
  const [packed] = JSON.parse(run('npm', words, place));
  return { file: join(root, packed.filename), unpackedSize: packed.unpackedSize, files: packed.files };
}

/** An empty project with what `words` name installed. Throws with npm's own words where that fails. */
export function projectWith(folder: string, words: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const { status, stderr } = spawnSync('npm', ['install', '--no-audit', '--no-fund', ...words], {
    cwd: folder,
    env: plainEnv,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`npm install ${words.join(' ')}: ${stderr}`);
  return folder;
}
