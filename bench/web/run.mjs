/**
 * The engine in a real browser on the clock, against transformers.js on the same weights without pruning and exits, in
 * the same page, one after the other in rounds: machines are shared and their speed drifts, so read the ratios. From the
 * project's root, after `npm run build` and `npm ci --prefix bench/web`:
 *
 *   node bench/web/run.mjs --model DIR --texts ag_news/test.csv [--tau 0.54,0.35] [--count 200] [--rounds 2] [--int8] [--isolated] [--json FILE]
 *
 * CHROMIUM_PATH names the browser, /usr/bin/chromium else. `--isolated` gives both threads, where there are cores.
 */
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { basename, extname, join, normalize } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import { chromium } from 'playwright-core';
import { writeDenseModel } from '../../dist/bench/dense-model.js';

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    texts: { type: 'string' },
    tau: { type: 'string' },
    count: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '2' },
    singles: { type: 'string', default: '40' },
    int8: { type: 'boolean', default: false },
    isolated: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const rows = parse(readFileSync(options.texts), { to: Number(options.count) });
const texts = rows.map((row) => row.slice(1).join(' '));
const labels = rows.map((row) => Number(row[0]) - 1);
const { pyramid } = JSON.parse(readFileSync(join(options.model, 'config.json'), 'utf8'));
const taus = (options.tau ?? String(pyramid.tau)).split(',').map(Number);

const folder = mkdtempSync(join(tmpdir(), 'bench-web-'));
await writeDenseModel(options.model, join(folder, 'dense'));
const here = import.meta.dirname;
const served = [
  ['/engine/', join(here, '..', '..', 'dist', 'page', 'engine')],
  ['/model/', options.model],
  ['/models/', folder],
  ['/transformers/', join(here, 'node_modules', '@huggingface', 'transformers', 'dist')],
  ['/ort/', join(here, 'node_modules', 'onnxruntime-web', 'dist')],
];
const types = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.json': 'application/json' };
types['.wasm'] = 'application/wasm';
const server = createServer((request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, 'http://host').pathname));
  const headers = options.isolated
    ? { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }
    : {};
  if (path === '/') {
    response.writeHead(200, { ...headers, 'content-type': 'text/html' }).end('<!doctype html><title>bench</title>');
    return;
  }
  const [prefix, dir] = served.find(([start]) => path.startsWith(start)) ?? ['', ''];
  const file = join(dir, path.slice(prefix.length));
  const found = prefix === '' ? undefined : statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile()) return void response.writeHead(404).end();
  const type = types[extname(file)] ?? 'application/octet-stream';
  response.writeHead(200, { ...headers, 'content-type': type, 'content-length': found.size });
  createReadStream(file).pipe(response);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});
const page = await browser.newPage();
page.on('pageerror', (error) => console.error(error.message));
await page.goto(`http://127.0.0.1:${server.address().port}/`);

const measured = await page.evaluate(
  async ({ texts, labels, taus, rounds, singles, int8 }) => {
    const systems = [];
    const { openModel } = await import('/engine/index.js');
    let threads = 1;
    const names = [];
    for (const dtype of int8 ? ['fp32', 'int8'] : ['fp32']) {
      const engine = await openModel('/model/', { dtype });
      threads = engine.info.threads;
      names.push(...engine.info.labels);
      for (const tau of [...taus, null]) {
        systems.push({
          name: `magic-pyramid, ${dtype}, ${tau === null ? 'exits off' : `tau ${tau}`}`,
          all: async () => (await engine.classify(texts, { tau })).map(({ label }) => names.indexOf(label)),
          one: (text) => engine.classify([text], { tau }),
        });
      }
    }
    const { pipeline, env } = await import('/transformers/transformers.min.js');
    env.allowRemoteModels = false;
    env.allowLocalModels = true;
    env.useBrowserCache = false;
    env.localModelPath = '/models/';
    env.backends.onnx.wasm.wasmPaths = '/ort/';
    const classify = await pipeline('text-classification', 'dense', { dtype: 'fp32', device: 'wasm' });
    for (const size of [32, 1]) {
      systems.push({
        name: `transformers.js, dense, ${size === 1 ? 'one by one' : `batches of ${size}`}`,
        all: async () => {
          const found = [];
          for (let at = 0; at < texts.length; at += size)
            for (const { label } of await classify(texts.slice(at, at + size))) found.push(names.indexOf(label));
          return found;
        },
        one: (text) => classify(text),
      });
    }
    const results = systems.map(({ name }) => ({ name, seconds: [], latency: [], accuracy: 0 }));
    for (const system of systems) for (const text of texts.slice(0, 5)) await system.one(text);
    for (let round = 0; round < rounds; round++) {
      for (const [i, system] of systems.entries()) {
        const start = performance.now();
        const found = await system.all();
        results[i].seconds.push((performance.now() - start) / 1000);
        results[i].accuracy = found.filter((label, t) => label === labels[t]).length / found.length;
        for (let t = 0; t < singles; t++) {
          const begin = performance.now();
          await system.one(texts[(round * singles + t) % texts.length]);
          results[i].latency.push(performance.now() - begin);
        }
      }
    }
    return { results, threads, agent: navigator.userAgent };
  },
  {
    texts,
    labels,
    taus,
    rounds: Number(options.rounds),
    singles: Number(options.singles),
    int8: options.int8,
  },
);
await browser.close();
server.close();
rmSync(folder, { recursive: true });

const table = measured.results.map(({ name, seconds, latency, accuracy }) => ({
  system: name,
  textsPerSecond: texts.length / Math.min(...seconds),
  p50Ms: latency.sort((a, b) => a - b)[Math.floor(latency.length / 2)],
  accuracy,
}));
const machine = `${cpus().length} x ${cpus()[0].model}, ${/Chrom\w*\/[\d.]+/.exec(measured.agent)?.[0]}, ${measured.threads} thread(s)`;
console.log(`${machine}\n${texts.length} texts of ${basename(options.texts)}\n`);
const [base] = table;
console.log('system                                  texts/s   ours x     p50 ms   ours x   accuracy');
for (const row of table) {
  console.log(
    row.system.padEnd(38),
    row.textsPerSecond.toFixed(1).padStart(8),
    (base.textsPerSecond / row.textsPerSecond).toFixed(2).padStart(8),
    row.p50Ms.toFixed(2).padStart(10),
    (row.p50Ms / base.p50Ms).toFixed(2).padStart(8),
    row.accuracy.toFixed(3).padStart(10),
  );
}
if (options.json) writeFileSync(options.json, `${JSON.stringify({ machine, rows: table }, null, 2)}\n`);
