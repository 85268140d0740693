/** The worker of examples/, as it stands, in the runtime that Cloudflare publishes: no bundler, the package's own files. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, Pyramid } from '../../src/engine/index.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const texts = ['', ...randomTexts(7, 30)];
const ENGINE = ['floor.js', 'shared.js', 'rolldown-runtime.js'];
const running: ChildProcess[] = [];
let dir: string;
let answers: Answer[];
/** Of the worker with a server behind it, and of that without. */
let urls: { readonly whole: string; readonly alone: string; readonly broken: string };

const freePort = () =>
  new Promise<number>((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });

beforeAll(async () => {
  ({ dir } = await randomModel(root, 'model', { seed: 3, kind: 'pooled', prunes: true, tau: 0.85, floor: true }));
  const pyramid = await Pyramid.load(dir);
  answers = await pyramid.classify(texts);
  await pyramid.close();
  await writeFile(join(root, 'package.json'), '{ "private": true }');
  const { status, stderr } = spawnSync('npm', ['install', 'workerd@1'], { cwd: root, encoding: 'utf8' });
  expect(status, stderr).toBe(0);

  // what a deployment has: no weights
  await cp(dir, join(root, 'assets'), { recursive: true });
  await rm(join(root, 'assets', 'model.safetensors'));
  await mkdir(join(root, 'none'));
  await cp('examples/worker/worker.mjs', join(root, 'worker.mjs'));
  await cp('dist/page/engine', join(root, 'engine'), { recursive: true });

  const serve = ['dist/cli/main.js', 'serve', '--model', dir, '--port', '0', '--no-page'];
  const origin = spawn(process.execPath, serve, { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(origin);
  let port: number | undefined;
  for await (const line of createInterface({ input: origin.stdout })) {
    port = Number(/127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? Number.NaN);
    if (port) break;
  }
  const ports = [await freePort(), await freePort(), await freePort()];
  await writeFile(join(root, 'config.capnp'), config(`http://127.0.0.1:${port}`, ports));
  // the program itself: what npm puts into .bin starts it, and would leave it behind
  const { default: workerd } = createRequire(join(root, 'package.json'))('workerd') as { default: string };
  const worker = spawn(workerd, ['serve', 'config.capnp'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  running.push(worker);
  const [whole, alone, broken] = ports.map((one) => `http://127.0.0.1:${one}`);
  urls = { whole, alone, broken };
  // the test's own time limit is what gives up
  while (!(await fetch(alone).catch(() => null))) await delay(50);
}, 300_000);
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

function config(origin: string, ports: readonly number[]): string {
  const modules = [
    '(name = "worker.mjs", esModule = embed "worker.mjs")',
    ...ENGINE.map(
      (file) => `(name = "magic-pyramid/${file.replace(/^floor\.js$/, 'floor')}", esModule = embed "engine/${file}")`,
    ),
  ];
  const worker = (name: string, assets: string, at: string) => `
    (name = "${name}", worker = (
      modules = [${modules.join(', ')}],
      compatibilityDate = "2026-01-01",
      bindings = [(name = "MODEL", service = "${assets}"), (name = "ORIGIN", text = "${at}")],
      globalOutbound = "network"))`;
  const socket = (name: string, port: number) =>
    `(name = "${name}", address = "127.0.0.1:${port}", http = (), service = "${name}")`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${worker('whole', 'assets', origin)},
    ${worker('alone', 'assets', '')},
    ${worker('broken', 'none', '')},
    (name = "assets", disk = (path = "${join(root, 'assets')}")),
    (name = "none", disk = (path = "${join(root, 'none')}")),
    (name = "network", network = (allow = ["private"]))],
  sockets = [${socket('whole', ports[0])}, ${socket('alone', ports[1])}, ${socket('broken', ports[2])}]);
`;
}

const ask = (url: string, body: unknown, path = '/classify') =>
  fetch(url + path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
type Given = { readonly label: string; readonly score: number; readonly exit: number } | null;

test('floor 0 answers what it is sure of, and the server the rest: all as the engine answers', async () => {
  const exits = answers.map(({ exit }) => exit);
  expect(exits).toContain(0);
  expect(exits.some((exit) => exit > 0)).toBe(true);
  // several at once, the first of an isolate too
  const replies = await Promise.all(Array.from({ length: 4 }, () => ask(urls.whole, { texts })));
  for (const reply of replies) {
    const given = (await reply.json()) as readonly Given[];
    expect(reply.status, JSON.stringify(given)).toBe(200);
    expect(given.map((one) => [one?.label, one?.exit])).toEqual(answers.map(({ label, exit }) => [label, exit]));
    for (const [i, one] of given.entries()) expect(one?.score).toBeCloseTo(answers[i].score, 5);
  }
});

test('without a server behind it the texts that need the network get null', async () => {
  const given = (await (await ask(urls.alone, { texts })).json()) as readonly Given[];
  expect(given.map((one) => one?.label ?? null)).toEqual(answers.map(({ label, exit }) => (exit === 0 ? label : null)));
});

test('what is wrong is one sentence with its status', async () => {
  const cases = [
    [await ask(urls.whole, { texts: [7] }), 400, /^input 0 is the number 7: give a string/],
    [await ask(urls.whole, '{'), 400, /^send \{"texts"/],
    [await ask(urls.whole, {}, '/'), 404, /POST \/classify/],
    [await fetch(`${urls.whole}/classify`), 405, /send a POST/],
    [await ask(urls.broken, { texts }), 400, /^the model\/config\.json: no such/],
  ] as const;
  for (const [reply, status, sentence] of cases) {
    const { error } = (await reply.json()) as { error: string };
    expect([reply.status, error]).toEqual([status, expect.stringMatching(sentence)]);
  }
});
