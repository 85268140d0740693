// The rows that `magic-pyramid train` sees of a task, as JSON lines: train, validation and test, for other programs to learn
// from the same. Usage, after `npm run build`:
//   node bench/alternatives/rows.mjs --task ag_news --data-dir DIR --out DIR [--limit ROWS] [--seed 0]
// `rest.jsonl` has the other training rows, without their labels.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readTask, splitDataset, subsample } from '../../dist/text/index.js';

const { values: args } = parseArgs({
  options: {
    task: { type: 'string' },
    'data-dir': { type: 'string' },
    out: { type: 'string' },
    limit: { type: 'string' },
    seed: { type: 'string', default: '0' },
  },
});
const seed = Number(args.seed);
const all = await readTask(args.task, args['data-dir'], 'train');
const chosen = args.limit ? subsample(all, Number(args.limit), { seed }) : all;
const { kept, heldOut } = splitDataset(chosen, 0.1, { seed });
const taken = new Set(chosen.examples);
const rest = all.examples.filter((example) => !taken.has(example)).map(({ text, pair }) => ({ text, pair }));
const test = await readTask(args.task, args['data-dir'], 'test');
mkdirSync(args.out, { recursive: true });
for (const [name, rows] of Object.entries({
  train: kept.examples,
  validation: heldOut.examples,
  test: test.examples,
  rest,
})) {
  writeFileSync(join(args.out, `${name}.jsonl`), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  console.log(`${name}: ${rows.length} rows`);
}
