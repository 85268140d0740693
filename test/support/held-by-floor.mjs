// A run of floor 0 alone, up to where its thread has the rows: prints what the process then holds of its rows, in bytes, garbage
// aside. Usage: node --expose-gc held-by-floor.mjs TRAIN VALIDATION MODEL OUT, of the built package.
import { setTimeout } from 'node:timers/promises';
import { train } from '../../dist/train/index.js';
import { resolveTrainOptions } from '../../dist/train/options/resolve.js';

const [trainFile, validation, model, out] = process.argv.slice(2);
const held = async () => {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await setTimeout(20); // arrays' memory is given back beside the thread
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

const before = await held();
const stop = new AbortController();
let after = null;
const onEvent = (event) => {
  if (event.kind === 'floor' && event.phase === 'features') after ??= held().finally(() => stop.abort());
};
const options = resolveTrainOptions({ method: 'linear', train: trainFile, validation, model, out });
await train(options, onEvent, stop.signal).catch((error) => {
  if (error.code !== 'MP_TRAIN_STOPPED') throw error;
});
console.log((await after) - before);
