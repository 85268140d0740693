/**
 * The server on the clock, over loopback with real AG News texts. From the project's root, after `npm run build` and
 * `npm ci --prefix bench/serve`, with wrk (apt-get install wrk) on the path, one piece at a time (machines are shared and
 * their speed drifts: what is compared is measured in rounds within one piece, so read the ratios):
 *
 *   node bench/serve/run.mjs engine   --model DIR --data-dir DIR   HTTP against the engine called directly, 64 at once
 *   node bench/serve/run.mjs peer     --model DIR --data-dir DIR   against Fastify and transformers.js, same weights
 *   node bench/serve/run.mjs order    --model DIR --data-dir DIR   batches filled against texts finished in order
 *   node bench/serve/run.mjs against  --model DIR --max-tau X --other DIR --other-tau X --data-dir DIR   two models, each at a tau
 *   node bench/serve/run.mjs half     --model DIR --data-dir DIR   p99 and median at half of the saturating load
 *   node bench/serve/run.mjs overload --model DIR --data-dir DIR   ten times as many connections, --tau auto
 *   node bench/serve/run.mjs attack   --model DIR --data-dir DIR   texts that never leave early
 *   node bench/serve/run.mjs kill     --model DIR --data-dir DIR   a worker ended every 5 s, --seconds 120
 *   node bench/serve/run.mjs start    --model DIR --data-dir DIR   from start to ready
 *
 * Options: --seconds 10, --rounds 3, --connections 64, --dialect own|tei, --max-tau X, --slo 50ms, --json FILE.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string' },
    'data-dir': { type: 'string' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    dialect: { type: 'string', default: 'own' },
    'max-tau': { type: 'string' },
    other: { type: 'string' },
    'other-tau': { type: 'string' },
    slo: { type: 'string', default: '50ms' },
    dist: { type: 'string', default: join(import.meta.dirname, '..', '..', 'dist') },
    json: { type: 'string' },
  },
});
const { dist, model, dialect } = options;
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const connections = Number(options.connections);
const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), 'bench-serve-'));
const texts = join(folder, 'texts.json');
const bodies = join(folder, 'bodies');
const started = [];

const { readTask } = await import(`${dist}/text/index.js`);
const { examples, labels } = await readTask('ag_news', options['data-dir'], 'test');
writeFileSync(
  texts,
  JSON.stringify(examples.slice(0, 2000).map(({ text, label }) => ({ text, label: labels[label] }))),
);
writeFileSync(
  bodies,
  examples
    .slice(0, 2000)
    .map(({ text }) => `${JSON.stringify({ inputs: text })}\n`)
    .join(''),
);

const child = async (script, argument) => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(here, script), JSON.stringify(argument)]);
  return JSON.parse(stdout);
};
const path = { own: '/v1/classify', tei: '/predict', peer: '/predict' };
/** By wrk, which leaves most of the machine to the server; answers are not looked at. */
async function flood(url, { connections: open = connections, seconds: lasts = seconds, to = path[dialect] } = {}) {
  const { stdout } = await promisify(execFile)('wrk', [
    ...['-t1', `-c${open}`, `-d${lasts}s`, '--timeout', '60s', '-s', join(here, 'load.lua'), url, '--', bodies, to],
  ]);
  const found = JSON.parse(stdout.trim().split('\n').at(-1));
  if (found.broken > 0) throw new Error(`${found.broken} requests had no answer`);
  return { ...found, perSecond: (found.requests - found.refused) / found.seconds };
}
/** By autocannon, in whose process each answer can be checked. */
const load = (url, more = {}) => child('load.mjs', { url, texts, connections, seconds, dialect, ...more });
const direct = () => child('direct.mjs', { dist, model, texts, connections, seconds });

/** Starts a server; gives its address and the milliseconds until it was ready. */
async function serve(port, args) {
  const begin = performance.now();
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  started.push(server);
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    const isReady = await fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) break;
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const readyMs = performance.now() - begin;
  const stop = () =>
    new Promise((resolve) => {
      server.once('exit', resolve);
      server.kill('SIGTERM');
    });
  return { url, readyMs, stop };
}
const own = (...args) =>
  serve(8191, [join(dist, 'cli', 'main.js'), 'serve', '--model', model, '-p', '8191', '--no-page', ...args]);
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const round = (value) => Number(value.toPrecision(4));

const pieces = {
  async engine() {
    const { url, stop } = await own();
    await flood(url, { seconds: 3 });
    const found = [];
    for (let i = 0; i < rounds; i++) {
      const http = await flood(url);
      const engine = await direct();
      found.push({ http: http.perSecond, engine: engine.perSecond, ratio: http.perSecond / engine.perSecond });
    }
    await stop();
    return { rounds: found, ratio: median(found.map(({ ratio }) => ratio)) };
  },
  async order() {
    const found = [];
    for (let i = 0; i < rounds; i++) {
      const round = {};
      // a promise that nothing can break: only the order differs
      for (const [name, args] of Object.entries({ throughput: [], arrival: ['--slo-p95', '60s'] })) {
        const { url, stop } = await own(...args);
        await flood(url, { seconds: 3 });
        const { perSecond, p50, p95, p99 } = await flood(url);
        await stop();
        round[name] = { perSecond, p50, p95, p99 };
      }
      found.push(round);
    }
    const ratio = (key) => median(found.map(({ throughput, arrival }) => arrival[key] / throughput[key]));
    return { rounds: found, perSecond: ratio('perSecond'), p95: ratio('p95'), p99: ratio('p99') };
  },
  async against() {
    const systems = [
      { model, tau: options['max-tau'] },
      { model: options.other, tau: options['other-tau'] },
    ];
    for (const [i, one] of systems.entries()) {
      const args = ['--model', one.model, '--tau', one.tau, '-p', String(8191 + i), '--no-page'];
      Object.assign(one, await serve(8191 + i, [join(dist, 'cli', 'main.js'), 'serve', ...args]), { found: [] });
      await flood(one.url, { seconds: 3 });
    }
    for (let i = 0; i < rounds; i++)
      for (const { url, found } of systems) {
        const { perSecond, p50, p99 } = await flood(url);
        found.push({ perSecond, p50, p99 });
      }
    for (const { stop } of systems) await stop();
    const [mine, other] = systems.map(({ found }) => found);
    return { mine, other, ratio: median(mine.map(({ perSecond }, i) => perSecond / other[i].perSecond)) };
  },
  async peer() {
    const { writeDenseModel } = await import(`${dist}/bench/dense-model.js`);
    const dense = join(folder, 'dense');
    await writeDenseModel(model, dense);
    const other = await serve(8192, [join(here, 'peer-server.mjs'), dense, '8192']);
    const { url, stop } = await own();
    await load(url, { seconds: 3 });
    await load(other.url, { seconds: 3, dialect: 'peer' });
    const found = [];
    for (let i = 0; i < rounds; i++) {
      const mine = await load(url, { check: true });
      const theirs = await load(other.url, { dialect: 'peer', check: true });
      found.push({
        own: mine.perSecond,
        peer: theirs.perSecond,
        ratio: mine.perSecond / theirs.perSecond,
        accuracy: mine.accuracy,
        peerAccuracy: theirs.accuracy,
      });
    }
    await Promise.all([stop(), other.stop()]);
    return { rounds: found, ratio: median(found.map(({ ratio }) => ratio)) };
  },
  async half() {
    const { url, stop } = await own();
    await flood(url, { seconds: 3 });
    const steady = (rate) => child('steady.mjs', { url, texts, connections, seconds, dialect, rate });
    const found = [];
    for (let i = 0; i < rounds; i++) {
      const { perSecond } = await flood(url);
      const { p50, p99, answered, sent } = await steady(perSecond / 2);
      if (answered !== sent) throw new Error(`${sent - answered} requests had no answer`);
      // hardly ever two at once: what is left is that deep texts take longer
      const idle = await steady(40);
      const alone = { p50: idle.p50, p99: idle.p99, ratio: idle.p99 / idle.p50 };
      found.push({ saturating: perSecond, p50, p99, ratio: p99 / p50, alone });
    }
    await stop();
    return { rounds: found, ratio: median(found.map(({ ratio }) => ratio)) };
  },
  async overload() {
    const bound = options['max-tau'] ? ['--max-tau', options['max-tau']] : []; // else the calibration's
    const { url, stop } = await own('--tau', 'auto', ...bound, '--slo-p95', options.slo);
    await flood(url, { seconds: 3 });
    const before = await load(url, { check: true, seconds: 5 });
    // nine of ten clients do nothing but ask again; the tenth looks at answers and times in a process that keeps up
    const rest = flood(url, { connections: 9 * connections, seconds: seconds + 2 });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const during = await load(url, { check: true });
    const others = await rest;
    const after = await (await fetch(`${url}/health`)).status;
    await stop();
    return { before, during, others, healthAfter: after };
  },
  async kill() {
    const { url, stop } = await serve(8191, [join(here, 'falling-server.mjs'), dist, model, '8191']);
    const during = await load(url, { check: true });
    await stop();
    return during;
  },
  async attack() {
    // no text leaves early where exits are off: the dearest that any text can be made
    const { url, stop } = await own('--tau', 'off');
    await flood(url, { seconds: 3 });
    const found = await flood(url);
    await stop();
    return found;
  },
  async start() {
    const found = [];
    for (let i = 0; i < 5; i++) {
      const { readyMs, stop } = await own();
      found.push(readyMs);
      await stop();
    }
    return { readyMs: found.map(round), median: round(median(found)) };
  },
};

try {
  const piece = pieces[positionals[0]];
  if (!piece || !model || !options['data-dir'])
    throw new Error(`give one of ${Object.keys(pieces).join(', ')}, --model and --data-dir`);
  const result = { piece: positionals[0], seconds, connections, ...(await piece()) };
  console.log(JSON.stringify(result, (_, value) => (typeof value === 'number' ? round(value) : value), 2));
  if (options.json) writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
} finally {
  for (const server of started) server.kill('SIGKILL');
  rmSync(folder, { recursive: true });
}
