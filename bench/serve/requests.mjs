// What a request costs over HTTP, beside the text in it: for a model that answers at floor 0. One server for each --dist, all
// started first, then asked in turns, since machines are shared and their speed drifts: read the ratios. Usage, after
// `npm run build` (another version's dist/ can stand beside its own package.json and node_modules):
//   node bench/serve/requests.mjs --model DIR --data-dir DIR --dist dist [--dist OTHER/dist] [--rounds 5] [--seconds 2]
//     [--connections 16] [--path /v1/classify] [--bare]
// --bare: beside a server of node:http that does nothing with the text: what is left is ours.
// Of each version: p50 and p99 in ms of one client that waits for each answer (keep-alive), requests a second of
// --connections such clients, and microseconds of the server's processor time a request, from its own /metrics.
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    'data-dir': { type: 'string' },
    dist: { type: 'string', multiple: true, default: [join(import.meta.dirname, '..', '..', 'dist')] },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '16' },
    path: { type: 'string', default: '/v1/classify' },
    bare: { type: 'boolean', default: false },
  },
});
const { model, path } = options;
if (!model || !options['data-dir']) throw new Error('give --model and --data-dir');
const dists = options.dist.map((dist) => resolve(dist));
const BARE = 'bare';
const systems = options.bare ? [...dists, BARE] : dists;
const { readTask } = await import(join(dists[0], 'text', 'index.js'));
const { examples } = await readTask('ag_news', options['data-dir'], 'test');
const bodies = examples.slice(0, 2000).map(({ text }) => Buffer.from(JSON.stringify({ inputs: text })));
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const round = (value) => Number(value.toPrecision(4));

/** Starts a server on a port of the system's choice; gives its port and what ends it. */
async function serve(dist) {
  const own = ['serve', '--model', model, '--port', '0', '--no-page', '--workers', '1'];
  const args = dist === BARE ? [join(import.meta.dirname, 'bare-server.mjs')] : [join(dist, 'cli', 'main.js'), ...own];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const port = await new Promise((done, failed) => {
    let said = '';
    const read = (chunk) => {
      said += chunk;
      const found = /http:\/\/[^\s":]+:(\d+)/.exec(said);
      if (found) done(Number(found[1]));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', () => failed(new Error(`the server ended: ${said}`)));
  });
  return { port, stop: () => child.kill() };
}

/** One client: sends the next body when it has the last one's answer, for so many seconds. Times in ms. */
function client(port, seconds, first) {
  const times = [];
  return new Promise((done, failed) => {
    const socket = connect(port, '127.0.0.1').setNoDelay();
    const end = performance.now() + seconds * 1000;
    let at = first;
    let since = 0;
    let have = '';
    const send = () => {
      const body = bodies[at++ % bodies.length];
      since = performance.now();
      if (since > end) return socket.end(() => done(times));
      const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
      socket.write(Buffer.concat([Buffer.from(head), body]));
    };
    socket.on('connect', send).on('error', failed);
    socket.on('data', (chunk) => {
      have += chunk.toString('latin1');
      const head = have.indexOf('\r\n\r\n');
      if (head < 0 || have.length < head + 4 + Number(/content-length: (\d+)/i.exec(have)[1])) return;
      if (!have.startsWith('HTTP/1.1 200')) return failed(new Error(have.slice(0, 400)));
      times.push(performance.now() - since);
      have = '';
      send();
    });
  });
}

async function cpuSeconds(port) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^process_cpu_seconds_total ([\d.e-]+)/m.exec(text)[1]);
}

async function turn({ port }) {
  const seconds = Number(options.seconds);
  const many = Number(options.connections);
  const alone = (await client(port, seconds, 0)).sort((a, b) => a - b);
  const before = await cpuSeconds(port);
  const start = performance.now();
  const all = (await Promise.all(Array.from({ length: many }, (_, i) => client(port, seconds, i * 37)))).flat();
  const took = (performance.now() - start) / 1000;
  const cpu = (await cpuSeconds(port)) - before;
  return {
    p50: median(alone),
    p99: alone[Math.floor(0.99 * alone.length)],
    perSecond: all.length / took,
    cpuMicroseconds: (1e6 * cpu) / all.length,
  };
}

const servers = [];
try {
  for (const dist of systems) servers.push({ dist, found: [], ...(await serve(dist)) });
  for (const server of servers) await turn(server); // until it is compiled
  for (let i = 0; i < Number(options.rounds); i++) for (const server of servers) server.found.push(await turn(server));
  for (const { dist, found } of servers) {
    const keys = Object.keys(found[0]);
    const of = (key) => round(median(found.map((one) => one[key])));
    const ratio = (key) => round(median(found.map((one, i) => one[key] / servers[0].found[i][key])));
    console.log(
      JSON.stringify({
        dist,
        ...Object.fromEntries(keys.map((key) => [key, of(key)])),
        toFirst: Object.fromEntries(keys.map((key) => [key, ratio(key)])),
      }),
    );
  }
} finally {
  for (const { stop } of servers) stop();
}
