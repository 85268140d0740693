// Training steps a second against PyTorch, on the same batches of real texts, taking turns so that a machine whose speed
// drifts is the same for both. Usage, after `npm run build`:
//   node bench/train/bench.mjs --model DIR --data-dir DIR [--python PYTHON] [--rounds 6] [--steps 10] [--threads 2]
// PYTHON needs torch and transformers; without it only our own figure is measured.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { loadTokenizer, readTask, subsample, trainingBatches } from '../../dist/text/index.js';

const { values: args } = parseArgs({
  options: {
    model: { type: 'string' },
    'data-dir': { type: 'string' },
    python: { type: 'string' },
    rounds: { type: 'string', default: '6' },
    steps: { type: 'string', default: '10' },
    threads: { type: 'string', default: '2' },
  },
});
const BATCH_SIZE = 32;
const MAX_LENGTH = 128;
const rounds = Number(args.rounds);
const steps = Number(args.steps);

const rows = subsample(await readTask('ag_news', args['data-dir'], 'train'), (rounds + 1) * steps * BATCH_SIZE, {
  seed: 0,
});
const tokenizer = await loadTokenizer(args.model);
const ids = rows.examples.map(({ text }) => Array.from(tokenizer.encode(text, undefined, MAX_LENGTH).ids));
const batches = trainingBatches(
  Int32Array.from(ids, (text) => text.length),
  { batchSize: BATCH_SIZE, seed: 0 },
).map((indices) => indices.map((index) => ({ ids: ids[index], label: rows.examples[index].label })));
const file = join(tmpdir(), `magic-pyramid-bench-${process.pid}.json`);
writeFileSync(file, JSON.stringify(batches));

/** A system under test: a child process that runs `n` steps when told to and answers with seconds and tokens. */
class System {
  constructor(name, command, childArgs) {
    this.name = name;
    this.child = spawn(command, childArgs, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    this.speeds = [];
  }
  async run(from, count) {
    this.child.stdin.write(`${from} ${count}\n`);
    for (;;) {
      const { value, done } = await this.lines.next();
      if (done) throw new Error(`${this.name} ended`);
      if (value.startsWith('{')) return JSON.parse(value);
    }
  }
}

const own = new System('magic-pyramid', process.execPath, [
  new URL('own.mjs', import.meta.url).pathname,
  args.model,
  file,
  args.threads,
]);
const systems = [own];
if (args.python)
  systems.push(
    new System('PyTorch', args.python, [new URL('peer.py', import.meta.url).pathname, args.model, file, args.threads]),
  );
for (const system of systems) await system.run(0, steps);
for (let round = 1; round <= rounds; round++) {
  for (const system of systems) {
    const { seconds, tokens, residentMiB, loss } = await system.run(round * steps, steps);
    system.speeds.push(tokens / seconds);
    system.residentMiB = residentMiB;
    console.log(
      `${system.name}: ${(tokens / seconds).toFixed(0)} tokens a second, ${((1000 * seconds) / steps).toFixed(0)} ms a step, ${residentMiB} MiB, loss ${loss.toFixed(4)}`,
    );
  }
}
const median = (numbers) => numbers.slice().sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
console.log(
  `\n${cpus()[0].model}, ${args.threads} threads; medians of ${rounds} rounds of ${steps} steps, batch ${BATCH_SIZE}, at most ${MAX_LENGTH} tokens`,
);
for (const { name, speeds, residentMiB } of systems)
  console.log(`${name}: ${median(speeds).toFixed(0)} tokens a second, ${residentMiB} MiB resident`);
if (systems.length > 1)
  console.log(
    `ratio, median of the rounds' own: ${median(own.speeds.map((speed, i) => speed / systems[1].speeds[i])).toFixed(2)}`,
  );
for (const { child } of systems) child.kill();
