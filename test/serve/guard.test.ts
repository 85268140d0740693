import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { Keys } from '../../src/serve/http/keys.ts';
import { startServer } from '../../src/serve/index.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const texts = randomTexts(7, 32, 60);
let dir: string;

beforeAll(async () => {
  // slow enough for a queue: 0.5 ms a text
  ({ dir } = await randomModel(root, 'mails', {
    seed: 11,
    kind: 'pooled',
    prunes: false,
    tau: 0.7,
    hiddenSize: 128,
    layers: 6,
  }));
});

describe('a key', () => {
  test('is needed by every route except probes, metrics, the description and the page', async () => {
    const apiKeyFile = join(root, 'keys');
    await writeFile(apiKeyFile, 'first\n  second  # of somebody\n');
    const it = await serve({ mails: dir }, { apiKeyFile, apiKey: 'third' });
    for (const path of ['/health', '/v2/health/live', '/v2/health/ready', '/metrics', '/docs', '/docs/json', '/'])
      expect([path, (await it.get(path)).status]).toEqual([path, 200]);
    for (const path of ['/v1/models', '/v1/models/mails', '/info', '/v2/models/mails'])
      expect([path, (await it.get(path)).status]).toEqual([path, 401]);
    const body = { inputs: 'w1' };
    const refused = await it.post('/v1/classify', body);
    expect(refused).toMatchObject({ status: 401, body: { error: { code: 'MP_KEY' } } });
    expect(refused.headers.get('www-authenticate')).toBe('Bearer');
    for (const path of ['/predict', '/', '/v2/models/mails/infer', '/classify'])
      expect([path, (await it.post(path, body)).status]).toEqual([path, 401]);
    for (const key of ['first', 'second', 'third'])
      expect((await it.post('/v1/classify', body, { authorization: `Bearer ${key}` })).status).toBe(200);
    for (const authorization of [
      'first',
      'Basic first',
      'Bearer',
      'Bearer ',
      'Bearer firs',
      'Bearer first second',
      'Bearer #',
    ])
      expect([authorization, (await it.post('/v1/classify', body, { authorization })).status]).toEqual([
        authorization,
        401,
      ]);
  });

  test('that is empty never matches', () => {
    expect(new Keys(['']).has(undefined)).toBe(false);
    expect(new Keys(['k']).has('Bearer k')).toBe(true);
  });

  test('file without a key stops the start', async () => {
    const apiKeyFile = join(root, 'no-keys');
    await writeFile(apiKeyFile, '# none\n');
    const model = [{ name: 'mails', dir }];
    await expect(startServer({ model, port: 0, apiKeyFile })).rejects.toMatchObject({ code: 'MP_USAGE' });
    await expect(startServer({ model, port: 0, apiKeyFile: `${apiKeyFile}-not` })).rejects.toMatchObject({
      code: 'MP_FILE_MISSING',
    });
  });
});

describe('more than can be answered', () => {
  test('is rejected at once with a time to try again, and everything else is answered', async () => {
    const it = await serve({ mails: dir }, { page: false, maxBatchTokens: 4096 });
    const start = performance.now();
    const replies = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const reply = await it.post('/v1/classify', { inputs: texts, tau: null });
        return { ...reply, ms: performance.now() - start };
      }),
    );
    const refused = replies.filter(({ status }) => status === 429);
    const answered = replies.filter(({ status }) => status === 200);
    expect(refused.length + answered.length).toBe(100);
    expect(answered.length).toBeGreaterThan(2);
    expect(refused.length).toBeGreaterThan(20);
    for (const { body, headers } of refused) {
      expect(body.error.code).toBe('MP_OVERLOADED');
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
    for (const { body } of answered) expect(body.results).toHaveLength(32);
    expect((await it.post('/v1/classify', { inputs: texts, tau: null })).status).toBe(200);
    const { body } = await it.get('/metrics');
    expect(Number(/te_refused_total\{model="mails"\} (\d+)/.exec(body)![1])).toBe(refused.length);
  });

  test('is rejected again with the same answer, without running the route, until there is room', async () => {
    const it = await serve(
      { mails: dir },
      { page: false, maxBatchTokens: 512, maxClientBatchSize: 3200, corsAllowOrigin: ['https://a.example'] },
    );
    const busy = it.post('/v1/classify', { inputs: new Array(100).fill(texts).flat(), tau: null });
    const served = it.server.registry.get('mails');
    while (!served.isFull) await new Promise((resolve) => setTimeout(resolve, 1));
    const counted = async () =>
      Number(/te_refused_total\{model="mails"\} (\d+)/.exec((await it.get('/metrics')).body)![1]);
    const before = await counted();
    const ways = ['/v1/classify', '/predict', '/v1/classify', '/predict'];
    const replies = [];
    for (const path of ways) replies.push(await it.post(path, path === '/predict' ? 'no JSON' : { inputs: 'w1' }));
    const origin = await it.post('/v1/classify', { inputs: 'w1' }, { origin: 'https://a.example' });
    expect(served.isFull).toBe(true); // else the test has been too slow to show anything
    expect(await counted()).toBe(before + 5);
    expect(replies.map(({ status }) => status)).toEqual([429, 429, 429, 429]);
    for (const i of [0, 1]) {
      expect(replies[i + 2].body).toEqual(replies[i].body);
      expect(replies[i + 2].headers.get('retry-after')).toBe(replies[i].headers.get('retry-after'));
      expect(replies[i + 2].headers.get('x-content-type-options')).toBe('nosniff');
    }
    expect(origin.headers.get('access-control-allow-origin')).toBe('https://a.example');
    expect(replies[2].headers.get('access-control-allow-origin')).toBeNull();
    expect((await busy).status).toBe(200);
    expect((await it.post('/predict', { inputs: 'w1' })).status).toBe(200);
  });

  test('is rejected beyond --max-concurrent-requests, in the form of each protocol', async () => {
    const it = await serve({ mails: dir }, { page: false, maxConcurrentRequests: 1 });
    const first = it.post('/v1/classify', { inputs: texts, tau: null });
    const others = await Promise.all([
      it.post('/v1/classify', { inputs: texts, tau: null }),
      it.post('/predict', { inputs: texts }),
      it.post('/classify', { input: texts }),
    ]);
    expect((await first).status).toBe(200);
    expect(others.map(({ status }) => status)).toEqual([429, 429, 429]);
    expect(others[1].body).toMatchObject({ error_type: 'Overloaded' });
  });

  test('a request with a deadline that cannot be met is rejected before work begins, or given up when it has passed', async () => {
    const it = await serve({ mails: dir }, { page: false });
    expect(await it.post('/v1/classify', { inputs: texts, tau: null, deadlineMs: 1 })).toMatchObject({
      status: 503,
      body: { error: { code: 'MP_DEADLINE' } },
    });
    for (let i = 0; i < 5; i++)
      await Promise.all(Array.from({ length: 8 }, () => it.post('/v1/classify', { inputs: texts, tau: null })));
    const busy = Promise.all(Array.from({ length: 8 }, () => it.post('/v1/classify', { inputs: texts, tau: null })));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const early = await it.post('/v1/classify', { inputs: texts, tau: null, deadlineMs: 2 });
    expect(early).toMatchObject({ status: 429, body: { error: { code: 'MP_DEADLINE_EARLY' } } });
    await busy;
  });
});

describe('a client', () => {
  test('that disconnects has its work dropped', async () => {
    const it = await serve({ mails: dir }, { page: false });
    const controller = new AbortController();
    const gone = Array.from({ length: 10 }, () =>
      fetch(`${it.url}/v1/classify`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ inputs: texts, tau: null }),
        signal: controller.signal,
      }).catch(() => 'gone'),
    );
    const served = it.server.registry.get('mails');
    while (served.admission.texts < 320) await new Promise((resolve) => setTimeout(resolve, 1));
    controller.abort();
    expect(new Set(await Promise.all(gone))).toEqual(new Set(['gone']));
    while (served.admission.texts > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(served.totals.texts).toBeLessThan(320);
    const { body } = await it.get('/metrics');
    expect(body).toMatch(/te_request_failure\{err="MP_CLIENT_GONE"\} [1-9]/);
  });

  test('that sends its body too slowly is cut off, headers too', async () => {
    const it = await serve({ mails: dir }, { page: false, bodyTimeout: 500 });
    const { port } = new URL(it.url);
    const closedAfter = (text: string) =>
      new Promise<number>((resolve, reject) => {
        const start = performance.now();
        const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
        const drip = setInterval(() => socket.write(' '), 100);
        socket.on('error', () => {});
        socket.on('close', () => {
          clearInterval(drip);
          resolve(performance.now() - start);
        });
        setTimeout(() => reject(new Error('it is still open')), 10_000).unref();
      });
    const head =
      'POST /v1/classify HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n';
    expect(await closedAfter(head)).toBeLessThan(4000);
    expect((await it.post('/v1/classify', { inputs: 'w1' })).status).toBe(200);
  });

  test('of another origin is answered only if it is allowed', async () => {
    const closed = await serve({ mails: dir }, { page: false });
    const headers = { origin: 'https://example.com' };
    expect(
      (await closed.post('/v1/classify', { inputs: 'w1' }, headers)).headers.get('access-control-allow-origin'),
    ).toBeNull();
    const open = await serve({ mails: dir }, { page: false, corsAllowOrigin: ['https://example.com'] });
    const reply = await open.post('/v1/classify', { inputs: 'w1' }, headers);
    expect(reply.headers.get('access-control-allow-origin')).toBe('https://example.com');
    const preflight = await open.send('OPTIONS', '/v1/classify', undefined, {
      ...headers,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    });
    expect(preflight.status).toBe(204);
    expect(
      (await open.post('/v1/classify', { inputs: 'w1' }, { origin: 'https://other.com' })).headers.get(
        'access-control-allow-origin',
      ),
    ).toBeNull();
  });

  test('gets secure headers, which do not name the server software', async () => {
    const it = await serve({ mails: dir }, { page: false });
    for (const { headers } of [await it.post('/v1/classify', { inputs: 'w1' }), await it.get('/none')]) {
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('x-powered-by')).toBeNull();
    }
  });
});

describe('a start', () => {
  test('names a port that is in use, and leaves nothing running', async () => {
    const it = await serve({ mails: dir }, { page: false });
    const port = Number(new URL(it.url).port);
    await expect(startServer({ model: [{ name: 'mails', dir }], port, workers: 1 })).rejects.toMatchObject({
      code: 'MP_LISTEN',
      details: { hostname: '127.0.0.1', port, reason: 'EADDRINUSE' },
    });
  });

  test("with --tau auto needs a highest tau; then tau is the model's own while the queue is empty", async () => {
    const model = [{ name: 'mails', dir }];
    await expect(startServer({ model, port: 0, tau: 'auto' })).rejects.toThrow('--tau auto has no highest tau');
    const it = await serve({ mails: dir }, { page: false, tau: 'auto', maxTau: 0.9 });
    const { body, headers } = await it.post('/v1/classify', { inputs: 'w1' });
    expect(body.tau).toBe(0.7);
    expect(headers.get('x-tau')).toBe('0.7');
    expect((await it.get('/v1/models/mails')).body).toMatchObject({ tauNow: 0.7, maxTau: 0.9 });
  });
});
