// The four stages of Magic Pyramid against the same in PyTorch (stages.py), on the same rows: seconds of training by
// stage, and what the main classifier makes of the test rows after it. Usage, after `npm run build`:
//   node bench/train/stages.mjs --model DIR --data-dir DIR --task mrpc [--python PYTHON] [--limit ROWS] [--test ROWS] [--epochs 3,1,2,20]
//     [--delta 0.04] [--lambda 0.05] [--threads 2]
// PYTHON needs torch and transformers; without it only our own figures are measured. `--epochs 4,0,0,0` is plain BERT.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { subsample } from '../../dist/text/index.js';
import { trainingDevice } from '../../dist/train/device.js';
import { resolveTrainOptions } from '../../dist/train/options/resolve.js';
import { runMethod } from '../../dist/train/stages/run-method.js';
import { stageSettings } from '../../dist/train/stages/stage-settings.js';
import { encodeSet } from '../../dist/train/start/encoded-rows.js';
import { readRows } from '../../dist/train/start/rows.js';
import { startingModel } from '../../dist/train/start/starting-model.js';
import { Tracer } from '../../dist/train/trace/tracer.js';

const { values: args } = parseArgs({
  options: {
    model: { type: 'string' },
    'data-dir': { type: 'string' },
    task: { type: 'string', default: 'ag_news' },
    python: { type: 'string' },
    limit: { type: 'string' },
    test: { type: 'string' },
    epochs: { type: 'string', default: '3,1,2,20' },
    delta: { type: 'string', default: '0.04' },
    lambda: { type: 'string', default: '0.05' },
    threads: { type: 'string', default: '2' },
  },
});
const [regular, soft, hard, heads] = args.epochs.split(',').map(Number);
const epochs = { regular, soft, hard, heads };
const threads = Number(args.threads);
const [delta, lambda] = [Number(args.delta), Number(args.lambda)];
const options = resolveTrainOptions({
  ...{ model: args.model, task: args.task, dataDir: args['data-dir'], out: join(tmpdir(), 'unused') },
  ...{ method: 'mp', exitHead: 'cls', exitTraining: 'frozen', headLearningRate: 3e-4, temperature: 1e-3 },
  ...{ epochs, delta, lambda, threads, limit: args.limit ? Number(args.limit) : undefined },
});
const rows = await readRows(options);
const start = await startingModel(options, rows, false, () => {});
const judged = args.test ? subsample(rows.test, Number(args.test), { seed: 0 }) : rows.test;
const [train, test] = [rows.train, judged].map((set) => encodeSet(start.tokenizer, set, options.maxLength));
const labels = rows.train.labels.length;
const wire = ({ encodings, labels: targets }) =>
  encodings.map(({ ids, types }, i) => ({ ids: [...ids], types: [...types], label: targets[i] }));

const settings = stageSettings(options, rows.train, trainingDevice());

async function* own() {
  let begin = 0;
  let name = '';
  const found = [];
  await runMethod({
    ...{ name: 'mp', options, start: start.state, pairs: rows.train.pairs, train, validation: null },
    settings,
    onEvent(event) {
      if (event.kind !== 'stage') return;
      name = event.stage;
      begin = performance.now();
    },
    // told of the network after each stage
    shared: {
      get: () => undefined,
      async set(_path, { state }) {
        const seconds = (performance.now() - begin) / 1000;
        found.push({ stage: name, seconds, ...(epochs[name] > 0 && name !== 'heads' ? await judge(state, name) : {}) });
      },
    },
  });
  yield* found.filter(({ stage }) => epochs[stage] > 0);
}

async function judge(state, stage) {
  const tracer = await Tracer.create(state, stage === 'regular' ? 'none' : 'hard', settings.compile);
  const guesses = (await tracer.trace(test)).map(({ logits }) => logits.at(-1).indexOf(Math.max(...logits.at(-1))));
  await tracer.close();
  const count = (holds) => guesses.filter((guess, i) => holds(guess, test.labels[i])).length;
  const both = count((guess, label) => guess === 1 && label === 1);
  const either = count((guess) => guess === 1) + count((_, label) => label === 1);
  return { accuracy: count((a, b) => a === b) / guesses.length, f1: labels === 2 ? (2 * both) / either : null };
}

async function* peer() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-stages-'));
  const file = join(folder, 'rows.json');
  writeFileSync(file, JSON.stringify({ labels, train: wire(train), test: wire(test) }));
  const script = join(import.meta.dirname, 'stages.py');
  const child = spawn(args.python, [script, args.model, file, JSON.stringify({ threads, epochs, delta, lambda })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) if (line.startsWith('{')) yield JSON.parse(line);
  const [code] = await ended;
  if (code !== 0) throw new Error(`stages.py ended with ${code}`);
  rmSync(folder, { recursive: true });
}

console.log(`${cpus()[0].model}, ${threads} threads`);
console.log(`${args.task}: ${train.lengths.length} rows to train on, ${test.lengths.length} to judge on`);
const totals = {};
for (const [system, run] of Object.entries(args.python ? { own, peer } : { own })) {
  for await (const { stage, seconds, accuracy, f1 } of run()) {
    totals[system] = (totals[system] ?? 0) + seconds;
    const percent = (value) => `${(100 * value).toFixed(1)} %`;
    const judged =
      accuracy === undefined ? '' : `, accuracy ${percent(accuracy)}${f1 === null ? '' : `, F1 ${percent(f1)}`}`;
    console.log(`${system}, ${stage}: ${seconds.toFixed(1)} s${judged}`);
  }
  console.log(`${system}, all stages: ${totals[system].toFixed(1)} s`);
}
if (totals.peer) console.log(`own / peer: ${(totals.own / totals.peer).toFixed(2)}`);
