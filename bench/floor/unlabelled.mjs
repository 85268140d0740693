// What texts without labels are worth: floor 0 of a trained model learned anew with more and more of them, from the network's
// scores (soft) or its answers alone (hard). Usage, after `npm run build`:
//   node bench/floor/unlabelled.mjs --model DIR --rows ROWS --validation TRACE --test TRACE [--bert TRACE] [--sizes 0,1000,10000]
//     [--answers FILE] [--seed 0]
// ROWS is a folder of bench/alternatives/rows.mjs, made with the model's --limit and seed; the traces are of its validation and
// test rows. FILE keeps the network's scores of rest.jsonl, which take longest. Prints a JSON object a line. Settings that
// are "chosen" were chosen on the validation rows; what is "read off" is the best point of the test curve, for comparison.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '../../dist/encoder/index.js';
import { cheapest, chooseTau, judge, readTrace, tradeoff } from '../../dist/evaluate/index.js';
import { Pyramid } from '../../dist/index.js';
import { argmax, softmax } from '../../dist/pyramid/logits.js';
import { loadTokenizer } from '../../dist/text/index.js';
import { learnFloor, traceWithFloor } from '../../dist/train/with-floor/learn-floor.js';

const { values: args } = parseArgs({
  options: {
    model: { type: 'string' },
    rows: { type: 'string' },
    validation: { type: 'string' },
    test: { type: 'string' },
    bert: { type: 'string' },
    sizes: { type: 'string', default: '0' },
    answers: { type: 'string' },
    seed: { type: 'string', default: '0' },
  },
});
const read = (name) =>
  readFileSync(join(args.rows, `${name}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
const sizes = args.sizes.split(',').map(Number);
const rest = read('rest').slice(0, Math.max(...sizes));
const [validation, test] = await Promise.all([args.validation, args.test].map((path) => readTrace(path)));
const { labels, pairs } = test;
const set = (name) => ({ name, labels, pairs, examples: read(name) });
const [train, held, judged] = ['train', 'validation', 'test'].map(set);
const withoutFloor = ({ floor: _, entries, ...trace }) => ({
  ...trace,
  entries: entries.map(({ floor: _, ...entry }) => entry),
});

const scores = await answersOf(rest);
const config = await readConfig(args.model);
const bert = args.bert ? judge(await readTrace(args.bert), null).accuracy : null;
for (const size of sizes) {
  for (const answers of size === 0 ? ['none'] : ['soft', 'hard']) {
    const some = scores.slice(0, size).map((row) => (answers === 'hard' ? oneOf(row) : row));
    const floor = await learnFloor({
      train,
      validation: held,
      unlabelled: size === 0 ? null : { examples: rest.slice(0, size), scores: Float32Array.from(some.flat()) },
      tokenizer: await loadTokenizer(args.model),
      vocabularySize: config.vocabularySize,
      classWeights: labels.map(() => 1),
      network: withoutFloor(validation),
      sum: 'chosen',
      seed: Number(args.seed),
    });
    const summed = async (trace, { examples }) =>
      traceWithFloor(withoutFloor(trace), floor, await floor.logits(examples));
    const [own, other] = [await summed(validation, held), await summed(test, judged)];
    const tau = chooseTau(own, { baseline: judge(own, null).accuracy, maxDrop: 0.01 }).tau;
    const curve = tradeoff(other);
    const readOff = (drop) => bert !== null && short(cheapest(curve, bert - drop, 'actual'));
    console.log(
      JSON.stringify({
        ...{ texts: size, answers, strength: floor.facts.strength, sum: floor.facts.sum, seconds: floor.facts.seconds },
        floorAlone: judge({ ...other, entries: other.entries }, 1).accuracy,
        toTheEnd: judge(other, null).accuracy,
        network: judge(withoutFloor(test), null).accuracy,
        ...{ bert, chosen: short(judge(other, tau)) },
        readOff: { halfAbove: readOff(-0.005), noDrop: readOff(0), halfBelow: readOff(0.005) },
      }),
    );
  }
}

function short({ tau, accuracy, speedup, exitsAtFloor, n, meanExit }) {
  return {
    tau,
    accuracy,
    fewerOperations: speedup.actual,
    ...(exitsAtFloor && { atFloor: exitsAtFloor / n }),
    meanExit,
  };
}

function oneOf(row) {
  const best = argmax(row);
  return row.map((_, label) => (label === best ? 1 : 0));
}

/** softmax(z_L) of the network alone, run to the end: [n] of [C]. */
async function answersOf(texts) {
  const { answers: path } = args;
  const kept = path && existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [];
  if (kept.length >= texts.length) return kept;
  const pyramid = await Pyramid.load(args.model, { workers: 1, threads: 1 });
  const begin = performance.now();
  const entries = await pyramid.trace(texts.slice(kept.length));
  console.log(JSON.stringify({ answered: entries.length, seconds: (performance.now() - begin) / 1000 }));
  await pyramid.close();
  const all = [...kept, ...entries.map(({ logits }) => Array.from(softmax(logits.at(-1))))];
  if (path) writeFileSync(path, JSON.stringify(all));
  return all;
}
