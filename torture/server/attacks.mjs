// Bad traffic, in a process of its own and of the lowest priority, since it would come from other machines: mutated bodies, bodies
// that never arrive or never end, huge texts, deep JSON, odd names, wrong keys, clients that hang up, connections that say
// nothing. Tells at its end what it was answered.
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { setPriority } from 'node:os';
import { randomStream } from '../../dist/random.js';
import { mutate } from '../parsers/mutate.mjs';
import { pause, post } from './client.mjs';
import { KEY, MARK, WRONG_KEY } from './serving.mjs';

const { port, seed, ms, idle, model } = JSON.parse(process.argv[2]);
setPriority(19);
const told = { sent: 0, faults: [], leaks: [], mostIdle: 0 };
const end = performance.now() + ms;
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

const PATHS = ['/v1/classify', '/v1/explain', '/predict', '/', '/v2/models/mails/infer', '/classify'];
const BODIES = [
  { inputs: [`${MARK} word1`, { text: MARK, pair: 'word2' }], tau: 0.5, topK: 2, truncate: 'left', model: 'mails' },
  { input: MARK, tau: 0.3 },
  { inputs: [[MARK, 'word2']], parameters: { top_k: 2 } },
  { id: '7', inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', data: [MARK] }], outputs: [{ name: 'scores' }] },
].map((body) => Buffer.from(JSON.stringify(body)));

/** Looks at an answer to a bad request. */
function look({ status, body, code }, what) {
  told.sent++;
  const fault = (text) => told.faults.length < 50 && told.faults.push(`${what}: ${text}`);
  // the server may hang up on what it will not read to its end
  if (status === 0) {
    if (code !== 'ECONNRESET' && code !== 'EPIPE') fault(code);
    return;
  }
  if (status < 400) return;
  if (status >= 500 && status !== 504) fault(`${status} ${body.slice(0, 200)}`);
  if (!/"[^"]{10,}"/.test(body)) fault(`${status} without a sentence: ${body.slice(0, 200)}`);
  for (const word of [MARK, KEY, WRONG_KEY, model])
    if (body.includes(word) && told.leaks.length < 50) told.leaks.push(`${what}: ${word}: ${body.slice(0, 200)}`);
}

const pick = (random, list) => list[random.integer(list.length)];
const head = (rest) =>
  `POST /v1/classify HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${KEY}\r\ncontent-type: application/json\r\n${rest}\r\n\r\n`;

function open() {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  return socket;
}

async function mutants(random) {
  const path = pick(random, PATHS);
  const body = mutate(random, pick(random, BODIES), BODIES);
  look(await post(agent, port, path, body), `a mutated body to ${path}`);
  await pause(5);
}

/** A byte a while, then nothing. */
async function slowBodies() {
  told.sent++;
  const socket = open();
  socket.write(head('content-length: 1000'));
  for (let i = 0; i < 20; i++) {
    socket.write('{');
    await pause(100);
  }
  socket.destroy();
}

/** Chunk after chunk, until the server has had enough. */
async function endlessBodies() {
  told.sent++;
  const socket = open();
  socket.write(head('transfer-encoding: chunked'));
  socket.write('1\r\n[\r\n');
  const chunk = `${(2 ** 16).toString(16)}\r\n${`"${MARK}",`.repeat(2 ** 13).slice(0, 2 ** 16)}\r\n`;
  for (let i = 0; i < 2000 && !socket.destroyed && socket.writable; i++) {
    if (!socket.write(chunk)) await Promise.race([new Promise((done) => socket.once('drain', done)), pause(1000)]);
    await pause(1);
  }
  if (!socket.destroyed && socket.writable) told.faults.push('an endless body of 128 MB is read on and on');
  socket.destroy();
  await pause(500);
}

/** Ten megabytes of text, more than a body may have; and as much as it may. */
async function hugeTexts(random) {
  const length = random.next() < 0.5 ? 10_000_000 : 1_900_000;
  const body = Buffer.from(JSON.stringify({ inputs: `${MARK} ${'word1 '.repeat(length / 6)}` }));
  look(await post(agent, port, '/v1/classify', body), `a text of ${length} characters`);
  await pause(200);
}

async function deepJson(random) {
  const depth = 1 + random.integer(900_000);
  const body = Buffer.from(
    random.next() < 0.5 ? '['.repeat(depth) : `{"inputs":${'['.repeat(depth)}${']'.repeat(depth)}}`,
  );
  look(await post(agent, port, pick(random, PATHS), body), `JSON ${depth} deep`);
  await pause(100);
}

/** Models and routes that nobody has, each another. */
async function oddNames(random) {
  const name = `no-${random.integer(1e9)}`;
  const path = pick(random, ['/v1/classify', `/${name}`, `/v2/models/${name}/infer`, `/v1/models/${name}`]);
  const body = Buffer.from(JSON.stringify({ inputs: 'word1', model: name }));
  look(await post(agent, port, path, body), `odd names at ${path}`);
  await pause(20);
}

async function wrongKeys(random) {
  const body = pick(random, BODIES);
  look(await post(agent, port, pick(random, PATHS), body, { authorization: `Bearer ${WRONG_KEY}` }), 'a wrong key');
  await pause(50);
}

/** Clients that go before the answer comes. */
async function hangUps(random) {
  told.sent++;
  const socket = open();
  const body = BODIES[0];
  socket.write(head(`content-length: ${body.length}`));
  socket.write(body);
  await pause(random.integer(20));
  socket.destroy();
}

/** So many connections, each opened again when the server closes it. */
function idleConnections(count) {
  const sockets = new Set();
  let isOver = false;
  let [opened, connected] = [0, 0];
  const one = () => {
    const socket = open();
    sockets.add(socket);
    socket.once('connect', () => {
      connected++;
      told.mostIdle = Math.max(told.mostIdle, connected);
      socket.once('close', () => connected--);
    });
    socket.once('close', () => {
      sockets.delete(socket);
      if (!isOver) setTimeout(one, 500);
    });
  };
  // not all in one moment
  const timer = setInterval(() => {
    for (let i = 0; i < 100 && opened < count; i++, opened++) one();
    if (opened >= count) clearInterval(timer);
  }, 100);
  return () => {
    isOver = true;
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
  };
}

const close = idleConnections(idle);
const attacks = [mutants, slowBodies, endlessBodies, hugeTexts, deepJson, oddNames, wrongKeys, hangUps];
await Promise.all(
  attacks.map(async (attack, i) => {
    const random = randomStream(seed, 'attack', i);
    while (performance.now() < end) await attack(random);
  }),
);
close();
agent.destroy();
process.send(told);
process.disconnect();
