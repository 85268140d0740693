// A steady load that does not wait for answers: requests come at random moments (Poisson) at a given mean rate, over
// connections that are kept open. Times count from the moment a request was due, so that a slow server cannot hide.
// `node steady.mjs '{"url", "texts": FILE, "rate", "seconds", "connections", "dialect"}'` prints one JSON line.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

const { url, texts: file, rate, seconds, connections, dialect } = JSON.parse(process.argv[2]);
const { hostname, port, host } = new URL(url);
const path = dialect === 'own' ? '/v1/classify' : '/predict';
const requests = JSON.parse(readFileSync(file, 'utf8')).map(({ text }) => {
  const body = Buffer.from(JSON.stringify({ inputs: text }));
  const head = `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
});

const idle = [];
const due = []; // [request, moment]
const times = [];
const statuses = new Map();
let answered = 0;

function open() {
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  let since = 0;
  let have = '';
  const send = () => {
    const next = due.shift();
    if (!next) {
      idle.push(send);
      return;
    }
    since = next[1];
    socket.write(next[0]);
  };
  socket.on('data', (chunk) => {
    have += chunk.toString('latin1');
    const end = have.indexOf('\r\n\r\n');
    if (end < 0 || have.length < end + 4 + Number(/content-length: (\d+)/i.exec(have)[1])) return;
    const status = have.slice(9, 12);
    have = '';
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === '200') times.push(performance.now() - since);
    answered++;
    send();
  });
  socket.on('connect', send);
}
for (let i = 0; i < connections; i++) open();
await new Promise((resolve) => setTimeout(resolve, 200));

// xorshift: the same moments each time
let state = 2463534242;
const uniform = () => {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return ((state >>> 0) + 0.5) / 2 ** 32;
};
const begin = performance.now();
let next = begin;
let sent = 0;
await new Promise((resolve) => {
  const tick = () => {
    const now = performance.now();
    while (next <= now) {
      due.push([requests[sent++ % requests.length], next]);
      idle.shift()?.();
      next += (-Math.log(uniform()) * 1000) / rate;
    }
    if (now - begin < seconds * 1000) setTimeout(tick, 1);
    else resolve();
  };
  tick();
});
const late = performance.now() + 10_000;
while (answered < sent && performance.now() < late) await new Promise((resolve) => setTimeout(resolve, 10));
const sorted = Float64Array.from(times).sort();
const at = (q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
console.log(
  JSON.stringify({
    rate,
    sent,
    answered,
    statuses: Object.fromEntries(statuses),
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    most: at(1),
  }),
);
process.exit(0);
