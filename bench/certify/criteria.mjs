// By what a text should leave: other criteria than the entropy at one tau for all exits, from two traces of one model (magic-pyramid
// evaluate --trace, or those of reproduce). What has numbers of its own (temperatures, predicted failure) is fitted on the validation
// trace. Prints, for each criterion, the times fewer operations at each drop from the model run to the end: the best point of the test
// curve, read off it for all criteria alike. That says which criterion may be better; it is no choice of a setting.
// Usage, after `npm run build`:
//   node bench/certify/criteria.mjs --validation TRACE.jsonl --test TRACE.jsonl [--drops 0,0.002,0.005,0.01]
import { parseArgs } from 'node:util';
import { readTrace } from '../../dist/evaluate/index.js';
import { outcomes } from '../../dist/evaluate/outcomes.js';
import { exitLogits, tempered } from '../../dist/pyramid/exits/sum.js';
import { argmax, softmax } from '../../dist/pyramid/logits.js';
import { fitTemperatures } from '../../dist/train/with-floor/exit-temperatures.js';

const { values: args } = parseArgs({
  options: {
    validation: { type: 'string' },
    test: { type: 'string' },
    drops: { type: 'string', default: '0,0.002,0.005,0.01' },
  },
});
const drops = args.drops.split(',').map(Number);
/** Settings of a curve: even shares of all values that a criterion has. */
const POINTS = 600;

const [validation, test] = await Promise.all(
  [args.validation, args.test].map(async (path) => read(await readTrace(path))),
);
const temperatures = fitTemperatures(validation.trace) ?? [];
const temper = (row, exit) => (exit === 0 ? row : tempered(row, temperatures[exit - 1]));

const entropy = (row) =>
  -softmax(row).reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0) / Math.log(row.length);
const doubt = (row) => 1 - Math.max(...softmax(row));
const margin = (row) => {
  const [first, second] = Array.from(softmax(row)).sort((a, b) => b - a);
  return 1 - (first - second);
};
const log = (row) => Math.log(entropy(row) + 1e-6);
const floorTimes = (factor) => (rows, exit) => entropy(rows[exit]) / (exit === 0 ? factor : 1);
const alone = (rows, exit) => [log(rows[exit])];
const withAgreement = (rows, exit) => [
  log(rows[exit]),
  margin(rows[exit]),
  ...[rows[0], rows[exit - 1]].map((other) => (other?.length && argmax(other) === argmax(rows[exit]) ? 1 : 0)),
];

const criteria = {
  'entropy (as it is)': (rows, exit) => entropy(rows[exit]),
  'entropy, tempered': (rows, exit) => entropy(temper(rows[exit], exit)),
  'one less the highest score': (rows, exit) => doubt(rows[exit]),
  'the same, tempered': (rows, exit) => doubt(temper(rows[exit], exit)),
  'one less the margin': (rows, exit) => margin(rows[exit]),
  'entropy, at floor 0 half of tau': floorTimes(0.5),
  'entropy, at floor 0 twice tau': floorTimes(2),
  'predicted harm': predicted(alone, ({ early, full, label }) => full === label && early !== full),
  'predicted harm, with margin and agreement': predicted(
    withAgreement,
    ({ early, full, label }) => full === label && early !== full,
  ),
  'predicted disagreement': predicted(alone, ({ early, full }) => early !== full),
  'predicted disagreement, with margin and agreement': predicted(withAgreement, ({ early, full }) => early !== full),
};

console.log(
  `times fewer operations as computed, at a drop of ${drops.map((drop) => `${100 * drop}`).join(', ')} points`,
);
for (const [name, criterion] of Object.entries(criteria)) {
  const found = bestAt(curveOf(criterion));
  console.log(`${name.padEnd(52)} ${found.map((value) => value.toFixed(1).padStart(7)).join(' ')}`);
}

/** Rows by exit, floor 0 first ([] where an exit is not asked), and what it costs to answer there. */
function read(trace) {
  const all = outcomes(trace);
  const texts = trace.entries.map(({ label, logits, floor }, i) => {
    const { floor: own, layers } = exitLogits(logits, floor ?? null, trace.floor ?? null);
    return { label, rows: [own ?? [], ...layers], outcome: all[i] };
  });
  return { trace, texts };
}

/** Points of the test curve: [drop, times fewer operations], by rising threshold. */
function curveOf(criterion) {
  const last = test.trace.shape.layers;
  const values = test.texts.map(({ rows }) =>
    rows.slice(0, last).map((row, exit) => (row.length === 0 ? Infinity : criterion(rows, exit))),
  );
  const rising = [...new Set(values.flat().filter(Number.isFinite))].sort((a, b) => a - b);
  const dense = test.texts.reduce((sum, { outcome }) => sum + outcome.dense, 0);
  return Array.from({ length: Math.min(POINTS, rising.length) }, (_, k, n = Math.min(POINTS, rising.length)) => {
    const threshold = rising[Math.round((k * (rising.length - 1)) / Math.max(1, n - 1))];
    let lost = 0;
    let cost = 0;
    for (const [i, { label, outcome }] of test.texts.entries()) {
      const found = values[i].findIndex((value) => value <= threshold);
      const exit = found < 0 ? last : found;
      lost += Number(outcome.predicted[last] === label) - Number(outcome.predicted[exit] === label);
      cost += outcome.actual[exit];
    }
    return [lost / test.texts.length, dense / cost];
  });
}

/** At each drop, the most that a point of the curve saves. */
function bestAt(curve) {
  return drops.map((drop) => Math.max(1, ...curve.filter(([lost]) => lost <= drop + 1e-12).map(([, speed]) => speed)));
}

/** The logit of how likely an exit's answer fails, by a logistic regression an exit on the validation rows. */
function predicted(features, fails) {
  const models = test.texts[0].rows.slice(0, -1).map((_, exit) => {
    const asked = validation.texts.filter(({ rows }) => rows[exit].length > 0);
    if (asked.length === 0) return null;
    const x = asked.map(({ rows }) => [...features(rows.map(temper), exit), 1]);
    const y = asked.map(({ rows, label }) =>
      Number(fails({ early: argmax(rows[exit]), full: argmax(rows.at(-1)), label })),
    );
    return logistic(x, y);
  });
  return (rows, exit) => dot(models[exit], [...features(rows.map(temper), exit), 1]);
}

/** Newton's method with a ridge of 1 on all but the bias. */
function logistic(x, y) {
  const d = x[0].length;
  const w = new Array(d).fill(0);
  for (let step = 0; step < 50; step++) {
    const hessian = Array.from({ length: d }, (_, i) =>
      Array.from({ length: d }, (_, j) => (i !== j ? 0 : i === d - 1 ? 1e-6 : 1)),
    );
    const gradient = w.map((value, i) => (i === d - 1 ? 0 : value));
    for (const [n, row] of x.entries()) {
      const p = 1 / (1 + Math.exp(-dot(w, row)));
      for (let i = 0; i < d; i++) {
        gradient[i] += (p - y[n]) * row[i];
        for (let j = 0; j < d; j++) hessian[i][j] += p * (1 - p) * row[i] * row[j];
      }
    }
    const change = solve(hessian, gradient);
    for (let i = 0; i < d; i++) w[i] -= change[i];
  }
  return w;
}

function dot(a, b) {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

/** By elimination; the matrix is positive definite. */
function solve(matrix, right) {
  const rows = matrix.map((row, i) => [...row, right[i]]);
  const n = rows.length;
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      if (k === i) continue;
      const factor = rows[k][i] / rows[i][i];
      for (let j = i; j <= n; j++) rows[k][j] -= factor * rows[i][j];
    }
  return rows.map((row, i) => row[n] / row[i]);
}
