/**
 * A reproduction killed with SIGKILL at random moments (seed 6), time and again, and gone on with: its result files and
 * its models are those of one that was left alone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/random.ts';
import { TINY, writeScratchTasks } from '../../support/scratch-tasks.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const SEED = 6;
const folder = temporaryFolder();
const dataDir = join(folder, 'data');
const methods = ['bert', 'distilbert', 'ltp', 'fastbert', 'mp', 'mp+'];
const tasks = ['ag_news', 'mrpc'];
const units = tasks.flatMap((task) => methods.map((method) => join(task, method.replace('+', '-plus'), 'seed-0')));

function start(out: string, resume: boolean): ChildProcess {
  const command = `dist/cli/main.js reproduce --tasks ${tasks} --methods ${methods} --data-dir ${dataDir} ${TINY} --checkpoint-every 3 --max-drop 0.1`;
  const args = [...command.split(' '), '--out', out, ...(resume ? ['--resume'] : [])];
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; errors: string }> {
  let errors = '';
  child.stderr!.on('data', (chunk) => {
    errors += chunk;
  });
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, errors };
}

/** A result file without what the clock said. */
const result = (out: string, unit: string) => {
  const { clock: _, ...rest } = JSON.parse(readFileSync(join(out, unit, 'result.json'), 'utf8'));
  return rest;
};
const weights = (out: string, unit: string) => readFileSync(join(out, unit, 'model', 'model.safetensors'));

/** What there is in the middle of a run: checkpoints, states of shared stages. */
const inside = (out: string) =>
  existsSync(out)
    ? (readdirSync(out, { recursive: true }) as string[]).filter((name) =>
        /checkpoint\.safetensors$|stages-seed/.test(name),
      )
    : [];

describe('a reproduction that is killed and resumed', () => {
  it('ends with the results and models of one that was not', async () => {
    writeScratchTasks(dataDir, { train: 60 });
    const random = randomStream(SEED, 'kill');
    const [whole, killed] = [resolve(folder, 'whole'), resolve(folder, 'killed')];
    const started = performance.now();
    expect(await ended(start(whole, false))).toMatchObject({ code: 0 });
    const seconds = (performance.now() - started) / 1000;

    let kills = 0;
    let midStage = 0;
    let code: number | null = null;
    for (let sitting = 0; code !== 0; sitting++) {
      expect(sitting, 'it gets no further').toBeLessThan(60);
      const child = start(killed, sitting > 0);
      const finished = ended(child);
      // time to look at what is there, then a sixth of the whole run at most
      const timer = setTimeout(() => child.kill('SIGKILL'), 1000 * (2 + (random.next() * seconds) / 6));
      const { code: exit, errors } = await finished;
      clearTimeout(timer);
      code = exit;
      if (code === 0) break;
      expect(code, errors).toBeNull();
      kills++;
      if (inside(killed).some((name) => name.endsWith('checkpoint.safetensors'))) midStage++;
      // whatever result is there is whole, and that of the other run
      for (const unit of units)
        if (existsSync(join(killed, unit, 'result.json'))) expect(result(killed, unit)).toEqual(result(whole, unit));
    }
    for (const unit of units) {
      expect(result(killed, unit), unit).toEqual(result(whole, unit));
      expect(Buffer.compare(weights(killed, unit), weights(whole, unit)), unit).toBe(0);
    }
    // it was killed where it hurts, and has cleaned up
    expect(kills).toBeGreaterThanOrEqual(4);
    expect(midStage).toBeGreaterThanOrEqual(2);
    expect(inside(killed)).toEqual([]);
  });
});
