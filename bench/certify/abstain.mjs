// How often the promise of `calibrate --abstain` is broken, and what share of texts is answered: calibration rows are drawn from the rows
// of a trace again and again, each draw certifies a score, and the truth is the accuracy among all rows of the trace with at least it.
// Usage, after `npx tsc -p tsconfig.build.json`:
//   node bench/certify/abstain.mjs --trace FILE [--tau 0.25] [--accuracy 0.95 --accuracy 0.97] [--rows 1000] [--draws 200] [--confidence 0.95]
//     [--seed 0]
// A trace is what `evaluate --trace FILE` writes. Rows are drawn with replacement. Without --tau: run to the end.
import { parseArgs } from 'node:util';
import { answersAt, certifyAbstention } from '../../dist/certify/abstention.js';
import { readTrace } from '../../dist/evaluate/trace.js';
import { randomStream } from '../../dist/random.js';

const { values: args } = parseArgs({
  options: {
    trace: { type: 'string' },
    tau: { type: 'string' },
    accuracy: { type: 'string', multiple: true, default: ['0.95', '0.97', '0.99'] },
    rows: { type: 'string', default: '1000' },
    draws: { type: 'string', default: '200' },
    confidence: { type: 'string', default: '0.95' },
    seed: { type: 'string', default: '0' },
  },
});
const tau = args.tau === undefined ? null : Number(args.tau);
const [rows, draws, confidence, seed] = [args.rows, args.draws, args.confidence, args.seed].map(Number);

const trace = await readTrace(args.trace);
const answers = answersAt(trace, tau);
const rightAmong = (given) => given.filter(({ isRight }) => isRight).length / given.length;
const at = (least) => answers.filter(({ score }) => score >= least);
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
console.log(JSON.stringify({ tau, rows: trace.entries.length, accuracyOfAll: rightAmong(answers) }));

for (const accuracy of args.accuracy.map(Number)) {
  const found = Array.from({ length: draws }, (_, draw) => {
    const random = randomStream(seed, 'abstain', accuracy, draw);
    const entries = Array.from({ length: rows }, () => trace.entries[random.integer(trace.entries.length)]);
    return certifyAbstention({ ...trace, entries }, tau, { accuracy, confidence }).abstention;
  });
  const certified = found.filter((one) => one !== null).map(({ minScore }) => ({ minScore, given: at(minScore) }));
  // the best that could be done if the truth were known: the lowest score of an answer at which enough are right
  const sorted = answers.toSorted((a, b) => b.score - a.score);
  let right = 0;
  let best = 0;
  sorted.forEach(({ isRight, score }, i) => {
    right += Number(isRight);
    if (right / (i + 1) >= accuracy && sorted[i + 1]?.score !== score) best = i + 1;
  });
  console.log(
    JSON.stringify({
      accuracy,
      certified: certified.length / draws,
      broken: certified.filter(({ given }) => rightAmong(given) < accuracy).length / draws,
      ...(certified.length > 0 && {
        minScore: median(certified.map(({ minScore }) => minScore)),
        answered: mean(certified.map(({ given }) => given.length / answers.length)),
        right: mean(certified.map(({ given }) => rightAmong(given))),
      }),
      answeredIfTheTruthWereKnown: best / answers.length,
    }),
  );
}
