// Load on a server, in a process of its own: `node load.mjs '{"url", "texts": FILE, "connections", "seconds", "dialect", "check"?}'`
// prints one JSON line: requests by status, quantiles of their times in milliseconds, and of the answers that were right.
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

const { url, texts: file, connections, seconds, dialect, check = false } = JSON.parse(process.argv[2]);
const rows = JSON.parse(readFileSync(file, 'utf8'));
const path = { own: '/v1/classify', tei: '/predict', peer: '/predict' }[dialect];
const bodyOf = ({ text }) => JSON.stringify({ inputs: text });
const labelOf = { own: (body) => body.results[0].label, tei: (body) => body[0].label, peer: (body) => body[0].label }[
  dialect
];

const times = new Map(); // by status
const taus = [];
let right = 0;
let judged = 0;
let next = 0;
const share = Math.min(rows.length, 256);
const instance = autocannon({
  url: url + path,
  connections,
  duration: seconds,
  timeout: 60,
  setupClient(client) {
    const start = (next++ * 37) % rows.length;
    const requests = Array.from({ length: share }, (_, i) => rows[(start + i) % rows.length]).map((row) => ({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body: bodyOf(row),
      ...(check
        ? {
            onResponse(status, body) {
              if (status !== 200) return;
              const answer = JSON.parse(body);
              judged++;
              if (labelOf(answer) === row.label) right++;
              if (answer.tau !== undefined) taus.push(answer.tau);
            },
          }
        : {}),
    }));
    client.setRequests(requests);
  },
});
instance.on('response', (_client, status, _bytes, ms) => {
  if (!times.has(status)) times.set(status, []);
  times.get(status).push(ms);
});
const result = await instance;
const of = (list) => {
  const sorted = Float64Array.from(list).sort();
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
  return { requests: list.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) };
};
console.log(
  JSON.stringify({
    seconds: result.duration,
    perSecond: (times.get(200)?.length ?? 0) / result.duration,
    byStatus: Object.fromEntries([...times].map(([status, list]) => [status, of(list)])),
    errors: result.errors,
    timeouts: result.timeouts,
    resets: result.resets,
    accuracy: judged === 0 ? null : right / judged,
    tau: taus.length === 0 ? null : { mean: taus.reduce((a, b) => a + b, 0) / taus.length, most: Math.max(...taus) },
    cpuSeconds: (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
  }),
);
process.exit(0);
