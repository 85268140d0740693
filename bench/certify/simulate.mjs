// How often a promise about the dial is broken, and what it saves: calibration rows are drawn from the rows of a trace again and
// again, each draw picks a setting by each rule, and the truth is the drop over all rows of the trace.
// Usage, after `npx tsc -p tsconfig.build.json`:
//   node bench/certify/simulate.mjs --trace FILE [--rows 1000] [--draws 200] [--max-drop 0.01] [--confidence 0.95]
//     [--unlabelled N --budget 200] [--seed 0] [--json]
// A trace is what `evaluate --trace FILE` writes. Rows are drawn with replacement. Operations saved are those over all rows of the
// trace, dense ones over those as computed: their mean over the draws, and the speed-up of the mean cost. With --unlabelled, as many
// texts without labels are drawn too and few-labels.ts certifies with --budget labels.
import { parseArgs } from 'node:util';
import { cautiousDrop } from '../../dist/certify/choose-cautiously.js';
import { DIAL } from '../../dist/certify/dial.js';
import { certifyFewLabels, textsWorthLabelling } from '../../dist/certify/few-labels.js';
import { fixedSequence } from '../../dist/certify/fixed-sequence.js';
import { fullAnswers, lossesAt } from '../../dist/certify/losses.js';
import { isRejected } from '../../dist/certify/risk-test.js';
import { actualOf, exitOf, outcomes } from '../../dist/evaluate/outcomes.js';
import { readTrace } from '../../dist/evaluate/trace.js';
import { tradeoff } from '../../dist/evaluate/tradeoff.js';
import { randomStream } from '../../dist/random.js';

const { values: args } = parseArgs({
  options: {
    trace: { type: 'string' },
    rows: { type: 'string', default: '1000' },
    draws: { type: 'string', default: '200' },
    'max-drop': { type: 'string', default: '0.01' },
    confidence: { type: 'string', default: '0.95' },
    unlabelled: { type: 'string' },
    budget: { type: 'string', default: '200' },
    seed: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});
const [rows, draws, maxDrop, confidence, budget, seed] = [
  args.rows,
  args.draws,
  args['max-drop'],
  args.confidence,
  args.budget,
  args.seed,
].map(Number);
const started = performance.now();

const trace = await readTrace(args.trace);
const all = outcomes(trace);
const full = fullAnswers(all);
const sum = (values) => values.reduce((total, value) => total + value, 0);
const mean = (values) => sum(values) / values.length;
const dense = mean(all.map((outcome) => outcome.dense));

/** Settings of a path: net drops of all rows, true drop and mean operations of each. */
const settings = (taus) =>
  taus.map((tau) => {
    const losses = lossesAt(all, full, tau, 'net-drop');
    return { tau, losses, drop: mean(losses), cost: mean(all.map((row) => actualOf(row, exitOf(row, tau), tau))) };
  });
const off = settings([null])[0];
const path = settings(DIAL);
// the points that `chooseTau` picks from; of all rows of the trace, where it would have those of the draw
const curve = settings(tradeoff(trace).flatMap(({ tau }) => (tau === null ? [] : [tau])));

const draw = (losses, order) => Int8Array.from(order, (i) => losses[i]);
const fastest = (isSafe) =>
  curve.reduce((best, point) => (point.cost < best.cost && isSafe(point) ? point : best), off);
const rules = {
  certified: (order) => {
    const options = { maxRisk: maxDrop, alpha: 1 - confidence };
    const last = fixedSequence(path.length, (s) => isRejected('net-drop', draw(path[s].losses, order), options));
    return last < 0 ? off : path[last];
  },
  chosen: (order) => fastest(({ losses }) => mean(draw(losses, order)) <= maxDrop + 1e-9),
  cautious: (order) => fastest(({ losses }) => cautiousDrop(draw(losses, order)) <= maxDrop + 1e-9),
};
if (args.unlabelled) {
  rules[`${budget} labels`] = (_, stream, index) => {
    const texts = Array.from({ length: Number(args.unlabelled) }, () => stream.integer(all.length));
    const drawn = { ...trace, entries: texts.map((i) => ({ ...trace.entries[i], label: 0 })) };
    const options = { maxRisk: maxDrop, confidence, budget, seed: index };
    const plan = textsWorthLabelling(drawn, options);
    const labels = new Map(plan.texts.map((i) => [i, all[texts[i]].label]));
    const { tau } = certifyFewLabels(drawn, labels, options).certificate;
    return tau === null ? off : path[DIAL.indexOf(tau)];
  };
}

const picked = Object.fromEntries(Object.keys(rules).map((rule) => [rule, []]));
for (let index = 0; index < draws; index++) {
  const stream = randomStream(seed, 'simulate', index);
  const order = Array.from({ length: rows }, () => stream.integer(all.length));
  for (const [rule, pick] of Object.entries(rules)) picked[rule].push(pick(order, stream, index));
}

const quantile = (sorted, share) => sorted[Math.round(share * (sorted.length - 1))];
const report = Object.entries(picked).map(([rule, points]) => {
  const taus = points.map(({ tau }) => tau ?? -1).sort((a, b) => a - b);
  return {
    rule,
    broken: points.filter(({ drop }) => drop > maxDrop).length / draws,
    meanDrop: mean(points.map(({ drop }) => drop)),
    worstDrop: Math.max(...points.map(({ drop }) => drop)),
    nothing: points.filter(({ tau }) => tau === null).length / draws,
    meanSpeedup: mean(points.map(({ cost }) => dense / cost)),
    speedupOfMeanCost: dense / mean(points.map(({ cost }) => cost)),
    tau: [0, 0.1, 0.5, 0.9, 1].map((share) => quantile(taus, share)),
  };
});
const best = [...path].reverse().find(({ drop }) => drop <= maxDrop) ?? off;
const target = 1 - confidence + 2 * Math.sqrt((confidence * (1 - confidence)) / draws);
if (args.json)
  console.log(JSON.stringify({ trace: args.trace, rows, draws, maxDrop, confidence, target, best: best.tau, report }));
else {
  const percent = (x) => `${(100 * x).toFixed(2)} %`;
  console.log(
    `${all.length} rows; ${draws} draws of ${rows}, ${percent(maxDrop)} at ${percent(confidence)}; target ${percent(target)}`,
  );
  console.log(
    `fastest setting that truly loses no more: tau ${best.tau}, ${(dense / best.cost).toFixed(1)} times fewer operations`,
  );
  console.log(
    'rule        broken   mean drop  worst    nothing  times fewer (mean, of mean cost)  tau: least, 10, 50, 90 %, most (-1: off)',
  );
  for (const r of report)
    console.log(
      `${r.rule.padEnd(11)} ${percent(r.broken).padEnd(8)} ${percent(r.meanDrop).padEnd(10)} ${percent(r.worstDrop).padEnd(8)} ${percent(r.nothing).padEnd(8)} ${r.meanSpeedup.toFixed(1)}, ${r.speedupOfMeanCost.toFixed(1)}`.padEnd(
        82,
      ),
      r.tau.join(', '),
    );
  console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
}
