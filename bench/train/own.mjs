// Our side of bench.mjs: regular-stage training steps with dropout, clipping and AdamW.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { readConfig, readWeights } from '../../dist/encoder/index.js';
import { compileOn } from '../../dist/runtime/runtime.js';
import { packBatch } from '../../dist/train/batch.js';
import { trainingDevice } from '../../dist/train/device.js';
import { NO_HEADS } from '../../dist/train/state.js';
import { TrainingStep } from '../../dist/train/step/step.js';

const [model, file, threads] = process.argv.slice(2);
const batches = JSON.parse(readFileSync(file, 'utf8'));
const config = { ...(await readConfig(model)), labels: ['World', 'Sports', 'Business', 'Sci/Tech'] };
const { parameters } = await readWeights(model, config, { seed: 0 });
const step = await TrainingStep.create(
  { config, parameters, heads: new Map(), headSettings: NO_HEADS, thresholds: null },
  {
    objective: 'task',
    pruning: 'none',
    jointWeight: 0,
    temperature: 1,
    lambda: 0,
    weightDecay: 0.01,
    clip: 1,
    dropout: true,
    compile: compileOn(trainingDevice(), { threads: Number(threads) }),
  },
);
let at = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const [from, count] = line.split(' ').map(Number);
  let tokens = 0;
  let loss = 0;
  const started = performance.now();
  for (const texts of batches.slice(from, from + count)) {
    const encodings = texts.map(({ ids }) => ({ ids: Int32Array.from(ids), types: new Uint8Array(ids.length) }));
    const set = { encodings, lengths: Int32Array.from(encodings, ({ ids }) => ids.length) };
    const batch = packBatch(
      set,
      encodings.map((_, i) => i),
    );
    const targets = new Float32Array(texts.length * 4);
    texts.forEach(({ label }, i) => {
      targets[i * 4 + label] = 1;
    });
    at += 1;
    const tensors = {
      targets: { dtype: 'float32', dims: [texts.length, 4], data: targets },
      weights: { dtype: 'float32', dims: [texts.length], data: new Float32Array(texts.length).fill(1) },
    };
    ({ loss } = await step.run(batch, tensors, { weights: 5e-5, thresholds: 0 }, at, `bench ${at}`));
    tokens += batch.rows;
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(JSON.stringify({ seconds, tokens, loss, residentMiB: Math.round(process.memoryUsage().rss / 2 ** 20) }));
}
