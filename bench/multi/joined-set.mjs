// A set of rows with any number of labels, from a task with one label a row: one to three of its texts joined, by a seed; the labels
// are those of the texts. Writes train.jsonl and test.jsonl with `text` and `labels`.
// Usage, after `npm run build`:
//   node bench/multi/joined-set.mjs --data-dir DIR --out DIR [--task ag_news] [--train 4000] [--test 1000] [--seed 0]
// Then, with the same model once with exits and once run to the end:
//   magic-pyramid train --train DIR/train.jsonl --test DIR/test.jsonl --model MODEL --max-length 128 --out RUN
//   magic-pyramid tradeoff --model RUN --test DIR/test.jsonl
//   magic-pyramid bench --model RUN --test DIR/test.jsonl
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomStream } from '../../dist/random.js';
import { readTask } from '../../dist/text/index.js';

const { values: args } = parseArgs({
  options: {
    'data-dir': { type: 'string' },
    out: { type: 'string' },
    task: { type: 'string', default: 'ag_news' },
    train: { type: 'string', default: '4000' },
    test: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '0' },
  },
});
const MOST = 3;

mkdirSync(args.out, { recursive: true });
for (const part of ['train', 'test']) {
  const { labels, examples } = await readTask(args.task, args['data-dir'], part);
  const random = randomStream(Number(args.seed), 'joined', part);
  const rows = Array.from({ length: Number(args[part]) }, () => {
    const some = Array.from({ length: 1 + random.integer(MOST) }, () => examples[random.integer(examples.length)]);
    const met = new Set(some.map(({ label }) => label));
    return { text: some.map(({ text }) => text).join(' '), labels: labels.filter((_, i) => met.has(i)) };
  });
  writeFileSync(join(args.out, `${part}.jsonl`), `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
  const count = rows.reduce((sum, row) => sum + row.labels.length, 0) / rows.length;
  console.log(`${part}: ${rows.length} rows with ${count.toFixed(2)} labels each`);
}
