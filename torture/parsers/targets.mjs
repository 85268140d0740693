// Every parser of the project, by a name: the good inputs it is tried with, and how one input is read. `read` gives what a
// program would use of it, or throws; what it may throw is in child.mjs.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configOf } from '../../dist/encoder/config.js';
import { readSafetensorsMetadata } from '../../dist/encoder/safetensors-file.js';
import { judge } from '../../dist/evaluate/judge.js';
import { readTrace } from '../../dist/evaluate/trace.js';
import { Floor } from '../../dist/pyramid/floor/index.js';
import { modelOf } from '../../dist/pyramid/folder/model-folder.js';
import { streamRows } from '../../dist/text/read-examples.js';
import { tokenizerOf } from '../../dist/text/tokenizer/tokenizer.js';
import { Checkpoints } from '../../dist/train/checkpoint/run-checkpoint.js';
import { dataFiles, MAIN, SMALL, smallModel } from '../good-inputs.mjs';

const TEXTS = ['word1 good2 word3', '', 'ünïcödé 漢字 🎉', 'x'.repeat(300)];

/** A folder in memory, in which one file is another. */
const folderWith = (files, name, bytes) => ({
  path: 'mutant',
  memory: 2 ** 32,
  has: async (one) => Object.hasOwn(files, one),
  open: async (one) => {
    if (!Object.hasOwn(files, one)) return null;
    const found = one === name ? bytes : files[one];
    return {
      size: found.length,
      read: async (from, to) => Uint8Array.from(found.subarray(from, to)),
      close: async () => {},
    };
  },
});

async function readRows(path) {
  let rows = 0;
  for await (const { text } of streamRows(path, { onProblem: () => {} })) {
    if (typeof text !== 'string') throw new Error('a row without a text');
    rows++;
  }
  return rows;
}

const without = (path, end) => path.slice(0, -end.length);

/** A file that is read from the disk. */
const onDisk = (name, seeds, read) => ({
  name,
  seeds,
  read: (bytes, dir) => {
    const path = join(dir, name);
    writeFileSync(path, bytes);
    return read(path);
  },
});

/** A file of a model folder, read with the others as they are. */
const inFolder = (name, files) => ({
  name,
  seeds: [files[name]],
  read: async (bytes) => {
    const folder = folderWith(files, name, bytes);
    await configOf(folder);
    const tokenizer = await tokenizerOf(folder);
    const model = await modelOf(folder);
    const floor = model.floor && new Floor(model.floor);
    return TEXTS.map((text) => {
      const encoding = tokenizer.encode(text, undefined, 32);
      return [...(floor?.logits(encoding) ?? [])];
    });
  },
});

export const NAMES = [
  'data.csv',
  'data.tsv',
  'data.txt',
  'data.jsonl',
  'data.json',
  'data.csv.gz',
  'data.parquet',
  'tokenizer.json',
  'config.json',
  'floor.safetensors',
  'model.safetensors',
  'trace.jsonl',
  'trace.jsonl.meta.json',
  'run.checkpoint.safetensors',
];

/** The good inputs, made in `dir`, which outlasts the children that read them. */
export async function prepare(dir, seed) {
  const { train } = smallModel(dir, seed);
  await stoppedRun(train, join(dir, 'run'));
}

/** The targets, over what `prepare` left in `dir`. */
export async function targets(dir, seed) {
  const data = Object.entries(dataFiles(seed)).map(([ending, seeds]) => onDisk(`data${ending}`, seeds, readRows));
  const model = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'floor.safetensors', 'model.safetensors'];
  const files = Object.fromEntries(model.map((name) => [name, readFileSync(join(dir, 'model', name))]));
  const trace = join(dir, 'trace.jsonl');
  const meta = readFileSync(`${trace}.meta.json`);
  const lines = readFileSync(trace, 'utf8').split('\n').slice(0, 20).join('\n');
  const judged = async (path) => judge(await readTrace(path), 0.3).accuracy;
  const checkpoint = join(dir, 'run.checkpoint.safetensors');
  const settings = JSON.parse((await readSafetensorsMetadata(checkpoint)).settings);
  return [
    ...data,
    ...['tokenizer.json', 'config.json', 'floor.safetensors', 'model.safetensors'].map((name) => inFolder(name, files)),
    {
      ...onDisk('trace.jsonl', [Buffer.from(lines)], judged),
      before: (own) => writeFileSync(join(own, 'trace.jsonl.meta.json'), meta),
    },
    {
      ...onDisk('trace.jsonl.meta.json', [meta], (path) => judged(without(path, '.meta.json'))),
      before: (own) => writeFileSync(join(own, 'trace.jsonl'), lines),
    },
    onDisk('run.checkpoint.safetensors', [readFileSync(checkpoint)], async (path) => {
      const saved = await new Checkpoints(without(path, '.checkpoint.safetensors'), settings).load();
      return saved?.tensors.size;
    }),
  ];
}

/** Trains until the first checkpoint is there, and is told to stop. */
async function stoppedRun(train, out) {
  const args = ['train', '--train', train, '--method', 'mp', '--out', out, ...SMALL, '--checkpoint-every', '1'];
  const child = spawn(process.execPath, [MAIN, ...args, '--epochs', '50'], { stdio: 'ignore' });
  const ended = new Promise((done) => child.on('exit', done));
  while (child.exitCode === null && !existsSync(`${out}.checkpoint.safetensors`))
    await new Promise((done) => setTimeout(done, 50));
  child.kill('SIGTERM');
  await ended;
}
