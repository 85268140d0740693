/**
 * The Python environment with the clients, the fuzzer and the checkers of test/serve/clients/requirements.txt, which
 * MAGIC_PYRAMID_CLIENTS names. Without it the tests that need it are skipped, and their titles say so.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.MAGIC_PYRAMID_CLIENTS ?? '';
export const hasClients = folder !== '' && existsSync(join(folder, 'bin', 'python'));
/** For the title of a test. */
export const needsClients = hasClients ? '' : ' (skipped: MAGIC_PYRAMID_CLIENTS names no Python environment)';

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program of the environment; `output` is what it printed on both streams. */
export async function runClient(program: string, args: readonly string[], input = ''): Promise<Ran> {
  const child = spawn(join(folder, 'bin', program), args, {
    env: { ...process.env, NO_PROXY: '127.0.0.1' },
    stdio: 'pipe',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += bytes));
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { code, output };
}

/** What a script of test/serve/clients prints as JSON in its last line. */
export async function askClient<T>(script: string, args: readonly string[], input: unknown): Promise<T> {
  const { code, output } = await runClient(
    'python',
    [join('test/serve/clients', script), ...args],
    JSON.stringify(input),
  );
  if (code !== 0) throw new Error(`${script} ended with ${code}:\n${output}`);
  return JSON.parse(output.trimEnd().split('\n').at(-1)!);
}
