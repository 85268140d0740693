import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const main = 'dist/cli/main.js';
const call = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });

describe('the executable', () => {
  test('is made for Node, and prints its version', () => {
    expect(readFileSync(main, 'utf8').split('\n')[0]).toBe('#!/usr/bin/env node');
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(call('--version')).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  test.each([
    [0, ['train', '--help']],
    [2, ['train', '--no-such-flag']],
    [2, []],
  ])('ends with %i for %j', (status, args) => expect(call(...args).status).toBe(status));

  test('ends quietly when the reader of its output has gone', () => {
    // the shell's exit code is that of the executable, not that of the reader
    const script = `set -o pipefail; "${process.execPath}" ${main} train --help | true`;
    expect(spawnSync('bash', ['-c', script], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });
});
