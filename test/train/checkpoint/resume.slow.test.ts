/**
 * Runs killed with SIGKILL at random moments (seed 4), time and again, and gone on with: they end with the weights of
 * the run that was left alone, to the bit.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensorsMetadata } from '../../../src/encoder/index.ts';
import { readModelFolder } from '../../../src/pyramid/folder/disk-model.ts';
import { randomStream } from '../../../src/random.ts';
import type { Progress } from '../../../src/train/checkpoint/run-checkpoint.ts';
import { scratchDataset, writeRows } from '../../support/scratch-data.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const SEED = 4;
const folder = temporaryFolder();
const rows = writeRows(folder, 'rows.csv', scratchDataset({ rows: 96, longest: 18 }));
const pairs = writeRows(folder, 'pairs.csv', scratchDataset({ rows: 96, pairs: true }));

const sizes =
  '--model scratch --vocabulary-size 400 --hidden-size 32 --heads 2 --layers 3 --max-length 32 --batch-size 8 ' +
  '--head-batch-size 16 --learning-rate 2e-3 --delta 0.12 --checkpoint-every 2';

// a copy of what is built: whoever builds it anew while this runs is in nobody's way
cpSync('dist', join(folder, 'dist'), { recursive: true });
cpSync('package.json', join(folder, 'package.json'));
symlinkSync(resolve('node_modules'), join(folder, 'node_modules'), 'dir');

/** The command line's own process. Its lines on standard error are progress. */
function start(args: readonly string[], resume: boolean): ChildProcess {
  const command = [join(folder, 'dist/cli/main.js'), 'train', ...args, ...(resume ? ['--resume'] : [])];
  return spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; errors: string }> {
  let errors = '';
  child.stderr!.on('data', (chunk) => {
    errors += chunk;
  });
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, errors };
}

/** Changes with every file that is put there: each checkpoint is a new file. */
const identity = (path: string): bigint | undefined => statSync(path, { throwIfNoEntry: false, bigint: true })?.ino;

async function waitFor(condition: () => boolean, child: ChildProcess): Promise<void> {
  while (!condition() && child.exitCode === null) await new Promise((done) => setTimeout(done, 1));
}

const runs = {
  'mp with joint pooled heads': `--train ${rows} --method mp --exit-head pooled --exit-training joint --joint-from regular --joint-targets labels --epochs 2,1,2,2`,
  'mp with aligned heads that join in the soft stage': `--train ${pairs} --method mp --exit-training joint --joint-from soft --epochs 1,1,1,2`,
  'mp with frozen cls heads': `--train ${rows} --method mp --exit-head cls --exit-training frozen --epochs 1,2,1,3`,
  'fastbert with heads that read all tokens, on pairs': `--train ${pairs} --method fastbert --exit-head fastbert --exit-training frozen --epochs 2,0,0,2`,
} as const;

describe('a run that is killed and resumed', () => {
  it.each(Object.entries(runs))('ends with the weights of one that was not: %s', async (name, text) => {
    const random = randomStream(SEED, 'kill', name);
    const out = (which: string) => join(folder, `${name.replaceAll(' ', '-')}-${which}`);
    const args = (which: string) => [...`${text} ${sizes}`.split(' '), '--out', out(which)];
    expect(await ended(start(args('whole'), false))).toMatchObject({ code: 0 });

    const checkpoint = `${resolve(out('killed'))}.checkpoint.safetensors`;
    const writing = `${checkpoint}.writing`;
    const stages = new Set<number>();
    let kills = 0;
    let whileWriting = 0;
    let code: number | null = null;
    for (let sitting = 0; code !== 0; sitting++) {
      expect(sitting, 'it gets no further').toBeLessThan(40);
      const child = start(args('killed'), sitting > 0);
      const finished = ended(child);
      // some checkpoints into the work; then every other time within the write of another
      const checkpoints = 1 + random.integer(3);
      for (let n = 0; n < checkpoints; n++) {
        const before = identity(checkpoint);
        await waitFor(() => identity(checkpoint) !== before, child);
      }
      if (sitting % 2 === 0) await waitFor(() => existsSync(writing), child);
      else await new Promise((done) => setTimeout(done, random.integer(50)));
      child.kill('SIGKILL');
      const { code: exit, errors } = await finished;
      code = exit;
      if (code === 0) break;
      expect(code, errors).toBeNull();
      kills++;
      if (existsSync(writing)) whileWriting++;
      // whatever is there is whole
      if (existsSync(out('killed'))) {
        await readModelFolder(out('killed'));
        if (!existsSync(checkpoint)) break;
      }
      if (existsSync(checkpoint)) {
        const { position } = JSON.parse((await readSafetensorsMetadata(checkpoint)).progress) as Progress;
        stages.add(position.stage);
      }
    }
    const weights = (which: string) => readFileSync(join(out(which), 'model.safetensors'));
    expect(Buffer.compare(weights('killed'), weights('whole'))).toBe(0);
    const losses = (which: string) =>
      JSON.parse(readFileSync(join(out(which), 'training.json'), 'utf8')).epochs.map(
        ({ stage, epoch, loss }: { stage: string; epoch: number; loss: number }) => [stage, epoch, loss],
      );
    expect(losses('killed')).toEqual(losses('whole'));
    // it was killed where it hurts, and has cleaned up
    expect(kills).toBeGreaterThanOrEqual(4);
    expect(stages.size).toBeGreaterThanOrEqual(name.startsWith('mp') ? 3 : 2);
    expect(whileWriting).toBeGreaterThanOrEqual(1);
    expect(existsSync(checkpoint) || existsSync(writing)).toBe(false);
  });
});
