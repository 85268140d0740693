/** Runs of `jobs` as processes of their own, a small model for them, and what their folders hold. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';

const main = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

export interface Child {
  readonly process: ChildProcessWithoutNullStreams;
  stdout: string;
  stderr: string;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

export interface Rows {
  readonly path: string;
  /** Lines that answers and rejects must have. */
  readonly good: readonly number[];
  readonly bad: readonly number[];
}

/** `env`: what every process has, known when it starts. */
export function jobsRuns(root: string, env: () => Readonly<Record<string, string>>) {
  const children = new Set<Child>();
  const model = join(root, 'model');

  function start(args: readonly string[], more: Readonly<Record<string, string>> = {}): Child {
    const process_ = spawn(process.execPath, [main, ...args], { env: { ...process.env, ...env(), ...more } });
    const ended = once(process_, 'exit').then(([code, signal]) => {
      children.delete(child);
      return (code ?? signal) as number | string;
    });
    const child: Child = { process: process_, stdout: '', stderr: '', ended };
    process_.stdout.on('data', (data) => {
      child.stdout += data;
    });
    process_.stderr.on('data', (data) => {
      child.stderr += data;
    });
    children.add(child);
    return child;
  }

  async function run(...args: string[]): Promise<{ code: number | string; stdout: string; stderr: string }> {
    const child = start(args);
    const code = await child.ended;
    return { code, stdout: child.stdout, stderr: child.stderr };
  }

  return {
    model,
    start,
    run,
    worker: (out: string, ...flags: string[]) =>
      start(['jobs', 'work', out, '--workers', '1', '--takeover', '2', ...flags]),
    submit: (file: string, out: string, ...flags: string[]) =>
      run('jobs', 'submit', file, '--model', model, '--out', out, '--shard-bytes', '60000', ...flags),
    killAll: () => {
      for (const child of children) child.process.kill('SIGKILL');
    },
    /** A linear model of two labels at `model`. */
    async train(): Promise<void> {
      let rows = 'text,label\n';
      for (let i = 0; i < 200; i++) rows += i % 2 ? `you have won money ${i},spam\n` : `the meeting is at ${i},ham\n`;
      const path = join(root, 'train.csv');
      writeFileSync(path, rows);
      const { code, stderr } = await run('train', '--method', 'linear', '--train', path, '--out', model);
      expect([code, stderr]).toEqual([0, expect.any(String)]);
    },
    /** Rows of two lines each, every 100th without a text. */
    data(name: string, rows: number): Rows {
      const path = join(root, name);
      const found = mailRows(rows);
      writeFileSync(path, found.text);
      return { path, good: found.good, bad: found.bad };
    },
  };
}

export function mailRows(rows: number) {
  const good: number[] = [];
  const bad: number[] = [];
  let text = 'id,text\n';
  let line = 2;
  for (let i = 0; i < rows; i++) {
    if (i % 100 === 7) {
      text += `${i}\n`;
      bad.push(line++);
    } else {
      text += `${i},"${i % 2 ? 'you have won, money' : 'the meeting is at'} ${i}\n""soon"""\n`;
      good.push(line);
      line += 2;
    }
  }
  return { text, good, bad };
}

export async function until(what: string, found: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    if (await found()) return;
    await sleep(50);
  }
  throw new Error(`waited in vain: ${what}`);
}

export const shardFiles = (out: string) =>
  existsSync(join(out, 'shards')) ? readdirSync(join(out, 'shards')).sort() : [];
export const underWay = (out: string, pid?: number) =>
  shardFiles(out).some((name) => name.endsWith('.tmp') && (pid === undefined || name.includes(`-${pid}-`)));
export const done = (out: string) => shardFiles(out).filter((name) => name.endsWith('.done.json')).length;
export const shardsOf = (out: string): number =>
  (JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as { shards: unknown[] }).shards.length;
export const rowsIn = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const rowsOf = (out: string, kind: RegExp) =>
  shardFiles(out)
    .filter((name) => kind.test(name))
    .flatMap((name) => rowsIn(readFileSync(join(out, 'shards', name), 'utf8')));
export const answers = (out: string) => rowsOf(out, /\d\.jsonl$/);
export const rejects = (out: string) => rowsOf(out, /rejects\.jsonl$/);

export function expectWhole(out: string, { good, bad }: Rows): void {
  expect(answers(out).map(({ line }) => line)).toEqual(good);
  expect(rejects(out).map(({ line }) => line)).toEqual(bad);
  expect(shardFiles(out).filter((name) => name.endsWith('.tmp'))).toEqual([]);
}
