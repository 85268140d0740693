/**
 * Memory while a long stream is answered: resident memory of the process, which holds all workers, sampled as it goes.
 * Run after `npm run build`:
 *
 *   node bench/engine/stream.mjs --model DIR --texts FILE [--column text] [--count 1000000] [--workers 2] [--dtype fp32] [--tau X] [--most 1024]
 *
 * Fails where memory exceeds `--most` MiB, or where the last quarter of the stream holds a fiftieth of it more than the
 * second.
 */
import { parseArgs } from 'node:util';
import { Pyramid } from '../../dist/index.js';
import { streamRows } from '../../dist/text/index.js';
import { growth, resident } from './memory.mjs';

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    texts: { type: 'string' },
    column: { type: 'string' },
    count: { type: 'string', default: '1000000' },
    workers: { type: 'string', default: '2' },
    dtype: { type: 'string', default: 'fp32' },
    tau: { type: 'string' },
    most: { type: 'string', default: '1024' },
  },
});
const count = Number(options.count);
const texts = [];
for await (const { text } of streamRows(options.texts, options.column ? { text: options.column } : {}))
  texts.push(text);

const start = performance.now();
const pyramid = await Pyramid.load(options.model, { workers: Number(options.workers), dtype: options.dtype });
const tau = options.tau === undefined ? pyramid.info.tau : Number(options.tau);
const show = (what) => {
  const { all, anonymous, file, shared } = resident();
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(
    `${what}: ${all.toFixed(0)} MiB resident (${anonymous.toFixed(0)} anonymous, ${file.toFixed(0)} of files, ${shared.toFixed(0)} shared), ${seconds} s`,
  );
  return all;
};
show('loaded');

// texts that differ, as a stream's do: the same ones over and over would fit into every cache
function* source() {
  for (let i = 0; i < count; i++) {
    const turn = Math.floor(i / texts.length);
    yield turn === 0 ? texts[i] : `${texts[i % texts.length]} ${turn} word${i}`;
  }
}

const samples = [];
const exits = [];
let done = 0;
for await (const { exit } of pyramid.stream(source(), { tau })) {
  exits[exit] = (exits[exit] ?? 0) + 1;
  if (++done % Math.ceil(count / 200) === 0) samples.push(resident().all);
  if (done % Math.ceil(count / 20) === 0) show(`${done} texts`);
}
const seconds = (performance.now() - start) / 1000;
const grown = growth(samples);
const most = resident().most;
await pyramid.close();
console.log(
  `${done} texts in ${seconds.toFixed(0)} s, ${(done / seconds).toFixed(0)} a second; exits ${exits
    .slice(1)
    .map((n) => n ?? 0)
    .join(
      ' ',
    )}; most resident ${most.toFixed(0)} MiB; last quarter against second ${grown >= 0 ? '+' : ''}${grown.toFixed(1)} MiB`,
);
process.exitCode = done === count && most <= Number(options.most) && grown < Number(options.most) / 50 ? 0 : 1;
