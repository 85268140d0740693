import { connect, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { randomModel } from '../support/random-model.ts';
import { parse } from '../support/raw-http.ts';
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

/** A connection that has sent this; what it was answered, and whether it is closed. */
function client(url: string, text: string) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text));
  open.push(socket);
  const it = { socket, answer: '', isClosed: false };
  socket.on('data', (bytes) => (it.answer += bytes.toString('latin1')));
  socket.on('error', () => {});
  socket.on('close', () => (it.isClosed = true));
  return it;
}

const head = (type: string, length: string) =>
  `POST /v1/classify HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\n${length}\r\n\r\n`;
const BEGUN = `${head('application/json', 'content-length: 100')}{`;
const CHUNKED = `${head('application/json', 'transfer-encoding: chunked')}1\r\n{\r\n`;
const STREAM = `${head('application/x-ndjson', 'transfer-encoding: chunked')}1\r\n"\r\n`;
const LINE = '"w1 w2"\n';
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('bodies that do not arrive', () => {
  test.each([
    ['a length', BEGUN],
    ['chunks', CHUNKED],
    ['lines of a stream', STREAM],
  ])('with %s take no room from those that do', async (_, begun) => {
    const it = await serve({ mails: dir }, { page: false, maxConcurrentRequests: 8 });
    const slow = Array.from({ length: 40 }, () => client(it.url, begun));
    await expect
      .poll(() => slow.filter(({ answer, isClosed }) => answer !== '' || isClosed).length)
      .toBeGreaterThan(31);
    await wait(400); // nobody is called slow before
    for (let i = 0; i < 20; i++) expect((await it.post('/v1/classify', { inputs: 'w1 w2' })).status).toBe(200);
    expect(slow.filter(({ answer }) => answer.startsWith('HTTP/1.1 200')).length).toBeLessThanOrEqual(8);
    const { body } = await it.get('/metrics');
    expect(Number(/^te_concurrent_requests (\d+)/m.exec(body)![1])).toBeLessThanOrEqual(8);
  });

  test('get an error, and their connection is closed', async () => {
    const it = await serve({ mails: dir }, { page: false, bodyTimeout: 900 });
    const slow = client(it.url, BEGUN);
    await expect.poll(() => slow.isClosed).toBe(true);
    const { status, headers, body } = parse(slow.answer);
    expect([status, headers.get('connection'), JSON.parse(body).error.code]).toEqual([408, 'close', 'MP_BODY_SLOW']);
    const oip = client(it.url, BEGUN.replace('/v1/classify', '/v2/models/mails/infer'));
    await expect.poll(() => oip.isClosed).toBe(true);
    expect(JSON.parse(parse(oip.answer).body)).toEqual({ error: expect.stringContaining('had not arrived') });
  });

  test('are cut off when a byte comes only now and then; a steady stream is not', async () => {
    const it = await serve({ mails: dir }, { page: false, bodyTimeout: 1500 });
    const [trickle, steady] = [
      client(it.url, STREAM),
      client(it.url, head('application/x-ndjson', 'transfer-encoding: chunked')),
    ];
    const drip = setInterval(() => trickle.socket.write(chunk(' ')), 300);
    const flow = setInterval(() => steady.socket.write(chunk(LINE.repeat(20))), 300);
    await expect.poll(() => trickle.isClosed).toBe(true);
    await wait(2000);
    clearInterval(drip);
    clearInterval(flow);
    expect(steady.isClosed).toBe(false);
    steady.socket.write('0\r\n\r\n');
    await expect.poll(() => steady.answer.endsWith('0\r\n\r\n')).toBe(true);
    expect(steady.answer).toContain('"label"');
  });

  test('of refused requests have to arrive in time too, or their connection is closed', async () => {
    const it = await serve({ mails: dir }, { page: false, bodyTimeout: 1500, apiKey: 'k' });
    const request = (path: string, headers: string) =>
      client(it.url, `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 90000\r\n${headers}\r\n\r\n `);
    const key = 'authorization: Bearer k';
    const json = 'content-type: application/json';
    const refused: [number, ReturnType<typeof client>][] = [
      [401, request('/v1/classify', json)],
      [403, request('/admin/models/mails/reload', json)],
      [400, request('/%zz', `${key}\r\n${json}`)],
      [415, request('/v1/classify', `${key}\r\n${json}; charset=latin1`)],
      [400, request('/v1/classify?tau=2', `${key}\r\ncontent-type: application/x-ndjson`)],
    ];
    const drip = setInterval(() => {
      for (const [, { socket }] of refused) socket.write(' ');
    }, 100);
    await expect
      .poll(() => refused.map(([, { answer }]) => parse(answer).status))
      .toEqual(refused.map(([status]) => status));
    await expect.poll(() => refused.every(([, { isClosed }]) => isClosed), { timeout: 8000 }).toBe(true);
    clearInterval(drip);
    // a body that comes whole behind its refusal does not cost the connection
    const prompt = client(
      it.url,
      `POST /v1/classify HTTP/1.1\r\nhost: localhost\r\n${json}\r\ncontent-length: 4\r\n\r\n`,
    );
    await expect.poll(() => parse(prompt.answer).status).toBe(401);
    prompt.socket.write('null');
    await wait(3500);
    expect(prompt.isClosed).toBe(false);
  });

  test('are not cut off while all are new: a later request is told to try again', async () => {
    const it = await serve({ mails: dir }, { page: false, maxConcurrentRequests: 2 });
    await Promise.all(
      [client(it.url, BEGUN), client(it.url, BEGUN)].map(({ socket }) => new Promise((r) => socket.once('connect', r))),
    );
    await it.get('/health'); // what they sent has been read
    expect((await it.post('/v1/classify', { inputs: 'w1' })).status).toBe(429);
  });

  test('may announce only as many bytes together as are held in memory', async () => {
    const it = await serve({ mails: dir }, { page: false, payloadLimit: 1000 });
    const whole = BEGUN.replace('content-length: 100', 'content-length: 1000');
    const slow = Array.from({ length: 64 }, () => client(it.url, whole));
    await wait(500);
    const more = client(it.url, whole);
    await expect.poll(() => slow.filter(({ isClosed }) => isClosed).length).toBe(1);
    expect(more.isClosed).toBe(false);
  });
});
