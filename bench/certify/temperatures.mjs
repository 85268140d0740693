// What a temperature for each exit does, from two traces of one model (magic-pyramid evaluate --trace, or those of reproduce):
// fitted on the validation trace, judged on the test trace. Prints each exit's temperature, its expected calibration error (15 bins of
// equal mass, all texts) and its log-loss before and after. Temperatures decide nothing about where a text leaves; the last lines say what
// would come of it if they did: the operations of the trade-off curve at equal accuracy, as it is and with tempered uncertainties. The
// curve is read off the test rows, so that both sides flatter themselves alike; it is no choice of a tau.
// With --folds F the fit is made F times on --rows rows that are drawn from the test rows by a seed, and judged on the others:
// how far it depends on its rows.
// Usage, after `npm run build`:
//   node bench/certify/temperatures.mjs --validation TRACE.jsonl --test TRACE.jsonl [--drops 0,0.005,0.01,0.02] [--json]
//   node bench/certify/temperatures.mjs --test TRACE.jsonl --folds 20 --rows 500
import { parseArgs } from 'node:util';
import { calibrationErrors, readTrace, tradeoff } from '../../dist/evaluate/index.js';
import { exitLogits, temperatureAt, tempered } from '../../dist/pyramid/exits/sum.js';
import { logSoftmax } from '../../dist/pyramid/logits.js';
import { randomStream } from '../../dist/random.js';
import { fitTemperatures, withTemperatures } from '../../dist/train/with-floor/exit-temperatures.js';

const { values: args } = parseArgs({
  options: {
    validation: { type: 'string' },
    test: { type: 'string' },
    drops: { type: 'string', default: '0,0.005,0.01,0.02' },
    folds: { type: 'string' },
    rows: { type: 'string', default: '500' },
    json: { type: 'boolean', default: false },
  },
});

/** [L+1]: mean log-loss of each exit's answers, floor 0 first; null where no text is asked. */
function logLosses({ shape, floor: sum = null, temperatures, entries }) {
  const sums = Array.from({ length: shape.layers + 1 }, () => ({ total: 0, n: 0 }));
  for (const { label, logits, floor = null } of entries) {
    const { floor: own, layers } = exitLogits(logits, floor, sum);
    for (const [exit, row] of [own ?? [], ...layers].entries()) {
      if (row.length === 0) continue;
      sums[exit].total -= logSoftmax(tempered(row, temperatureAt(temperatures, exit)))[label];
      sums[exit].n++;
    }
  }
  return sums.map(({ total, n }) => (n === 0 ? null : total / n));
}

/** A trace whose exits leave by what their temperatures make of the sum. */
const leavingTempered = ({ floor: sum = null, entries, ...trace }, temperatures) => ({
  ...trace,
  ...(sum && { floor: { ...sum, weight: 0 } }),
  entries: entries.map((entry) => {
    const { layers } = exitLogits(entry.logits, entry.floor ?? null, sum);
    return { ...entry, logits: layers.map((row, i) => tempered(row, temperatureAt(temperatures, i + 1))) };
  }),
});

/** The fewest operations of a curve at which at most `drop` of `full` is lost. */
const leastAt = (curve, full, drop) =>
  Math.min(...curve.filter(({ accuracy }) => accuracy >= full - drop - 1e-9).map(({ gflops }) => gflops.actual));

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const drops = args.drops.split(',').map(Number);

/** Both sides on `test`, temperatures fitted on `validation`. */
function compare(validation, test) {
  const temperatures = fitTemperatures(validation);
  const sides = { before: withTemperatures(test, null), after: withTemperatures(test, temperatures) };
  const curves = { before: tradeoff(sides.before), after: tradeoff(leavingTempered(test, temperatures)) };
  const full = curves.before[0].accuracy;
  return {
    temperatures,
    calibrationError: { before: calibrationErrors(sides.before), after: calibrationErrors(sides.after) },
    logLoss: { before: logLosses(sides.before), after: logLosses(sides.after) },
    operations: drops.map((drop) => {
      const [before, after] = [leastAt(curves.before, full, drop), leastAt(curves.after, full, drop)];
      return { drop, before, after, ratio: after / before };
    }),
  };
}

const percent = (share) => (share === null ? '–' : `${(100 * share).toFixed(2)} %`);
const shown = (values, form) => values.map((value) => form(value).padStart(8)).join(' ');
const number = (value) => (value === null ? '–' : value.toFixed(4));

const test = await readTrace(args.test);
if (args.folds) {
  const n = Number(args.rows);
  const found = Array.from({ length: Number(args.folds) }, (_, seed) => {
    const order = randomStream(seed, 'temperatures').shuffle([...test.entries.keys()]);
    const part = (rows) => ({ ...test, entries: rows.map((i) => test.entries[i]) });
    return compare(part(order.slice(0, n)), part(order.slice(n)));
  });
  const exits = found[0].calibrationError.after.keys();
  for (const exit of exits) {
    const errors = found.map(({ calibrationError }) => calibrationError.after[exit]);
    if (errors[0] === null) continue;
    const before = found.map(({ calibrationError }) => calibrationError.before[exit]);
    console.log(
      `exit ${exit}: calibration error ${percent(mean(before))}, after ${percent(mean(errors))}, at most ${percent(Math.max(...errors))}`,
    );
  }
  for (const [i, drop] of drops.entries())
    console.log(
      `drop ${drop}: operations if tempered / as it is ${mean(found.map(({ operations }) => operations[i].ratio)).toFixed(3)} (mean of ${found.length})`,
    );
} else {
  const found = compare(await readTrace(args.validation), test);
  if (args.json) console.log(JSON.stringify(found));
  else {
    const { temperatures, calibrationError, logLoss, operations } = found;
    console.log(`exits 0 to ${test.shape.layers}, ${test.entries.length} test rows`);
    console.log(`temperature               ${shown([null, ...(temperatures ?? [])], number)}`);
    for (const side of ['before', 'after'])
      console.log(`calibration error, ${side.padEnd(6)} ${shown(calibrationError[side], percent)}`);
    for (const side of ['before', 'after']) console.log(`log-loss, ${side.padEnd(15)} ${shown(logLoss[side], number)}`);
    for (const { drop, before, after, ratio } of operations)
      console.log(
        `drop of ${(100 * drop).toFixed(1)} points: ${before.toFixed(4)} GFLOPs, if tempered ${after.toFixed(4)} (${ratio.toFixed(3)} times)`,
      );
  }
}
