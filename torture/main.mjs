// The torture suite: what the project promises to survive, tried out on the built package, each promise with its measured figure
// (docs/reliability.md). Parts are files of one function each; a part that fails goes on to the end, so that one run shows all.
//
//     npm run torture -- [--short] [--seed N] [--only parsers,training,jobs,server,stops,same] [--kinds data.csv,config.json] [--minutes 20] [--apart] [--out FILE.json]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { jobs } from './jobs/jobs.mjs';
import { parsers } from './parsers/parsers.mjs';
import { sameEverywhere } from './same-everywhere.mjs';
import { server } from './server/steady.mjs';
import { stops } from './server/stops.mjs';
import { training } from './training.mjs';

const PARTS = { parsers, training, jobs, server, stops, same: sameEverywhere };

const { values: given } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    seed: { type: 'string', default: '0' },
    only: { type: 'string' },
    kinds: { type: 'string' },
    minutes: { type: 'string' },
    apart: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const names = given.only?.split(',') ?? Object.keys(PARTS);
const odd = names.find((name) => !Object.hasOwn(PARTS, name));
if (odd !== undefined) {
  console.error(`There is no part "${odd}": use ${Object.keys(PARTS).join(', ')}.`);
  process.exit(2);
}
const seed = Number(given.seed);
if (!Number.isSafeInteger(seed) || seed < 0) {
  console.error('--seed is not a whole number of 0 or more.');
  process.exit(2);
}

const minutes = given.minutes === undefined ? null : Number(given.minutes);
if (minutes !== null && !(minutes > 0)) {
  console.error('--minutes is no number above 0.');
  process.exit(2);
}

const dir = mkdtempSync(join(tmpdir(), 'torture-'));
/** @type {{ part: string, promise: string, measured: string, ok: boolean }[]} */
const results = [];
const kinds = given.kinds?.split(',') ?? null;
const say = (line) => console.log(line);
try {
  for (const name of names) {
    say(`== ${name}`);
    const begin = performance.now();
    const report = (promise, measured, ok) => {
      results.push({ part: name, promise, measured, ok });
      say(`${ok ? 'ok    ' : 'FAILED'}  ${promise}: ${measured}`);
    };
    try {
      await PARTS[name]({ dir, seed, short: given.short, kinds, minutes, apart: given.apart, report, say });
    } catch (error) {
      report(
        'the part runs to its end',
        error instanceof Error ? (error.stack ?? error.message) : String(error),
        false,
      );
    }
    say(`== ${name}: ${Math.round((performance.now() - begin) / 1000)} s`);
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
if (given.out) writeFileSync(given.out, `${JSON.stringify({ seed, short: given.short, results }, null, 2)}\n`);
const failed = results.filter(({ ok }) => !ok).length;
say(`${results.length - failed} promises held, ${failed} broken`);
process.exitCode = failed > 0 ? 1 : 0;
