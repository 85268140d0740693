/** What the program says where its output cannot be written, as a process of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { randomModel, WORDS } from '../../support/random-model.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { cli } from '../fake.ts';

const root = temporaryFolder();
const linux = process.platform === 'linux';
let model: string;
let rows: string;
beforeAll(async () => {
  const made = await randomModel(root, 'model', { seed: 1, kind: 'cls', prunes: false, layers: 2 });
  model = made.dir;
  rows = join(root, 'rows.csv');
  const lines = WORDS.slice(0, 20).map((word, i) => `${word},${'abc'[i % 3]}`);
  writeFileSync(rows, `text,label\n${lines.join('\n')}\n`);
});

/** Runs the built program with standard output on a device. */
function onDevice(device: string, args: readonly string[]) {
  const out = openSync(device, 'w');
  try {
    const command = ['dist/cli/main.js', ...args];
    const { status, stderr } = spawnSync(process.execPath, command, {
      stdio: ['ignore', out, 'pipe'],
      encoding: 'utf8',
    });
    return { status, stderr };
  } finally {
    closeSync(out);
  }
}

describe.runIf(linux)('a full disk behind standard output', () => {
  test.each<[string, () => string[]]>([
    ['predict', () => ['predict', '--model', model, WORDS[0]]],
    ['evaluate --json', () => ['evaluate', '--model', model, '--test', rows, '--json']],
    ['tradeoff --csv', () => ['tradeoff', '--model', model, '--test', rows, '--csv']],
    ['--help', () => ['--help']],
    ['train --help', () => ['train', '--help']],
    ['--version', () => ['--version']],
  ])('is one line and exit code 1, of %s', (_, args) => {
    const { status, stderr } = onDevice('/dev/full', args());
    expect(stderr).toMatch(/^error: standard output: cannot write \(ENOSPC[^\n]*\); the output is incomplete[^\n]*\n$/);
    expect(status).toBe(1);
  });

  test('leaves the first error, and its exit code, where there is another', () => {
    const { status, stderr } = onDevice('/dev/full', ['predict', '--model', join(root, 'nowhere'), 'a']);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain('standard output');
    expect(status).not.toBe(0);
  });

  test('behind standard error ends nothing', () => {
    const full = openSync('/dev/full', 'w');
    const args = ['dist/cli/main.js', 'predict', '--nothing'];
    expect(spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', full] }).status).toBe(2);
    closeSync(full);
  });
});

describe('a reader that has gone', () => {
  test('is no error', async () => {
    const child = spawn(process.execPath, ['dist/cli/main.js', 'train', '--help'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const code = await new Promise((done) => child.once('close', done));
    expect([code, stderr]).toEqual([0, '']);
  });
});

describe('output that is lost late', () => {
  test('is awaited: an error of the last write counts', async () => {
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => {
        setTimeout(() => done(Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' })), 50);
      },
    });
    const { code, stderr } = await cli(['--version'], {}, { stdout });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: standard output: cannot write \(EIO/);
  });
});

describe.runIf(linux)('a file that a command is to write', () => {
  test.each<[string, string, RegExp]>([
    ['a device', '/dev/full', /^error: \/dev\/full: cannot write \(it is not a file/],
    ['a folder', root, /cannot write \(it is a folder\)/],
    ['a place where nothing can be made', '/proc/nothing/trace.jsonl', /cannot write \(ENOENT/],
  ])('is looked at before the work: a trace into %s', async (_, path, sentence) => {
    // no service may be called
    const { code, stderr } = await cli(['evaluate', '--model', 'm', '--test', 'rows.csv', '--trace', path]);
    expect(stderr).toMatch(sentence);
    expect(code).toBe(1);
    expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
  });

  test('of bench --json too', async () => {
    const { code, stderr } = await cli(['bench', '--model', 'm', '--test', 'rows.csv', '--json', root]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/cannot write \(it is a folder\)/)]);
  });
});
