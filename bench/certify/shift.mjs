// A stream that shifts, through the statistics of the server's audit: after how many audited texts it is seen, and how often
// an alarm is false on streams that do not shift.
// Usage, after `npm run build`, from two traces of one model (`evaluate --trace FILE`), or from a model and two tasks:
//   node bench/certify/shift.mjs --before TRACE --after TRACE [--tau X --bound SHARE]
//   node bench/certify/shift.mjs --model DIR --data-dir DIR --before ag_news --after yelp_polarity [--limit ROWS]
//     [--calibration 2000] [--max-drop 0.01] [--runs 20] [--texts 20000] [--seed 1]
// The tau and the bound are those of the model's certificate; where it has none, one is made from --calibration rows of
// `before`, which the streams then do without. A stream is drawn from the rows with replacement, in an order of its own for
// each run. Every text of it counts as an audited one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { certify } from '../../dist/certify/index.js';
import { Pyramid } from '../../dist/engine/index.js';
import { exitOf, outcomes } from '../../dist/evaluate/outcomes.js';
import { readTrace } from '../../dist/evaluate/trace.js';
import { randomStream } from '../../dist/random.js';
import { ALARM_LEVEL, Disagreement } from '../../dist/serve/audit/disagreement.js';
import { readTask, subsample } from '../../dist/text/index.js';

const { values: args } = parseArgs({
  options: {
    before: { type: 'string' },
    after: { type: 'string' },
    model: { type: 'string' },
    'data-dir': { type: 'string' },
    limit: { type: 'string' },
    tau: { type: 'string' },
    bound: { type: 'string' },
    calibration: { type: 'string', default: '2000' },
    'max-drop': { type: 'string', default: '0.01' },
    runs: { type: 'string', default: '20' },
    texts: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
  },
});
const seed = Number(args.seed);
const runs = Number(args.runs);
const length = Number(args.texts);

const pyramid = args.model && args['data-dir'] ? await Pyramid.load(args.model) : null;
const before = await traceOf(args.before);
const after = await traceOf(args.after);
await pyramid?.close();
const { tau, bound, rest, made } = promised();
const differs = (trace) => {
  const all = outcomes(trace);
  return all.map((one) => one.predicted[exitOf(one, tau)] !== one.predicted[trace.shape.layers]);
};
const [usual, shifted] = [differs(rest), differs(after)];
const share = (losses) => losses.filter(Boolean).length / losses.length;
console.log(`tau ${tau}, certified: at most ${percent(bound)} differ (${made})`);
console.log(`differ before: ${percent(share(usual))} of ${usual.length} rows`);
console.log(`differ after: ${percent(share(shifted))} of ${shifted.length} rows`);
if (share(usual) > bound)
  console.log('before the shift more differ than the bound says: alarms on such streams are right');

const falseAlarms = [];
const seen = { atOnce: [], late: [] };
for (let run = 0; run < runs; run++) {
  const random = randomStream(seed, 'shift', run);
  const draw = (losses) => losses[random.integer(losses.length)];
  const still = new Disagreement(bound);
  for (let n = 1; n <= length; n++) if (still.add(draw(usual))) falseAlarms.push(n);
  // the shift comes after a long time in which nothing happened, the hardest case for what looks at all of the past
  if (!still.isAlarmed) seen.late.push(textsUntil(still, draw));
  seen.atOnce.push(textsUntil(new Disagreement(bound), draw));
}
console.log(`false alarms: ${falseAlarms.length} in ${runs} streams of ${length} texts, level ${ALARM_LEVEL}`);
for (const [when, found] of [
  ['at the first text', seen.atOnce],
  [`after ${length} texts`, seen.late],
]) {
  const all = found.filter((n) => n !== null).sort((a, b) => a - b);
  const texts = all.length === 0 ? '' : ` after ${all[all.length >> 1]} audited texts (median), at most ${all.at(-1)}`;
  console.log(`a shift ${when} is seen in ${all.length} of ${found.length} runs${texts}`);
}
console.log(JSON.stringify({ tau, bound, before: share(usual), after: share(shifted), falseAlarms, seen }));

/** Null: not within the length of a stream. */
function textsUntil(found, draw) {
  for (let n = 1; n <= length; n++) if (found.add(draw(shifted))) return n;
  return null;
}

/** A trace's file, or a task's test rows through the model; their labels may be of another task, and count only before the shift. */
async function traceOf(name) {
  if (!pyramid) return readTrace(name);
  let rows = await readTask(name, args['data-dir'], 'test');
  if (args.limit) rows = subsample(rows, Number(args.limit), { seed });
  const { shape, labels, headKind, info, dtype, exitSum } = pyramid;
  const traced = await pyramid.trace(rows.examples);
  const isOwn = rows.labels.length === labels.length;
  const entries = traced.map((one, i) => ({ ...one, label: isOwn ? rows.examples[i].label : 0 }));
  return { shape, labels, headKind, pairs: info.pairs, dtype, ...(exitSum && { floor: exitSum }), entries };
}

/** What was promised, and the rows of `before` that had no part in it. */
function promised() {
  if (args.tau && args.bound)
    return { tau: Number(args.tau), bound: Number(args.bound), rest: before, made: 'as given' };
  const stored = args.model && JSON.parse(readFileSync(join(args.model, 'config.json'), 'utf8')).pyramid?.certificate;
  if (stored?.tau != null)
    return { tau: stored.tau, bound: stored.disagreement.upper, rest: before, made: `by the folder's certificate` };
  const entries = randomStream(seed, 'calibration').shuffle([...before.entries]);
  const rows = Number(args.calibration);
  const calibration = { ...before, entries: entries.slice(0, rows) };
  const { certificate, rowsNeeded } = certify(calibration, { maxRisk: Number(args['max-drop']), seed });
  if (certificate.tau === null) throw new Error(`nothing is certified by ${rows} rows; about ${rowsNeeded} would do`);
  const made = `by ${rows} rows, for a drop of at most ${percent(certificate.maxRisk)}`;
  return {
    tau: certificate.tau,
    bound: certificate.disagreement.upper,
    rest: { ...before, entries: entries.slice(rows) },
    made,
  };
}

function percent(of) {
  return `${Number((100 * of).toPrecision(3))} %`;
}
