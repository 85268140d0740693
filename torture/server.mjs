// A server under honest and bad traffic at once: memory, open files and honest answers stay as they were, nothing it says is a
// fault of its own, no text comes out in its log, and nothing that it took is lost when it is told to stop.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { randomStream } from '../dist/random.js';
import { MAIN, rows, smallModel } from './good-inputs.mjs';
import { mutate } from './parsers/mutate.mjs';

const MINUTES = { short: 0.4, full: 20 };
const STOPS = { short: 2, full: 20 };
const IDLE = { short: 500, full: 5000 };
const CLIENTS = 8;
/** Found again in a log or an error body, it has leaked. */
const MARK = 'zqxjkvb';

export async function server({ dir, seed, short, report, say }) {
  const own = join(dir, 'server');
  mkdirSync(own, { recursive: true });
  const { model } = smallModel(own, seed);
  await steady({
    own,
    model,
    seed,
    minutes: short ? MINUTES.short : MINUTES.full,
    idle: short ? IDLE.short : IDLE.full,
    report,
    say,
  });
  await stops({ model, seed, times: short ? STOPS.short : STOPS.full, report });
}

/** Preloaded: says each second how long the event loop was held at most. */
const WATCH = `
import { monitorEventLoopDelay } from 'node:perf_hooks';
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
setInterval(() => { process.stderr.write('held ' + (delay.max / 1e6).toFixed(1) + '\\n'); delay.reset(); }, 1000).unref();
`;

async function start(model, preload = null) {
  const nodeArgs = preload ? ['--import', preload] : [];
  const child = spawn(
    process.execPath,
    [
      ...nodeArgs,
      MAIN,
      'serve',
      '--model',
      `mails=${model}`,
      '--port',
      '0',
      '--no-page',
      '--workers',
      '1',
      '--log-level',
      'debug',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const held = [];
  let log = '';
  const ended = new Promise((done) => child.on('exit', (code, signal) => done(code ?? signal)));
  const port = await new Promise((done, fail) => {
    child.stdout.on('data', (text) => {
      log += text;
      const found = /127\.0\.0\.1:(\d+)/.exec(log);
      if (found) done(Number(found[1]));
    });
    child.stderr.on('data', (text) => {
      for (const [, ms] of String(text).matchAll(/^held ([\d.]+)$/gm)) held.push(Number(ms));
      if (!/^held /.test(text)) log += text;
    });
    void ended.then((code) => fail(new Error(`the server ended with ${code}: ${log.slice(-2000)}`)));
  });
  return { child, port, held, ended, log: () => log };
}

/** Memory of the process in MiB, and its open files. */
function footprint(pid) {
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  return { rss, files: readdirSync(`/proc/${pid}/fd`).length };
}

function post(agent, port, path, payload, headers = {}) {
  return new Promise((done) => {
    const begin = performance.now();
    const failed = (error) =>
      done({
        status: 0,
        body: '',
        code: error.code ?? error.message,
        ms: performance.now() - begin,
        reused: sent.reusedSocket,
      });
    const sent = request(
      {
        agent,
        port,
        host: '127.0.0.1',
        path,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': payload.length, ...headers },
      },
      (reply) => {
        let body = '';
        reply.on('data', (text) => {
          body += text;
        });
        reply.on('error', failed);
        reply.on('end', () => done({ status: reply.statusCode, body, ms: performance.now() - begin }));
      },
    );
    sent.on('error', failed);
    sent.end(payload);
  });
}

const honestBody = (random, texts) =>
  Buffer.from(
    JSON.stringify({
      inputs: Array.from({ length: 1 + random.integer(4) }, () => texts[random.integer(texts.length)].text),
    }),
  );

const quantile = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? Number.NaN;

async function steady({ own, model, seed, minutes, idle, report, say }) {
  const preload = join(own, 'watch.mjs');
  writeFileSync(preload, WATCH);
  const { child, port, held, log } = await start(model, preload);
  const texts = rows(seed, 200);
  const random = randomStream(seed, 'torture server');
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  let stop = false;
  const honest = { ms: [], wrong: [] };
  /** Honest clients, which together ask `share` of what they could. */
  const client = async (gap) => {
    // a server that has ended answers nobody, and the part fails with what it last said
    while (!stop && child.exitCode === null && child.signalCode === null) {
      const { status, body, ms, code } = await post(agent, port, '/v1/classify', honestBody(random, texts));
      honest.ms.push(ms);
      if (status !== 200 || JSON.parse(body).results.some(({ label }) => label !== 'yes' && label !== 'no'))
        honest.wrong.push(`${status} ${code ?? body.slice(0, 200)}`);
      if (gap() > 0) await new Promise((done) => setTimeout(done, gap()));
    }
  };
  // what they can get at most: half of it is asked from then on
  let gap = 0;
  const clients = Array.from({ length: CLIENTS }, () => client(() => gap));
  await pause(3000);
  gap = honest.ms.reduce((sum, ms) => sum + ms, 0) / honest.ms.length;
  honest.ms = [];
  held.length = 0;
  await pause(Math.max(4000, minutes * 6000));
  const [alone, heldAlone] = [honest.ms, Math.max(...held)];
  const before = footprint(child.pid);
  honest.ms = [];
  held.length = 0;

  const bad = { sent: 0, faults: [], leaks: [] };
  const end = Date.now() + minutes * 60_000;
  const attackers = [mutants, slowBodies, hugeTexts, deepJson, hangUps].map(async (attack, i) => {
    const own = randomStream(seed, 'attack', i);
    while (Date.now() < end) await attack({ port, random: own, bad });
  });
  const idlers = idleConnections(port, idle);
  const files = [];
  const memory = [];
  while (Date.now() < end) {
    await pause(Math.min(5000, minutes * 6000));
    const now = footprint(child.pid);
    files.push(now.files);
    memory.push(now.rss);
  }
  await Promise.all(attackers);
  idlers.close();
  const [during, heldDuring] = [honest.ms, Math.max(...held)];
  await pause(2000);
  const after = footprint(child.pid);
  stop = true;
  await Promise.all(clients);
  agent.destroy();
  child.kill('SIGKILL');

  const third = Math.ceil(memory.length / 3);
  const [early, late] = [Math.max(...memory.slice(0, third)), Math.max(...memory.slice(-third))];
  const p99 = [quantile(alone, 0.99), quantile(during, 0.99)];
  say(`  ${during.length} honest requests, ${bad.sent} bad ones, ${idle} idle connections, in ${minutes} minutes`);
  report(
    'every honest request is answered rightly under bad traffic',
    `${honest.wrong.length} of ${during.length} were not ${honest.wrong.slice(0, 3).join('; ')}`,
    honest.wrong.length === 0 && during.length > 0,
  );
  report(
    'no bad request gets a 5xx or an error without a sentence',
    `${bad.faults.length} of ${bad.sent} ${bad.faults.slice(0, 3).join('; ')}`,
    bad.faults.length === 0 && bad.sent > 0,
  );
  report(
    'no error body gives back the text',
    `${bad.leaks.length} of ${bad.sent} ${bad.leaks.slice(0, 2).join('; ')}`,
    bad.leaks.length === 0,
  );
  report(
    'no text is in the log, at level debug',
    log().includes(MARK) ? 'one is' : `${log().length} characters searched`,
    !log().includes(MARK) && log().length > 0,
  );
  report(
    'honest p99 at most doubles under bad traffic',
    `${p99[0].toFixed(1)} ms alone, ${p99[1].toFixed(1)} ms beside it`,
    p99[1] <= 2 * p99[0],
  );
  report(
    'one body does not hold the event loop for 50 ms',
    `${heldAlone} ms at most alone, ${heldDuring} ms beside bad traffic`,
    held.length > 0 && heldDuring <= Math.max(50, heldAlone),
  );
  report(
    'memory does not grow from the first to the last third',
    `${Math.round(before.rss)} MiB before, at most ${Math.round(early)} and ${Math.round(late)}, ${Math.round(after.rss)} after`,
    late <= early * 1.2 + 32,
  );
  report(
    'open files go back to what they were',
    `${before.files} before, ${Math.max(...files)} at most, ${after.files} after`,
    after.files <= before.files + 16,
  );
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const PATHS = ['/v1/classify', '/v1/explain', '/predict', '/', '/v2/models/mails/infer', '/classify'];
const BODIES = [
  { inputs: [`${MARK} word1`, { text: MARK, pair: 'word2' }], tau: 0.5, topK: 2, truncate: 'left', model: 'mails' },
  { input: MARK, tau: 0.3 },
  { inputs: [[MARK, 'word2']], parameters: { top_k: 2 } },
  { id: '7', inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', data: [MARK] }], outputs: [{ name: 'scores' }] },
].map((body) => Buffer.from(JSON.stringify(body)));

/** Looks at an answer to a bad request. */
function look({ status, body, code }, bad, what) {
  bad.sent++;
  // the server may hang up on what it will not read to its end
  if (status === 0) {
    if (code !== 'ECONNRESET' && code !== 'EPIPE') bad.faults.push(`${what}: ${code}`);
    return;
  }
  if (status >= 500 && status !== 504) bad.faults.push(`${what}: ${status} ${body.slice(0, 200)}`);
  if (status >= 400 && !/"[^"]{10,}"/.test(body)) bad.faults.push(`${what}: ${status} without a sentence: ${body}`);
  if (status >= 400 && body.includes(MARK)) bad.leaks.push(`${what}: ${body.slice(0, 200)}`);
}

const agentOfBad = new Agent({ keepAlive: true, maxSockets: 4 });

async function mutants({ port, random, bad }) {
  const path = PATHS[random.integer(PATHS.length)];
  const body = mutate(random, BODIES[random.integer(BODIES.length)], BODIES);
  look(await post(agentOfBad, port, path, body), bad, `a mutated body to ${path}`);
}

/** A body that never arrives: a byte a while, then nothing. */
async function slowBodies({ port, bad }) {
  bad.sent++;
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(
    'POST /v1/classify HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n',
  );
  for (let i = 0; i < 20; i++) {
    socket.write('{');
    await pause(100);
  }
  socket.destroy();
}

/** Ten megabytes of text, more than a body may have; and as much as it may. */
async function hugeTexts({ port, random, bad }) {
  const length = random.next() < 0.5 ? 10_000_000 : 1_900_000;
  const body = Buffer.from(JSON.stringify({ inputs: `${MARK} ${'word1 '.repeat(length / 6)}` }));
  look(await post(agentOfBad, port, '/v1/classify', body), bad, `a text of ${length} characters`);
  await pause(200);
}

async function deepJson({ port, random, bad }) {
  const depth = 1 + random.integer(900_000);
  const body = Buffer.from(
    random.next() < 0.5 ? '['.repeat(depth) : `{"inputs":${'['.repeat(depth)}${']'.repeat(depth)}}`,
  );
  look(await post(agentOfBad, port, PATHS[random.integer(PATHS.length)], body), bad, `JSON ${depth} deep`);
  await pause(100);
}

/** Clients that go before the answer comes. */
async function hangUps({ port, random, bad }) {
  bad.sent++;
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const body = BODIES[0];
  socket.write(
    `POST /v1/classify HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
  );
  socket.write(body);
  await pause(random.integer(20));
  socket.destroy();
}

function idleConnections(port, count) {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    return socket;
  });
  const close = () => {
    for (const socket of sockets) socket.destroy();
  };
  return { close };
}

/** Told to stop while it is busy: whatever it took is answered. */
async function stops({ model, seed, times, report }) {
  const random = randomStream(seed, 'torture stops');
  const texts = rows(seed, 200);
  let [answered, refused] = [0, 0];
  const lost = [];
  const codes = new Set();
  for (let n = 0; n < times; n++) {
    const { child, port, ended, log } = await start(model);
    let stop = false;
    const agent = new Agent({ keepAlive: true });
    const client = async () => {
      while (!stop) {
        const { status, code, reused } = await post(agent, port, '/v1/classify', honestBody(random, texts));
        if (status === 200) answered++;
        else if (code === 'ECONNREFUSED') {
          refused++;
          return;
        } else lost.push(`${status} ${code ?? ''}${reused ? ' on a connection that was used before' : ''}`);
      }
    };
    const clients = Array.from({ length: CLIENTS }, client);
    await pause(500 + random.integer(500));
    child.kill('SIGTERM');
    codes.add(await ended);
    stop = true;
    await Promise.all(clients);
    agent.destroy();
    if (log().includes('"level":60')) lost.push(`the log of stop ${n} has a fatal error`);
  }
  report(
    `a server that is told to stop under load loses no request (${times} times)`,
    `${lost.length} lost of ${answered + lost.length}, ${refused} clients refused afterwards ${[...new Set(lost)].slice(0, 3).join('; ')}`,
    lost.length === 0 && answered > 0,
  );
  report('and ends with exit code 0', [...codes].join(', '), codes.size === 1 && codes.has(0));
}
