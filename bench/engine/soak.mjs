/**
 * Minutes of random load: requests of random sizes, taus, deadlines and aborts, and workers that end in mid-run. Every
 * text must be answered rightly, once, or be refused with a reason, and memory must not grow. Run after `npm run build`:
 *
 *   node bench/engine/soak.mjs --model DIR --texts FILE [--column text] [--minutes 10] [--workers 2] [--dtype fp32] [--clients 12] [--seed 1]
 */
import { parseArgs } from 'node:util';
import { Pyramid, PyramidError } from '../../dist/index.js';
import { randomStream } from '../../dist/random.js';
import { streamRows } from '../../dist/text/index.js';
import { growth, resident } from './memory.mjs';

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    texts: { type: 'string' },
    column: { type: 'string' },
    minutes: { type: 'string', default: '10' },
    workers: { type: 'string', default: '2' },
    dtype: { type: 'string', default: 'fp32' },
    clients: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
  },
});
const texts = [];
const columns = options.column ? { text: options.column } : {};
for await (const { text } of streamRows(options.texts, { ...columns, limit: 3000 })) texts.push(text);
const pyramid = await Pyramid.load(options.model, { workers: Number(options.workers), dtype: options.dtype });
const TAUS = [null, 0.1, 0.3, 0.5, 0.7];
/** What each text is answered at each tau, when nothing else happens. */
const expected = new Map();
for (const tau of TAUS) expected.set(tau, await pyramid.classify(texts, { tau }));

const begun = Date.now();
const end = begun + Number(options.minutes) * 60_000;
const random = randomStream(Number(options.seed), 'soak');
const counts = { requests: 0, texts: 0, answered: 0, aborted: 0, late: 0, lost: 0, crashes: 0, wrong: 0 };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sizes: half single texts, most others small, a few a thousand. */
const sizeOf = () =>
  random.next() < 0.5 ? 1 : 1 + random.integer(random.next() < 0.05 ? 1000 : random.next() < 0.3 ? 200 : 32);

async function all(stream) {
  const found = [];
  for await (const answer of stream) found.push(answer);
  return found;
}

async function client() {
  while (Date.now() < end) {
    const from = random.integer(texts.length);
    const part = texts.slice(from, from + sizeOf());
    const tau = TAUS[random.integer(TAUS.length)];
    const controller = new AbortController();
    const isAborted = random.next() < 0.15;
    const timer = isAborted ? setTimeout(() => controller.abort('enough'), random.integer(200)) : undefined;
    const deadlineMs = random.next() < 0.15 ? 1 + random.integer(400) : undefined;
    counts.requests++;
    counts.texts += part.length;
    try {
      const call = { tau, signal: controller.signal, deadlineMs };
      const answers = random.next() < 0.2 ? await all(pyramid.stream(part, call)) : await pyramid.classify(part, call);
      if (answers.length !== part.length) counts.wrong++;
      answers.forEach(({ label, exit }, i) => {
        const wanted = expected.get(tau)[from + i];
        // a sum in another order may move a text that stands on the edge, and no more than a handful do
        if (label !== wanted.label || exit !== wanted.exit) counts.wrong++;
      });
      counts.answered += answers.length;
    } catch (error) {
      if (error === 'enough') counts.aborted += part.length;
      else if (error instanceof PyramidError && error.code === 'MP_DEADLINE') counts.late += part.length;
      else if (error instanceof PyramidError && error.code === 'MP_WORKER_LOST') counts.lost += part.length;
      else throw error;
    } finally {
      clearTimeout(timer);
    }
    if (random.next() < 0.2) await pause(random.integer(50));
  }
}

async function crashes() {
  while (Date.now() < end) {
    await pause(10_000);
    pyramid.workers[random.integer(pyramid.workers.length)]?.postMessage(null); // no message of ours: the worker ends
    counts.crashes++;
  }
}

const samples = [];
const watch = setInterval(() => {
  samples.push(resident().all);
  if (samples.length % 30 === 0) {
    const { requests, answered } = counts;
    console.log(
      `${((Date.now() - begun) / 60_000).toFixed(1)} min: ${requests} requests, ${answered} texts answered, ${resident().all.toFixed(0)} MiB resident`,
    );
  }
}, 1000);
await Promise.all([...Array.from({ length: Number(options.clients) }, client), crashes()]);
clearInterval(watch);
const last = await pyramid.classify(texts, { tau: 0.3 });
const differing = last.filter(({ label }, i) => label !== expected.get(0.3)[i].label).length;
await pyramid.close();

const { texts: asked, answered, aborted, late, lost, wrong } = counts;
const grown = growth(samples);
console.log(JSON.stringify(counts));
console.log(
  `${asked} texts: ${answered} answered (${wrong} otherwise than alone), ${aborted} given up, ${late} too late, ${lost} lost with their workers, ${asked - answered - aborted - late - lost} unaccounted for; ${counts.crashes} workers ended`,
);
console.log(
  `resident: ${Math.min(...samples).toFixed(0)} to ${Math.max(...samples).toFixed(0)} MiB, last quarter against second ${grown >= 0 ? '+' : ''}${grown.toFixed(0)} MiB`,
);
const isWhole = asked === answered + aborted + late + lost && wrong <= answered / 1e4 && differing === 0;
process.exitCode = isWhole && grown < 50 ? 0 : 1;
