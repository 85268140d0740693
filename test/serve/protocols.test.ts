import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, Pyramid } from '../../src/engine/index.ts';
import type { RunningServer } from '../../src/serve/server.ts';
import { protocolServer } from '../support/protocol-server.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { protocolCases } from './protocol-cases.ts';

const root = temporaryFolder();
const texts = randomTexts(3, 24);
const KEY = 'a-key-of-a-test';
let server: RunningServer;
/** Needs a key, and lets in one request at a time. */
let guarded: RunningServer;
let expected: Answer[];

beforeAll(async () => {
  const { dir } = await randomModel(root, 'mails', { seed: 11, kind: 'pooled', prunes: true, tau: 0.7 });
  const keys = join(root, 'keys');
  await writeFile(keys, `${KEY}\n`);
  server = await protocolServer({ mails: dir, copy: dir });
  guarded = await protocolServer({ mails: dir }, { apiKeyFile: keys, maxConcurrentRequests: 1 });
  const pyramid = await Pyramid.load(dir, { workers: 1 });
  expected = await pyramid.classify(texts, { topK: 3 });
  await pyramid.close();
});
afterAll(() => Promise.all([server.close(), guarded.close()]));

async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, answer: JSON.parse(await response.text()) as never };
}

describe.each(protocolCases)('$title', ({ path, request, read, message, status: differing }) => {
  const statusOf = (status: number) => differing[status] ?? status;

  test('answers as the engine does', async () => {
    const { status, answer } = await post(server.url + path('mails'), request(texts, 'mails'));
    expect(status).toBe(200);
    const results = read(answer);
    expect(results.map(({ label }) => label)).toEqual(expected.map(({ label }) => label));
    for (const [i, { scores }] of results.entries())
      for (const [label, score] of Object.entries(expected[i].scores!)) expect(scores[label]).toBeCloseTo(score, 5);
  });

  test('answers for the named model, and says which model and tau were used', async () => {
    const { headers } = await post(server.url + path('copy'), request(['w1 w2'], 'copy'));
    expect(headers.get('x-model')).toBe('copy');
    expect(headers.get('x-tau')).toBe('0.7');
    expect(headers.get('x-compute-tokens')).toBe('4');
    expect(headers.get('x-compute-characters')).toBe('5');
  });

  test.each<[string, (url: string) => ReturnType<typeof post>, number]>([
    ['a model that is not there', () => post(server.url + path('other'), request(['w1'], 'other')), 404],
    ['more texts than allowed', (url) => post(url, request(Array(33).fill('w1'), 'mails')), 413],
    ['a body beyond the limit', (url) => post(url, request(['x'.repeat(2_000_001)], 'mails')), 413],
    ['an empty object', (url) => post(url, {}), 400],
    ['half an object', (url) => post(url, '{"inputs": ['), 400],
    ['nothing', (url) => post(url, ''), 400],
    ['a prototype key', (url) => post(url, '{"__proto__": {"inputs": "w1", "input": "w1"}}'), 400],
    ['a list', (url) => post(url, []), 400],
  ])('refuses %s with its own error object', async (_, ask, status) => {
    const refused = await ask(server.url + path('mails'));
    expect(refused.status).toBe(statusOf(status));
    expect(message(refused.answer)).toEqual(expect.stringMatching(/./));
    expect(({} as { inputs?: unknown }).inputs).toBeUndefined();
  });

  test('needs a key, and accepts it', async () => {
    const url = guarded.url + path('mails');
    for (const authorization of ['', 'Bearer nonsense', `Basic ${KEY}`]) {
      const refused = await post(url, request(['w1'], 'mails'), authorization ? { authorization } : {});
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toBe('Bearer');
      expect(message(refused.answer)).toEqual(expect.stringMatching(/./));
    }
    expect((await post(url, request(['w1'], 'mails'), { authorization: `Bearer ${KEY}` })).status).toBe(200);
  });

  test('rejects with 429 and a time to try again when the queue is full, and answers the rest', async () => {
    const ask = () => post(guarded.url + path('mails'), request(texts, 'mails'), { authorization: `Bearer ${KEY}` });
    const answers = await Promise.all(Array.from({ length: 12 }, ask));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
    for (const { status, headers, answer } of answers)
      if (status === 429) {
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        expect(message(answer)).toEqual(expect.stringMatching(/./));
      } else expect(read(answer).map(({ label }) => label)).toEqual(expected.map(({ label }) => label));
  });
});
