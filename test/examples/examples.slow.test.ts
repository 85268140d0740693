/** Each of the examples is run as it stands, with a real model: what they print and answer is what the engine answers. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fastify } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, Pyramid } from '../../src/engine/index.ts';
import { hasChromium, launchChromium } from '../support/chromium.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { staticSite } from '../support/static-site.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
// an empty text is a text; a line break would be two lines
const texts = ['', ...randomTexts(3, 20)];
const running: ChildProcess[] = [];
let model: string;
let answers: Answer[];

beforeAll(async () => {
  ({ dir: model } = await randomModel(root, 'mp', { seed: 3, kind: 'pooled', prunes: true, tau: 0.7 }));
  process.env.MODEL = model;
  const pyramid = await Pyramid.load(model);
  answers = await pyramid.classify(texts);
  await pyramid.close();
});
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

const place = ({ exit }: Answer) => (exit === 0 ? 'floor 0' : `layer ${exit}`);
/** The same answers; alone or in another batch a score may differ by rounding. */
function expectAnswers(found: unknown, wanted: readonly Answer[] = answers): void {
  const scored = found as readonly Answer[];
  expect(scored.map(({ label }) => label)).toEqual(wanted.map(({ label }) => label));
  scored.forEach(({ score }, i) => {
    expect(score).toBeCloseTo(wanted[i].score, 5);
  });
}

/** Starts a program that says on which port it listens. */
async function listening(args: readonly string[], env: Record<string, string> = {}): Promise<number> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  for await (const line of createInterface({ input: child.stdout! })) {
    const found = /port (\d+)|127\.0\.0\.1:(\d+)/.exec(line);
    if (found) return Number(found[1] ?? found[2]);
  }
  throw new Error('it ended before it listened');
}

const post = (url: string, body: unknown) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

test('node: lines in, a table out', () => {
  const { stdout, status, stderr } = spawnSync(process.execPath, ['examples/node/classify.mjs'], {
    input: texts.join('\n'),
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  const wanted = answers.map((one) => `${one.label}\t${one.score.toFixed(3)}\t${place(one)}`);
  expect(stdout.trimEnd().split('\n')).toEqual(wanted);
});

test('express: answers, and errors with their status', async () => {
  const port = await listening(['examples/express/server.mjs'], { PORT: '0' });
  const url = `http://127.0.0.1:${port}/classify`;
  const reply = await post(url, { texts });
  expect(reply.status).toBe(200);
  expectAnswers(await reply.json());
  const wrong = await post(url, { texts: [7] });
  expect(wrong.status).toBe(400);
  expect(((await wrong.json()) as { error: string }).error).toMatch(/^.{10,300}$/);
  const child = running.at(-1)!;
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
});

test('fastify: a plugin that answers, refuses, and ends with the app', async () => {
  const { magicPyramid } = await import('../../examples/fastify/plugin.mjs' as string);
  const app = fastify();
  await app.register(magicPyramid, { model, prefix: '/mails' });
  const ask = (payload: object) => app.inject({ method: 'POST', url: '/mails/classify', payload });
  const reply = await ask({ texts });
  expect(reply.statusCode, reply.body).toBe(200);
  expectAnswers(reply.json());
  expect((await ask({})).statusCode).toBe(400);
  await app.close();
});

test('next-route: a request in, a response out', async () => {
  const { POST } = await import('../../examples/next-route/route.mjs' as string);
  const ask = (body: string): Promise<Response> => POST(new Request('http://host/', { method: 'POST', body }));
  for (const [i, text] of texts.entries()) {
    const reply = await ask(JSON.stringify({ text }));
    expectAnswers([await reply.json()], [answers[i]]);
  }
  for (const body of ['{', '{}', '7', '{"text":7}']) expect((await ask(body)).status).toBe(400);
  const { pyramid } = globalThis as unknown as { pyramid: Promise<Pyramid> };
  await (await pyramid).close();
});

test('python: one text, and a stream of many', async () => {
  const port = await listening(['dist/cli/main.js', 'serve', '--model', model, '--port', '0', '--no-page']);
  const run = (args: readonly string[], input = '') => {
    const client = ['examples/python/client.py', `http://127.0.0.1:${port}`, ...args];
    const { stdout, stderr, status } = spawnSync('python3', client, { input, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    return stdout.trimEnd().split('\n');
  };
  expect(run([texts[1]])).toEqual([answers[1].label]);
  expect(run([], `${texts.join('\n')}\n`)).toEqual(answers.map(({ label }) => label));
});

test.skipIf(!hasChromium)('browser: answers what is typed, without a server', async () => {
  const page = readFileSync('examples/browser/index.html', 'utf8');
  const site = await staticSite({
    folders: [
      ['/engine/', join('dist', 'page', 'engine')],
      ['/model/', model],
    ],
    pages: { '/': { type: 'text/html', text: page } },
    // the example's script stands in the page
    policy: "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'",
  });
  const browser = await launchChromium();
  try {
    const tab = await browser.newPage();
    await tab.goto(site.url);
    const answer = tab.locator('#answer');
    await expect.poll(() => answer.textContent(), { timeout: 60_000 }).toBe('ready');
    await tab.locator('#text').fill(texts[1]);
    const [, { label, score }] = answers;
    await expect
      .poll(() => answer.textContent(), { timeout: 60_000 })
      .toContain(`${label} (${(100 * score).toFixed(1)} %, `);
  } finally {
    await browser.close();
    await site.close();
  }
});
