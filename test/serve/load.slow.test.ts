import { EventEmitter } from 'node:events';
import autocannon from 'autocannon';
import { beforeAll, describe, expect, test } from 'vitest';
import { Pyramid, type TracedText } from '../../src/engine/index.ts';
import { exitLayer, uncertaintiesOf } from '../../src/pyramid/exits/exit-rule.ts';
import { argmax } from '../../src/pyramid/logits.ts';
import { runServer } from '../../src/serve/index.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const texts = randomTexts(7, 400);
const labels = ['a', 'b', 'c'];
let dir: string;
let traces: readonly TracedText[];

beforeAll(async () => {
  const options = { seed: 11, kind: 'pooled', prunes: true, tau: 0.7, hiddenSize: 128, layers: 6 } as const;
  ({ dir } = await randomModel(root, 'mails', options));
  const pyramid = await Pyramid.load(dir, { workers: 1 });
  traces = await pyramid.trace(texts);
  await pyramid.close();
});

interface Answer {
  readonly tau: number;
  readonly results: readonly { readonly label: string; readonly exit: number }[];
}

/** Asks without a break; every answer is held against the trace at the tau that it says it was given with. */
async function load(url: string, { connections, seconds }: { connections: number; seconds: number }) {
  const byStatus = new Map<number, number[]>();
  const taus: number[] = [];
  let wrong = 0;
  const requests = texts.map((text, i) => ({
    method: 'POST' as const,
    path: '/v1/classify',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: text }),
    onResponse(status: number, body: string) {
      if (status !== 200) return;
      const { tau, results } = JSON.parse(body) as Answer;
      const exit = exitLayer(uncertaintiesOf(traces[i].logits), tau);
      if (results[0].exit !== exit || results[0].label !== labels[argmax(traces[i].logits[exit - 1])]) wrong++;
      taus.push(tau);
    },
  }));
  let next = 0;
  const instance = autocannon({
    url,
    connections,
    duration: seconds,
    timeout: 30,
    setupClient(client) {
      const start = (next++ * 37) % requests.length;
      client.setRequests([...requests.slice(start), ...requests.slice(0, start)]);
    },
  }) as unknown as autocannon.Instance; // both a promise and an emitter, which its types do not say
  instance.on('response', (_client, status, _bytes, ms) => {
    if (!byStatus.has(status)) byStatus.set(status, []);
    byStatus.get(status)!.push(ms);
  });
  const { errors, timeouts } = await (instance as unknown as Promise<autocannon.Result>);
  const statuses = [...byStatus.keys()].sort();
  return {
    statuses,
    answered: byStatus.get(200) ?? [],
    refused: byStatus.get(429) ?? [],
    errors,
    timeouts,
    wrong,
    taus,
  };
}

describe('a server under load', () => {
  test('loses no request when a worker is ended every second, as often as workers are replaced', async () => {
    const begin = performance.now();
    const it = await serve({ mails: dir }, { page: false, workers: 2 });
    // not faster than workers can be replaced: a text that has lost three of them is given up
    const everyMs = Math.max(1000, 3 * (performance.now() - begin));
    let ended = 0;
    const killer = setInterval(() => {
      const [worker] = it.server.registry.get('mails').workers;
      if (worker) {
        ended++;
        worker.postMessage(null); // a message that is none: its worker ends
      }
    }, everyMs);
    const seen = await load(it.url, { connections: 16, seconds: 30 });
    clearInterval(killer);
    expect(ended).toBeGreaterThan(0.6 * (30_000 / everyMs));
    expect(seen).toMatchObject({ statuses: [200], errors: 0, timeouts: 0, wrong: 0 });
    expect(seen.answered.length).toBeGreaterThan(1000);
  }, 120_000);

  test('answers or refuses every request of ten times what it can answer, and none wrongly', async () => {
    const it = await serve({ mails: dir }, { page: false, workers: 2, tau: 'auto', maxTau: 0.9, sloP95: 50 });
    const seen = await load(it.url, { connections: 640, seconds: 15 });
    expect(seen.statuses).toEqual([200, 429]);
    expect(seen).toMatchObject({ errors: 0, timeouts: 0, wrong: 0 });
    expect(Math.max(...seen.taus)).toBeLessThanOrEqual(0.9);
    expect(Math.max(...seen.taus)).toBeGreaterThan(0.8);
    expect(seen.answered.length).toBeGreaterThan(100);
    expect(seen.refused.length).toBeGreaterThan(100);
    // once it is over tau comes down to the own one
    const served = it.server.registry.get('mails');
    while (served.tau! > 0.7) await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await it.post('/v1/classify', { inputs: texts[0] })).status).toBe(200);
  }, 120_000);

  test('when stopped, answers every request that was sent before', async () => {
    const signals = new EventEmitter();
    const said: string[] = [];
    const options = { model: [{ name: 'mails', dir }], port: 0, workers: 2, page: false };
    const ended = runServer(options, (sentence) => said.push(sentence), signals as never);
    while (said.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const url = /http:\S+(?=,)/.exec(said[0])![0];
    let stoppedAt = Number.POSITIVE_INFINITY;
    let before = 0;
    const lost: unknown[] = [];
    const loops = Array.from({ length: 32 }, async (_, n) => {
      for (let i = n; ; i++) {
        const sent = performance.now();
        try {
          const response = await fetch(`${url}/v1/classify`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ inputs: texts[i % texts.length] }),
          });
          await response.json();
          if (sent < stoppedAt) before++;
          if (response.status !== 200) lost.push(response.status);
        } catch (error) {
          if (sent < stoppedAt) lost.push(error);
          return; // nobody listens any more
        }
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 2000));
    stoppedAt = performance.now();
    signals.emit('SIGTERM');
    await Promise.all(loops);
    await ended;
    expect(lost).toEqual([]);
    expect(before).toBeGreaterThan(100);
  }, 60_000);
});
