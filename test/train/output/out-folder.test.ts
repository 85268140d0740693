/** Where a run may write: empty folders, volumes, what is refused, and runs that are stopped and gone on with. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runDemo } from '../../../src/cli/demo/run-demo.ts';
import { reproduce } from '../../../src/experiment/reproduce/reproduce.ts';
import { readModelFolder } from '../../../src/pyramid/folder/disk-model.ts';
import type { TrainOptions } from '../../../src/train/options/defaults.ts';
import { lockOut } from '../../../src/train/output/out-lock.ts';
import { train } from '../../../src/train/train.ts';
import { cpu } from '../../support/cpu.ts';
import { scratchDataset, tinyOptions, writeRows } from '../../support/scratch-data.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const rows = writeRows(root, 'rows.csv', scratchDataset({ rows: 60 }));

let made = 0;
const newOut = () => join(root, `out-${made++}`);
const options = (out: string, given: Partial<TrainOptions> = {}) =>
  tinyOptions({ train: rows, out, method: 'bert', layers: 1, ...given });
const quiet = () => {};
const weights = async (dir: string) => [...(await readModelFolder(dir)).parameters].map(([, { data }]) => data);

/** Stops the run at a step of its own count, as an error of its own would. */
async function broken(given: TrainOptions, at: number): Promise<void> {
  let steps = 0;
  const stop = new Error('stop here');
  const onEvent = (event: { kind: string }) => {
    if (event.kind === 'step' && ++steps === at) throw stop;
  };
  await expect(train(given, onEvent)).rejects.toBe(stop);
}

describe('an output folder', () => {
  it('may exist if it is empty: the run and its checkpoint are written into it, and it can be resumed', async () => {
    const out = newOut();
    mkdirSync(out);
    const { ino } = statSync(out);
    const given = options(out, { checkpointEvery: 2 });
    await broken(given, 4);
    expect(readdirSync(out)).toEqual(['checkpoint.safetensors']);
    await expect(train(given, quiet)).rejects.toMatchObject({
      message: `${out} already holds a run; add --resume to continue it, or give another --out`,
    });
    await train({ ...given, resume: true }, quiet);
    expect(readdirSync(out)).toContain('config.json');
    expect(readdirSync(out).filter((name) => name.startsWith('.') || name.startsWith('checkpoint'))).toEqual([]);
    expect(statSync(out).ino).toBe(ino);
    expect(readdirSync(root).filter((name) => name.startsWith('.out'))).toEqual([]);
    const plain = newOut();
    await train(options(plain, { checkpointEvery: 2 }), quiet);
    expect(await weights(out)).toEqual(await weights(plain));
  });

  it('may be a mounted volume', async (context) => {
    const out = newOut();
    mkdirSync(out);
    if (spawnSync('mount', ['-t', 'tmpfs', 'none', out]).status !== 0) return context.skip('may not mount');
    try {
      const given = options(out, { checkpointEvery: 2 });
      await broken(given, 4);
      expect(readdirSync(out)).toEqual(['checkpoint.safetensors']);
      await train({ ...given, resume: true }, quiet);
      expect((await readModelFolder(out)).config.layers).toBe(1);
    } finally {
      spawnSync('umount', [out]);
    }
  });

  it('may be empty or missing with --resume too: a job that always says so begins', async () => {
    const out = newOut();
    mkdirSync(out);
    await train(options(out, { resume: true }), quiet);
    expect(existsSync(join(out, 'config.json'))).toBe(true);
    await expect(train(options(out, { resume: true }), quiet)).rejects.toMatchObject({ code: 'MP_USAGE' });
  });

  it('is refused before any row is read where it holds other files, is a file or cannot be made', async () => {
    const out = newOut();
    mkdirSync(out);
    writeFileSync(join(out, 'notes.txt'), 'mine');
    const absent = { train: join(root, 'no-such-rows.csv') };
    const refused = (path: string) => expect(train(options(path, absent), quiet)).rejects;
    await refused(out).toMatchObject({ code: 'MP_OUT_EXISTS', details: { found: 'is not empty' } });
    await refused(join(out, 'notes.txt')).toMatchObject({ code: 'MP_OUT_EXISTS', details: { found: 'is a file' } });
    await refused(join(out, 'notes.txt', 'x')).toMatchObject({ code: 'MP_WRITE' });
    if (process.platform === 'linux') {
      await refused('/dev/null').toMatchObject({ code: 'MP_OUT_EXISTS', details: { found: 'is not a folder' } });
      await refused('/proc/nothing/here').toMatchObject({ code: 'MP_WRITE' });
      const pipe = newOut();
      spawnSync('mkfifo', [pipe]);
      await refused(pipe).toMatchObject({ code: 'MP_OUT_EXISTS', details: { found: 'is not a folder' } });
    }
    expect(readdirSync(out)).toEqual(['notes.txt']);
  });

  it('is not shared: train, reproduce and demo are refused while a run writes there', async () => {
    const out = newOut();
    const release = await lockOut(out, quiet);
    const busy = { code: 'MP_OUT_BUSY' };
    await expect(train(options(out), quiet)).rejects.toMatchObject(busy);
    await expect(runDemo({ out, seed: 0 }, cpu, quiet)).rejects.toMatchObject(busy);
    const experiment = {
      tasks: [],
      methods: [],
      limit: null,
      testLimit: null,
      seeds: 1,
      seed: 0,
      maxDrop: 0,
      by: 'actual',
      confidence: 0.95,
      distilbertModel: null,
      resume: false,
      training: {},
    } as const;
    await expect(reproduce({ ...experiment, out }, quiet)).rejects.toMatchObject(busy);
    await release();
  });
});

describe('a run that is asked to stop', () => {
  // one stage each that ends early, between two checkpoints, and without any that was due
  it.each([
    ['regular', 3, 0],
    ['regular', 3, 2],
    ['soft', 14, 4],
    ['heads', 27, 4],
  ])(
    'in the stage %s (step %i, a checkpoint every %i) ends with the weights of one that was not',
    async (stage, at, every) => {
      const given = (out: string) =>
        options(out, {
          method: 'mp',
          layers: 2,
          checkpointEvery: every,
          epochs: { regular: 1, soft: 1, hard: 1, heads: 1 },
        });
      const whole = newOut();
      let seen = '';
      let steps = 0;
      await train(given(whole), (event) => {
        if (event.kind === 'step' && ++steps === at) seen = event.stage;
      });
      const out = newOut();
      const stop = new AbortController();
      steps = 0;
      const onEvent = (event: { kind: string }) => {
        if (event.kind === 'step' && ++steps === at) stop.abort();
      };
      const checkpoint = `${out}.checkpoint.safetensors`;
      await expect(train(given(out), onEvent, stop.signal)).rejects.toMatchObject({
        code: 'MP_TRAIN_STOPPED',
        details: { stage: seen, checkpoint },
      });
      expect(seen).toBe(stage);
      expect(steps).toBe(at);
      await train({ ...given(out), resume: true }, quiet);
      const [a, b] = [await readModelFolder(out), await readModelFolder(whole)];
      expect(a.parameters).toEqual(b.parameters);
      expect(a.heads).toEqual(b.heads);
      expect(a.thresholds).toEqual(b.thresholds);
    },
  );

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'by %s says so in one sentence, with exit code %i, and is finished with --resume',
    async (signal, code) => {
      const out = newOut();
      const args =
        `dist/cli/main.js train --train ${rows} --out ${out} --method bert --layers 1 --hidden-size 16 --max-length 24 --epochs 400 --batch-size 8 --threads 1`.split(
          ' ',
        );
      const start = (...more: string[]): ChildProcess =>
        spawn(process.execPath, [...args, ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
      const child = start();
      let errors = '';
      const ended = new Promise<number | null>((done) => child.once('close', done));
      await new Promise<void>((done) => {
        child.stderr!.on('data', (chunk) => {
          errors += chunk;
          if (errors.includes('epoch 3 done')) done();
        });
        child.once('close', () => done());
      });
      child.kill(signal);
      expect(await ended).toBe(code);
      const sentences = errors.split('\n').filter((line) => line.startsWith('error: '));
      expect(sentences).toEqual([
        expect.stringMatching(
          /^error: the run was stopped at step \d+ of the regular stage; its checkpoint is .*--resume/,
        ),
      ]);
      expect(existsSync(`${out}.checkpoint.safetensors`)).toBe(true);
      expect(readdirSync(root).filter((name) => name.endsWith('.lock') || name.endsWith('.writing'))).toEqual([]);
      expect(readFileSync(`${out}.checkpoint.safetensors`).length).toBeGreaterThan(1000);
    },
  );
});
