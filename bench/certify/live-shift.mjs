// A stream that shifts, through a real server: texts of one task, then texts of another, by HTTP, with audits. After how many audited
// texts the alarm is raised, and whether it was false before.
// Usage, after `npm run build`:
//   node bench/certify/live-shift.mjs --model DIR --data-dir DIR --before ag_news --after yelp_polarity
//     [--calibration 2000] [--max-drop 0.01] [--texts 3000] [--batch 16] [--audit-rate 1] [--audit-budget 1] [--seed 1]
// A copy of the model is certified on --calibration test rows of `before` by `calibrate`; the stream is drawn from the others, which
// it runs through in a seeded order, --texts of them. A batch is sent when the audits of the last are done: audits begin when no
// request waits.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { randomStream } from '../../dist/random.js';
import { readTask } from '../../dist/text/index.js';

const { values: args } = parseArgs({
  options: {
    model: { type: 'string' },
    'data-dir': { type: 'string' },
    before: { type: 'string' },
    after: { type: 'string' },
    calibration: { type: 'string', default: '2000' },
    'max-drop': { type: 'string', default: '0.01' },
    texts: { type: 'string', default: '3000' },
    batch: { type: 'string', default: '16' },
    'audit-rate': { type: 'string', default: '1' },
    'audit-budget': { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
  },
});
const main = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
const root = mkdtempSync(join(tmpdir(), 'live-shift-'));
const random = randomStream(Number(args.seed), 'live-shift');
const shuffled = async (task) => {
  const { labels, examples } = await readTask(task, args['data-dir'], 'test');
  return random.shuffle(examples).map(({ text, label }) => ({ text, label: labels[label] }));
};

const model = join(root, 'model');
cpSync(args.model, model, { recursive: true });
const usual = await shuffled(args.before);
const shifted = await shuffled(args.after);
const fresh = join(root, 'fresh.jsonl');
writeFileSync(
  fresh,
  usual
    .splice(0, Number(args.calibration))
    .map((row) => `${JSON.stringify(row)}\n`)
    .join(''),
);
const certify = ['calibrate', '--model', model, '--max-drop', args['max-drop'], '--calibration', fresh];
console.log(
  execFileSync(process.execPath, [main, ...certify], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .at(-1),
);

const probe = createServer().listen(0, '127.0.0.1');
await new Promise((resolve) => probe.once('listening', resolve));
const { port } = probe.address();
await new Promise((resolve) => probe.close(resolve));
const flags = ['--port', String(port), '--audit-rate', args['audit-rate'], '--audit-budget', args['audit-budget']];
const server = spawn(process.execPath, [main, 'serve', '--model', `m=${model}`, ...flags], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const log = createInterface({ input: server.stdout });
const ended = new Promise((resolve) => server.once('exit', resolve));
const url = `http://127.0.0.1:${port}`;

try {
  await Promise.race([
    new Promise((resolve) => log.on('line', (line) => line.includes('"ready"') && resolve())),
    ended.then(() => {
      throw new Error('the server ended before it was ready');
    }),
  ]);
  const quiet = await stream(usual.slice(0, Number(args.texts)));
  console.log(`before: ${JSON.stringify(quiet)}`);
  const after = await stream(shifted);
  console.log(`after: ${JSON.stringify(after)}`);
  if (quiet.alarm) console.log('a false alarm before the shift');
  else if (after.alarm) console.log(`the shift is seen after ${after.texts - quiet.texts} audited texts`);
  else console.log(`the shift is not seen in ${after.texts - quiet.texts} audited texts`);
} finally {
  server.kill();
  await ended;
  rmSync(root, { recursive: true, force: true });
}

/** Sends all of them, or those until an alarm; what the audits then say. */
async function stream(rows) {
  const size = Number(args.batch);
  let state = await audit();
  for (let at = 0; at < rows.length && !state.alarm; at += size) {
    const inputs = rows.slice(at, at + size).map(({ text }) => text);
    const answer = await fetch(`${url}/v1/classify`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inputs }),
    });
    if (!answer.ok) throw new Error(`the server answers ${answer.status}: ${await answer.text()}`);
    await answer.arrayBuffer();
    for (state = await audit(); state.waiting > 0; state = await audit()) await sleep(2);
  }
  return state;
}

async function audit() {
  const { audit } = await (await fetch(`${url}/v1/models/m`)).json();
  if (audit === null) throw new Error('nothing is audited: is the tau of the model certified?');
  return audit;
}
