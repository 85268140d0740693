// Many labelled rows out of a task's few: the first half of one text's words and the second half of another's of the same label,
// drawn by a seed. For how long floor 0 takes to learn from them, and with how much memory; not for its accuracy.
// Usage, after `npm run build`:
//   node bench/floor/many-rows.mjs --data-dir DIR --rows 1000000 --out FILE.jsonl [--task ag_news] [--seed 0]
//   /usr/bin/time -v magic-pyramid train --method linear --train FILE.jsonl --model DIR --out RUN
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { randomStream } from '../../dist/random.js';
import { readTask } from '../../dist/text/index.js';

const { values: args } = parseArgs({
  options: {
    'data-dir': { type: 'string' },
    task: { type: 'string', default: 'ag_news' },
    rows: { type: 'string' },
    out: { type: 'string' },
    seed: { type: 'string', default: '0' },
  },
});
const { labels, examples } = await readTask(args.task, args['data-dir'], 'train');
const random = randomStream(Number(args.seed), 'many rows');
const byLabel = labels.map((_, label) =>
  examples.filter((row) => row.label === label).map(({ text }) => text.split(' ')),
);
const oneOf = (list) => list[random.integer(list.length)];

function* lines() {
  for (let i = 0; i < Number(args.rows); i++) {
    const label = random.integer(labels.length);
    const [before, after] = [oneOf(byLabel[label]), oneOf(byLabel[label])];
    const words = [...before.slice(0, before.length >> 1), ...after.slice(after.length >> 1)];
    yield `${JSON.stringify({ text: words.join(' '), label: labels[label] })}\n`;
  }
}
await pipeline(lines, createWriteStream(args.out));
