// Floor 0 of few rows: accuracy by how many training rows an n-gram must have to be weighed. Rows are drawn from a task's
// training rows, as many of each label, and judged on 1,000 others of them; no test row is read. Usage, after `npm run build`:
//   node bench/floor/few-rows.mjs --tokenizer DIR --data-dir DIR [--task ag_news] [--sizes 32,256,1000,4000] [--draws 5] [--min-rows 1,2]
// A JSON object a line: the mean accuracy of the draws and the mean size of the table for each setting, the same draws for all.
import { parseArgs } from 'node:util';
import { Floor, floorFile, pieceKinds, secondOf } from '../../dist/pyramid/floor/index.js';
import { randomStream } from '../../dist/random.js';
import { loadTokenizer, readTask } from '../../dist/text/index.js';
import { floorRows, trainFloor } from '../../dist/train/linear/index.js';

const { values: args } = parseArgs({
  options: {
    tokenizer: { type: 'string' },
    'data-dir': { type: 'string' },
    task: { type: 'string', default: 'ag_news' },
    sizes: { type: 'string', default: '32,256,1000,4000' },
    draws: { type: 'string', default: '5' },
    'min-rows': { type: 'string', default: '1,2' },
  },
});
const JUDGED = 1000;
const { examples, labels, pairs } = await readTask(args.task, args['data-dir'], 'train');
const tokenizer = await loadTokenizer(args.tokenizer);
const kinds = pieceKinds(tokenizer);
const encode = ({ text, pair }) => tokenizer.encode(text, pair, 1_000_000);

for (const size of args.sizes.split(',').map(Number)) {
  const found = Object.fromEntries(args['min-rows'].split(',').map((minRows) => [minRows, []]));
  for (let draw = 0; draw < Number(args.draws); draw++) {
    const drawn = randomStream(draw, 'few-rows', String(size)).shuffle([...examples]);
    const rows = labels.flatMap((_, label) =>
      drawn
        .slice(JUDGED)
        .filter((one) => one.label === label)
        .slice(0, size / labels.length),
    );
    const encoded = rows.map(encode);
    const judged = drawn.slice(0, JUDGED).map((example) => [encode(example), example.label]);
    for (const minRows of Object.keys(found)) {
      const { parts } = trainFloor({
        rows: floorRows(encoded, pairs),
        targets: { labels: Int32Array.from(rows, ({ label }) => label), scores: null },
        ...{ labels: labels.length, kinds, seed: draw, settings: { minRows: Number(minRows) } },
      });
      const floor = new Floor(parts);
      const right = judged.filter(([{ ids, types }, label]) => {
        const logits = floor.logits(ids, pairs ? secondOf({ ids, types }) : ids.length) ?? floor.bias;
        return logits.indexOf(Math.max(...logits)) === label;
      });
      found[minRows].push({ accuracy: right.length / JUDGED, megabytes: floorFile(parts).length / 1e6 });
    }
  }
  const mean = (list, key) => list.reduce((sum, one) => sum + one[key], 0) / list.length;
  for (const [minRows, list] of Object.entries(found))
    console.log(
      JSON.stringify({
        ...{ task: args.task, rows: size, minRows: Number(minRows) },
        ...{ accuracy: mean(list, 'accuracy'), each: list.map(({ accuracy }) => accuracy) },
        megabytes: mean(list, 'megabytes'),
      }),
    );
}
