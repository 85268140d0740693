/**
 * The engine on the clock, tokenising included, and with --peers what it is measured against, on the same weights and
 * texts, in the same run, one after the other in rounds: machines are shared and their speed drifts, so read the
 * ratios. Run from the project's root after `npm run build`:
 *
 *   node bench/engine/run.mjs --model DIR --texts ag_news/test.csv [--tau 0.3] [--count 500] [--rounds 3] [--int8] [--peers] [--json FILE]
 *
 * --peers needs `npm install --prefix bench/engine`; PyTorch joins in where `python3` has torch and transformers.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import * as ort from 'onnxruntime-node';
import { Pyramid } from '../../dist/index.js';
import { denseFlops } from '../../dist/pyramid/flops.js';
import { loadTokenizer } from '../../dist/text/load-tokenizer.js';
import { writeDenseModel } from './dense-model.mjs';

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    texts: { type: 'string' },
    tau: { type: 'string' },
    count: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '3' },
    singles: { type: 'string', default: '60' },
    int8: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const count = Number(options.count);
const singles = Number(options.singles);
const texts = parse(readFileSync(options.texts), { to: count }).map((row) => row.slice(1).join(' '));
const labels = parse(readFileSync(options.texts), { to: count }).map((row) => Number(row[0]) - 1);
const folder = mkdtempSync(join(tmpdir(), 'bench-engine-'));
const dense = join(folder, 'dense');
await writeDenseModel(options.model, dense);

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const percentile = (numbers, share) =>
  [...numbers].sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(share * numbers.length))];
const least = (numbers) => Math.min(...numbers);

/** Each: all texts at once, one text, and what to say besides. */
const systems = [];

const pyramid = await Pyramid.load(options.model, { dtype: 'fp32' });
const tau = options.tau === undefined ? pyramid.info.tau : Number(options.tau);
systems.push(engine(`magic-pyramid, tau ${tau}`, pyramid, tau));
systems.push(engine('magic-pyramid, exits off', pyramid, null));
const whole = await Pyramid.load(dense, { dtype: 'fp32' });
systems.push(engine('magic-pyramid, dense', whole, null));
if (options.int8) {
  const quick = await Pyramid.load(options.model, { dtype: 'int8' });
  systems.push(engine(`magic-pyramid, int8, tau ${tau}`, quick, tau));
  systems.push(engine('magic-pyramid, int8, dense', await Pyramid.load(dense, { dtype: 'int8' }), null));
}

function engine(name, model, at) {
  let answers = [];
  return {
    name,
    batch: async () => {
      answers = await model.classify(texts, { tau: at });
      return answers.map(({ label }) => model.labels.indexOf(label));
    },
    one: (text) => model.classify(text, { tau: at }),
    figures: () => ({
      dtype: model.dtype,
      gflops: answers.reduce((sum, { flops }) => sum + flops, 0) / answers.length / 1e9,
    }),
    close: () => model.close(),
  };
}

if (options.peers) {
  systems.push(await onnxRuntime());
  const transformers = await transformersJs();
  if (transformers) systems.push(transformers);
}

/** Padded batches of 32, sorted by length, one session on all cores; tokens from the pure JavaScript tokenizer. */
async function onnxRuntime() {
  const session = await ort.InferenceSession.create(join(dense, 'onnx', 'model.onnx'), {
    intraOpNumThreads: availableParallelism(),
  });
  const { Tokenizer } = await import('@huggingface/tokenizers');
  const read = (name) => JSON.parse(readFileSync(join(dense, name), 'utf8'));
  const tokenizer = new Tokenizer(read('tokenizer.json'), read('tokenizer_config.json'));
  const encode = (text) => {
    const { ids } = tokenizer.encode(text);
    return ids.length > whole.info.maxLength ? [...ids.slice(0, whole.info.maxLength - 1), ids.at(-1)] : ids;
  };
  const run = async (batch) => {
    const S = Math.max(...batch.map((ids) => ids.length));
    const tensor = (value) => {
      const data = new BigInt64Array(batch.length * S);
      batch.forEach((ids, b) => {
        for (let s = 0; s < S; s++) data[b * S + s] = BigInt(value(ids, s));
      });
      return new ort.Tensor('int64', data, [batch.length, S]);
    };
    const { logits } = await session.run({
      input_ids: tensor((ids, s) => ids[s] ?? 0),
      attention_mask: tensor((ids, s) => Number(s < ids.length)),
      token_type_ids: tensor(() => 0),
    });
    const C = logits.dims[1];
    return batch.map((_, b) => {
      const row = Array.from(logits.data.subarray(b * C, (b + 1) * C));
      return row.indexOf(Math.max(...row));
    });
  };
  return {
    name: 'ONNX Runtime, dense, sorted',
    batch: async () => {
      const encoded = texts.map((text, i) => ({ ids: encode(text), i })).sort((a, b) => a.ids.length - b.ids.length);
      const found = [];
      for (let at = 0; at < encoded.length; at += 32) {
        const part = encoded.slice(at, at + 32);
        (await run(part.map(({ ids }) => ids))).forEach((label, k) => {
          found[part[k].i] = label;
        });
      }
      return found;
    },
    one: (text) => run([encode(text)]),
    figures: () => ({}),
    close: () => session.release(),
  };
}

/** As its users call it: a pipeline, batches of 32 in the order of the texts. */
async function transformersJs() {
  const require = createRequire(new URL('./package.json', import.meta.url));
  let path;
  try {
    path = require.resolve('@huggingface/transformers');
  } catch {
    console.error('transformers.js is left out: npm install --prefix bench/engine');
    return null;
  }
  const { pipeline, env } = await import(path);
  env.allowRemoteModels = false;
  env.localModelPath = `${dirname(dense)}/`;
  const classify = await pipeline('text-classification', basename(dense), { dtype: 'fp32', device: 'cpu' });
  return {
    name: 'transformers.js, dense',
    batch: async () => {
      const found = [];
      for (let at = 0; at < texts.length; at += 32) {
        for (const { label } of await classify(texts.slice(at, at + 32))) found.push(whole.labels.indexOf(label));
      }
      return found;
    },
    one: (text) => classify(text),
    figures: () => ({}),
    close: () => classify.dispose(),
  };
}

const results = systems.map(({ name }) => ({ name, seconds: [], latency: [], accuracy: 0 }));
for (const system of systems) await system.one(texts[0]);
for (let round = 0; round < Number(options.rounds); round++) {
  for (const [i, system] of systems.entries()) {
    const start = performance.now();
    const found = await system.batch();
    results[i].seconds.push((performance.now() - start) / 1000);
    results[i].accuracy = found.filter((label, t) => label === labels[t]).length / found.length;
    for (let t = 0; t < singles; t++) {
      const begin = performance.now();
      await system.one(texts[(round * singles + t) % texts.length]);
      results[i].latency.push(performance.now() - begin);
    }
  }
}
const rows = results.map(({ name, seconds, latency, accuracy }, i) => ({
  system: name,
  textsPerSecond: texts.length / least(seconds),
  p50Ms: median(latency),
  p99Ms: percentile(latency, 0.99),
  accuracy,
  ...systems[i].figures(),
}));
for (const system of systems) await system.close();

if (options.peers && spawnSync('python3', ['-c', 'import torch, transformers']).status === 0) {
  const input = JSON.stringify({ model: dense, texts, singles, maxLength: whole.info.maxLength });
  const peer = spawnSync('python3', [join(import.meta.dirname, 'peer.py')], { input, encoding: 'utf8' });
  if (peer.status !== 0) console.error(peer.stderr);
  else rows.push(JSON.parse(peer.stdout));
} else if (options.peers) console.error('PyTorch is left out: python3 has no torch and transformers');
rmSync(folder, { recursive: true });

const machine = `${cpus().length} x ${cpus()[0].model}, Node ${process.version}, onnxruntime-node ${version('onnxruntime-node')}`;
const tokens = await loadTokenizer(options.model);
const gflopsDense =
  texts.reduce(
    (sum, text) => sum + denseFlops(pyramid.shape, tokens.encode(text, undefined, pyramid.info.maxLength).ids.length),
    0,
  ) /
  texts.length /
  1e9;
console.log(
  `${machine}\n${texts.length} texts of ${basename(options.texts)}; dense: ${gflopsDense.toFixed(3)} GFLOPs a text\n`,
);
const base = rows[0];
console.log('system                            texts/s   ours x     p50 ms   ours x     p99 ms   accuracy   GFLOPs');
for (const row of rows) {
  console.log(
    row.system.padEnd(32),
    row.textsPerSecond.toFixed(0).padStart(8),
    (base.textsPerSecond / row.textsPerSecond).toFixed(2).padStart(8),
    row.p50Ms.toFixed(2).padStart(10),
    (row.p50Ms / base.p50Ms).toFixed(2).padStart(8),
    row.p99Ms.toFixed(2).padStart(10),
    (row.accuracy?.toFixed(4) ?? '').padStart(10),
    (row.gflops?.toFixed(3) ?? '').padStart(8),
  );
}
if (options.json) writeFileSync(options.json, `${JSON.stringify({ machine, gflopsDense, tau, rows }, null, 2)}\n`);

function version(name) {
  const path = join('node_modules', name, 'package.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).version : '?';
}
