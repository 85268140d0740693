// Floor 0 on a task's rows: its accuracy on the test rows, how long training takes, and texts a second on one thread with
// tokenising apart and included, taking turns with scikit-learn's TF-IDF and logistic regression on the same texts.
// Usage, after `npm run build`:
//   node bench/floor/floor.mjs --tokenizer DIR --data-dir DIR [--task ag_news] [--limit ROWS] [--python PYTHON] [--rounds 5]
//     [--settings '{"minRows":1}']
// DIR has a tokenizer.json. PYTHON needs scikit-learn; without it only our own figures are measured. A tenth of the rows
// is held back as `train` does it; its figures are what settings are chosen by. Where other programs share the machine,
// seconds of the processor say more than those of the clock: both are printed, and ratios are of turns that alternate.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Floor, floorFile, pieceKinds, secondOf } from '../../dist/pyramid/floor/index.js';
import { loadTokenizer, readTask, splitDataset, subsample } from '../../dist/text/index.js';
import { floorRows, trainFloor } from '../../dist/train/linear/index.js';

const { values: args } = parseArgs({
  options: {
    tokenizer: { type: 'string' },
    'data-dir': { type: 'string' },
    task: { type: 'string', default: 'ag_news' },
    limit: { type: 'string' },
    python: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    settings: { type: 'string', default: '{}' },
  },
});
const LONGEST = 1_000_000; // tokens: the floor reads whole texts
const seconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

let all = await readTask(args.task, args['data-dir'], 'train');
if (args.limit) all = subsample(all, Number(args.limit), { seed: 0 });
const { kept, heldOut } = splitDataset(all, 0.1, { seed: 0 });
const test = await readTask(args.task, args['data-dir'], 'test');
const tokenizer = await loadTokenizer(args.tokenizer);
const encode = ({ text, pair }) => tokenizer.encode(text, pair, LONGEST);
const encoded = kept.examples.map(encode);

const started = { wall: performance.now(), cpu: seconds() };
const { parts, chosen, strength, solver } = trainFloor({
  rows: floorRows(encoded, kept.pairs),
  targets: { labels: Int32Array.from(kept.examples, ({ label }) => label), scores: null },
  labels: kept.labels.length,
  kinds: pieceKinds(tokenizer),
  seed: 0,
  settings: JSON.parse(args.settings),
});
const training = {
  secondsWall: (performance.now() - started.wall) / 1000,
  secondsCpu: seconds() - started.cpu,
  peakMegabytes: process.resourceUsage().maxRSS / 1024,
};
const floor = new Floor(parts);
const z = new Float64Array(kept.labels.length);
const ask = ({ ids, types }) => floor.logits(ids, kept.pairs ? secondOf({ ids, types }) : ids.length, z);
const accuracy = ({ examples }) => {
  const right = examples.filter((example) => {
    const found = ask(encode(example)) ?? floor.bias;
    return found.indexOf(Math.max(...found)) === example.label;
  });
  return ((100 * right.length) / examples.length).toFixed(2);
};
console.log(
  JSON.stringify({
    ...{ task: args.task, rows: kept.examples.length, settings: args.settings, strength, solver },
    ...{ validation: accuracy(heldOut), test: accuracy(test), temperature: parts.info.temperature },
    megabytes: floorFile(parts).length / 1e6,
    ...training,
    tried: chosen?.tried,
  }),
);

const tokens = test.examples.map(encode);
const turn = (work) => {
  const before = seconds();
  work();
  return test.examples.length / (seconds() - before);
};
const own = {
  apart: () =>
    turn(() => {
      for (const one of tokens) ask(one);
    }),
  whole: () =>
    turn(() => {
      for (const example of test.examples) ask(encode(example));
    }),
};
for (let i = 0; i < 3; i++) own.whole(); // until it is compiled
const found = { apart: [], whole: [], peer: [] };
const peer = args.python ? await startPeer() : null;
for (let round = 0; round < Number(args.rounds); round++) {
  found.apart.push(own.apart());
  found.whole.push(own.whole());
  if (peer) found.peer.push(await peer.turn());
}
peer?.end();
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const ratios = found.peer.map((speed, i) => found.whole[i] / speed);
console.log(
  JSON.stringify({
    ...{ textsPerSecondCpu: { tokenised: median(found.apart), whole: median(found.whole) } },
    ...(peer && { scikitLearn: { accuracy: peer.accuracy, textsPerSecondCpu: median(found.peer) } }),
    ...(peer && { ratio: median(ratios), ratios }),
  }),
);

/** scikit-learn in a process of its own: trains once, then classifies the test texts whenever a line arrives. */
async function startPeer() {
  const file = join(tmpdir(), `magic-pyramid-floor-${process.pid}.json`);
  const texts = ({ examples }) => examples.map(({ text, pair, label }) => [pair ? `${text} ${pair}` : text, label]);
  writeFileSync(file, JSON.stringify({ train: texts(kept), test: texts(test) }));
  const child = spawn(args.python, [join(import.meta.dirname, 'peer.py'), file], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  const { accuracy } = await next();
  return {
    accuracy,
    async turn() {
      child.stdin.write('\n');
      return test.examples.length / (await next()).seconds;
    },
    end: () => child.kill(),
  };
}
