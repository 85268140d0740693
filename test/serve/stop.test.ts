import { connect } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { randomModel } from '../support/random-model.ts';
import { parse, rawRequest, requestText } from '../support/raw-http.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
let dir: string;
beforeAll(async () => {
  ({ dir } = await randomModel(root, 'mails', { seed: 11, kind: 'pooled', prunes: true, tau: 0.7 }));
});

/** A connection that is kept alive: each call sends a request and gives its answer. */
async function keptAlive(port: number) {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  let wake = () => {};
  const state = { isClosed: false };
  socket.on('data', (bytes) => {
    answer += bytes.toString('latin1');
    wake();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    state.isClosed = true;
    wake();
  });
  const ask = async () => {
    answer = '';
    socket.write(requestText('GET', '/v1/models', { connection: 'keep-alive' }));
    while (!answer.includes('\r\n\r\n') && !state.isClosed) await new Promise<void>((resolve) => (wake = resolve));
    return parse(answer);
  };
  return { ask, state };
}

describe('a server that is stopped', () => {
  test('answers requests over open connections and closes them with the answer; then the port is closed', async () => {
    const it = await serve({ mails: dir }, { page: false });
    const port = Number(new URL(it.url).port);
    const [busy, silent] = [await keptAlive(port), await keptAlive(port)];
    for (const client of [busy, silent]) expect((await client.ask()).headers.get('connection')).toBe('keep-alive');
    const closed = it.server.close();
    const health = await rawRequest(port, requestText('GET', '/health', { connection: 'keep-alive' }));
    expect([health.status, health.headers.get('connection')]).toEqual([503, 'close']);
    const late = await rawRequest(port, requestText('GET', '/v1/models'));
    expect([late.status, late.headers.get('connection')]).toEqual([200, 'close']);
    // the port is closed by now, and the connection is not
    await expect.poll(() => it.server.app.server.listening).toBe(false);
    const last = await busy.ask();
    expect([last.status, last.headers.get('connection')]).toEqual([200, 'close']);
    await closed;
    expect([busy.state.isClosed, silent.state.isClosed]).toEqual([true, true]);
    await expect(rawRequest(port, requestText('GET', '/health'))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('does not wait for a silent client, nor beyond its time limit for one that keeps sending', async () => {
    const it = await serve({ mails: dir }, { page: false, shutdownTimeout: 1500 });
    const port = Number(new URL(it.url).port);
    const stream = connect(port, '127.0.0.1', () =>
      stream.write(
        'POST /v1/classify HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n',
      ),
    );
    let isClosed = false;
    stream.on('error', () => {});
    stream.on('close', () => (isClosed = true));
    stream.resume();
    await expect.poll(async () => (await it.get('/metrics')).body).toContain('te_concurrent_requests 1');
    const begin = performance.now();
    await it.server.close();
    expect(performance.now() - begin).toBeGreaterThan(1400);
    await expect.poll(() => isClosed).toBe(true);
  });
});
