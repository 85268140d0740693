// Our model folders on the same rows, one worker of one thread. Usage, after `npm run build`:
//   node bench/alternatives/own.mjs --rows DIR --model DIR [--model DIR …] [--tau own|off|X] [--rounds 3]
// A JSON object a line, as alternatives.py prints; of texts a second the best of the rounds, models by turns.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Pyramid } from '../../dist/index.js';

const { values: args } = parseArgs({
  options: {
    rows: { type: 'string' },
    model: { type: 'string', multiple: true },
    tau: { type: 'string', default: 'own' },
    rounds: { type: 'string', default: '3' },
  },
});
const rows = readFileSync(join(args.rows, 'test.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));
const texts = rows.map(({ text, pair }) => (pair === undefined ? text : { text, pair }));
const options = args.tau === 'own' ? {} : { tau: args.tau === 'off' ? null : Number(args.tau) };
const systems = await Promise.all(
  args.model.map(async (dir) => ({
    dir,
    pyramid: await Pyramid.load(dir, { workers: 1, threads: 1 }),
    best: Infinity,
  })),
);
for (let round = 0; round < Number(args.rounds); round++) {
  for (const system of systems) {
    const begin = performance.now();
    system.answers = await system.pyramid.classify(texts, options);
    system.best = Math.min(system.best, performance.now() - begin);
  }
}
for (const { dir, pyramid, best, answers } of systems) {
  const single = [];
  for (const text of texts.slice(0, 500)) {
    const begin = performance.now();
    await pyramid.classify(text, options);
    single.push(performance.now() - begin);
  }
  single.sort((a, b) => a - b);
  const right = answers.filter(({ label }, i) => pyramid.labels.indexOf(label) === rows[i].label).length;
  const report = {
    system: dir,
    tau: args.tau === 'own' ? pyramid.info.tau : args.tau,
    test: rows.length,
    accuracy: right / rows.length,
    atFloor: answers.filter(({ exit }) => exit === 0).length / rows.length,
    textsPerSecond: (1000 * rows.length) / best,
    p50Ms: single[250],
    meanMs: single.reduce((a, b) => a + b) / single.length,
    p99Ms: single[495],
    bytes: readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0),
  };
  console.log(JSON.stringify(report));
  await pyramid.close();
}
