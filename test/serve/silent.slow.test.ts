/** Connections that send no request: they are closed after a while, never many in one turn of the event loop. */
import { connect, type Socket } from 'node:net';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { randomModel } from '../support/random-model.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
let dir: string;
beforeAll(async () => {
  ({ dir } = await randomModel(root, 'mails', { seed: 11, kind: 'pooled', prunes: true, tau: 0.7 }));
});

const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

/** Opens a connection that sends this and no more; when it was closed, and what was answered. */
function silent(url: string, begun = '') {
  const it = { answer: '', closedAt: null as number | null };
  const socket = connect(Number(new URL(url).port), '127.0.0.1', () => begun && socket.write(begun));
  open.push(socket);
  socket.on('data', (bytes) => (it.answer += bytes.toString('latin1'))).on('error', () => {});
  socket.on('close', () => (it.closedAt = performance.now()));
  return it;
}

test('those that said nothing are closed without a word, one after another as they came; half a request is told', async () => {
  const it = await serve({ mails: dir }, { page: false });
  const half = silent(it.url, 'POST /v1/classify HTTP/1.1\r\nhost: localh');
  const all: ReturnType<typeof silent>[] = [];
  for (let i = 0; i < 20; i++) {
    all.push(...Array.from({ length: 20 }, () => silent(it.url)));
    await new Promise((done) => setTimeout(done, 200));
  }
  await expect.poll(() => all.every(({ closedAt }) => closedAt !== null), { timeout: 20_000 }).toBe(true);
  expect(all.filter(({ answer }) => answer !== '')).toEqual([]);
  // they came over four seconds: looked for every two, they would all go in two or three moments
  const moments = new Set(all.map(({ closedAt }) => Math.floor(closedAt! / 100)));
  expect(moments.size).toBeGreaterThan(8);
  expect(half.answer).toMatch(/^HTTP\/1.1 408 /);
  expect(half.answer).toContain('the request headers did not arrive in time');
  expect((await it.post('/v1/classify', { inputs: 'w1 w2' })).status).toBe(200);
}, 60_000);
