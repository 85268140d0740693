import { beforeAll, describe, expect, test } from 'vitest';
import { randomModel } from '../support/random-model.ts';
import { rawRequest, requestText } from '../support/raw-http.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const lines: string[] = [];
let port: number;
let it: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  const { dir } = await randomModel(root, 'mails', { seed: 11, kind: 'pooled', prunes: true, tau: 0.7 });
  it = await serve({ mails: dir }, { logLevel: 'debug', log: { write: (line) => lines.push(line) } });
  port = Number(new URL(it.url).port);
});

describe('what is refused before any route sees it', () => {
  test.each(['/v1/models/%zz', '/%', '/v1/models/%e0%a4%a', '/admin/models/%/reload'])(
    'has our form of an error where the address is %s',
    async (target) => {
      const { status, headers, body } = await rawRequest(port, requestText('GET', target));
      expect(status).toBe(400);
      expect(JSON.parse(body)).toEqual({ error: { code: 'MP_REQUEST', message: expect.stringContaining('%25') } });
      expect(headers.get('content-type')).toContain('application/json');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
    },
  );

  test.each([
    ['no request at all', 'hello\r\n\r\n', 400, 'not an HTTP/1.1 request'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nhost localhost\r\n\r\n', 400, 'not an HTTP/1.1 request'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
      'not an HTTP/1.1 request',
    ],
    ['20 KiB of headers', requestText('GET', '/health', { x: 'a'.repeat(20_000) }), 431, '16 KiB'],
  ])('has our form of an error for %s', async (_, text, wanted, words) => {
    const { status, headers, body } = await rawRequest(port, text);
    expect([status, headers.get('connection')]).toEqual([wanted, 'close']);
    expect(JSON.parse(body).error).toEqual({ code: 'MP_REQUEST', message: expect.stringContaining(words) });
  });
});

describe('x-request-id', () => {
  const idOf = async (target: string, given?: string) =>
    (
      await rawRequest(port, requestText('GET', target, given === undefined ? {} : { 'x-request-id': given }))
    ).headers.get('x-request-id');

  test.each(['/health', '/v1/models', '/none', '/', '/docs/json'])('is returned and logged: %s', async (target) => {
    const id = `trace.7/of:${target}`;
    expect(await idOf(target, id)).toBe(id);
    await expect.poll(() => lines.filter((line) => JSON.parse(line).reqId === id).length).toBeGreaterThan(0);
    expect(await idOf(target)).toMatch(/^[\w-]{36}$/);
    expect(await idOf(target)).not.toBe(await idOf(target));
  });

  test.each(['a b', '<script>', 'é', 'a'.repeat(129), '"quoted"', ''])('replaces %j by a new one', async (given) => {
    expect(await idOf('/health', given)).toMatch(/^[\w-]{36}$/);
  });
});

describe('the log', () => {
  test('has level names and readable times', () => {
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      const { level, time } = JSON.parse(line);
      expect(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).toContain(level);
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }
  });
});
