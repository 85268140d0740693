#!/usr/bin/env node
// Two `jobs work` processes on one queue against two plain `predict` processes on halves of the same file, a thread each, by
// turns: what the queue, shards and manifest cost. Needs redis-server and the built package.
//
//   npm run build && node bench/jobs/run.mjs --model runs/mails [--rows 100000] [--rounds 3] [--shard-bytes 4194304]
//
// Prints one JSON line a round, then the ratio of throughputs (queue over plain; medians). Reading and cutting the file
// (`jobs submit`) is timed by itself: a plain run of halves needs the halves to be made as well.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    rows: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    'shard-bytes': { type: 'string', default: String(4 * 2 ** 20) },
  },
});
if (!values.model) {
  console.error('--model is missing; give a model folder');
  process.exit(2);
}
const root = mkdtempSync(join(tmpdir(), 'jobs-bench-'));
const main = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
const rows = Number(values.rows);

const line = (i) => `${i},"${'you have won a meeting about money soon '.repeat(1 + (i % 3))}${i}"\n`;
const lines = Array.from({ length: rows }, (_, i) => line(i));
const half = Math.ceil(rows / 2);
const file = (name, part) => {
  writeFileSync(join(root, name), `id,text\n${part.join('')}`);
  return join(root, name);
};
const whole = file('whole.csv', lines);
const halves = [file('half-0.csv', lines.slice(0, half)), file('half-1.csv', lines.slice(half))];

const probe = createServer().listen(0, '127.0.0.1');
await once(probe, 'listening');
const { port } = probe.address();
probe.close();
const redis = spawn('redis-server', ['--port', String(port), '--save', '', '--bind', '127.0.0.1'], { stdio: 'ignore' });
await sleep(1000);

const env = { ...process.env, MAGIC_PYRAMID_QUEUE: `redis://127.0.0.1:${port}` };
async function cli(args, out = null) {
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const written = out === null ? child.stdout.resume() : child.stdout.pipe(createWriteStream(out));
  const [[code]] = await Promise.all([once(child, 'exit'), once(written, out === null ? 'end' : 'finish')]);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
}
async function timed(work) {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

const found = { plain: [], queue: [] };
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    const out = join(root, `out-${round}`);
    const plain = () =>
      timed(() =>
        Promise.all(
          halves.map((path, i) =>
            cli(['predict', '--model', values.model, '--file', path, '--workers', '1'], join(root, `answers-${i}`)),
          ),
        ),
      );
    let submit = 0;
    const queue = async () => {
      const shards = ['--shard-bytes', values['shard-bytes']];
      submit = await timed(() => cli(['jobs', 'submit', whole, '--model', values.model, '--out', out, ...shards]));
      return timed(() => Promise.all([0, 1].map(() => cli(['jobs', 'work', out, '--workers', '1']))));
    };
    const seconds = {};
    for (const way of round % 2 === 0 ? ['plain', 'queue'] : ['queue', 'plain']) {
      seconds[way] = await (way === 'plain' ? plain() : queue());
      found[way].push(rows / seconds[way]);
    }
    console.log(JSON.stringify({ round, rows, seconds, submitSeconds: submit }));
  }
  const rates = { plain: median(found.plain), queue: median(found.queue) };
  console.log(JSON.stringify({ rowsPerSecond: rates, ratio: rates.queue / rates.plain }));
} finally {
  redis.kill();
  rmSync(root, { recursive: true, force: true });
}
