/** The package as users get it: packed, and installed with npm's own settings, not those of this repository. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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

/** Packs what `npm run build` has made. */
export function packPackage(root: string): Packed {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', root], '.'));
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
