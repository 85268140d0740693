/**
 * The built library as it stands in a user's node_modules, with the packages that it needs linked beside it: so a test can
 * leave one out, or put a broken one in its place.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The folder of a project that has the library installed. `broken`: packages by name, and the program that each is. */
export function packageCopy(
  root: string,
  { without = [], broken = {} }: { without?: readonly string[]; broken?: Readonly<Record<string, string>> },
): string {
  const own = join(root, 'node_modules', 'magic-pyramid');
  mkdirSync(own, { recursive: true });
  const isShipped = (path: string) => !path.startsWith(resolve('dist/page'));
  cpSync(resolve('dist'), join(own, 'dist'), { recursive: true, filter: isShipped });
  cpSync('package.json', join(own, 'package.json'));
  writeFileSync(join(root, 'package.json'), '{ "private": true, "type": "module" }');
  const left = new Set([...without, ...Object.keys(broken), 'magic-pyramid']);
  for (const name of installed()) {
    if (left.has(name)) continue;
    const link = join(root, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(resolve('node_modules', name), link);
  }
  for (const [name, program] of Object.entries(broken)) {
    const folder = join(root, 'node_modules', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0', main: 'index.cjs' }));
    writeFileSync(join(folder, 'index.cjs'), program);
  }
  return root;
}

/** What the library needs, and what that needs: all that is in node_modules, whatever it is there for. */
function installed(): string[] {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object };
  const all = readdirSync('node_modules').filter((name) => !name.startsWith('.') && !name.startsWith('@'));
  const scoped = Object.keys(dependencies).filter((name) => name.startsWith('@'));
  return [...all, ...scoped].filter((name) => existsSync(join('node_modules', name, 'package.json')));
}

/** Runs a program of that project. */
export function runIn(root: string, program: string, env: Readonly<Record<string, string>> = {}, execPath = 'node') {
  const file = join(root, 'program.mjs');
  writeFileSync(file, program);
  const { status, stdout, stderr } = spawnSync(execPath === 'node' ? process.execPath : execPath, [file], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}
