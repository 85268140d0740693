import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { protocolServer } from '../support/protocol-server.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
let server: Awaited<ReturnType<typeof protocolServer>>;
let guarded: Awaited<ReturnType<typeof protocolServer>>;

beforeAll(async () => {
  const { dir } = await randomModel(root, 'mails', { seed: 11, kind: 'none', prunes: true, layers: 1 });
  const apiKeyFile = join(root, 'keys');
  await writeFile(apiKeyFile, 'a-key\n');
  server = await protocolServer({ mails: dir });
  guarded = await protocolServer({ mails: dir }, { apiKeyFile });
});
afterAll(() => Promise.all([server.close(), guarded.close()]));

const sentence = expect.stringMatching(/^.{10,300}$/);
const own = (status: number) => ({ error: { code: status === 401 ? 'MP_KEY' : 'MP_REQUEST', message: sentence } });
const oip = () => ({ error: sentence });
const tei = () => ({ error: sentence, error_type: 'Validation' });
const vllm = (code: number) => ({
  error: { message: sentence, type: expect.stringMatching(/Error$/), param: null, code },
});

// over a socket: only there does the server itself read the address
const ask = async (method: string, path: string, from = server) => {
  const reply = await fetch(from.url + path, { method });
  return { status: reply.status, allow: reply.headers.get('allow'), body: JSON.parse((await reply.text()) || 'null') };
};

describe('an unknown address or method', () => {
  test.each<[string, string, (status: number) => object]>([
    ['GET', '/v2/models/mails/config', oip],
    ['GET', '/v2/models/mails/stats', oip],
    ['POST', '/v2/repository/index', oip],
    ['GET', '/v2/', oip],
    ['GET', '/v2/models/mails/versions/1/config', oip],
    ['POST', '/predict/x', tei],
    ['POST', '/classify/x', vllm],
    ['GET', '/v1/nothing', own],
    ['POST', '/v2x', own],
    ['POST', '/embed', own],
  ])('%s %s is 404 in the form of its protocol', async (method, path, form) => {
    const { status, allow, body } = await ask(method, path);
    expect({ status, allow, body }).toEqual({ status: 404, allow: null, body: form(404) });
    expect(JSON.stringify(body)).toContain(`there is no ${method} ${path}`);
  });

  test.each<[string, string, string, (status: number) => object]>([
    ['GET', '/v2/models/mails/infer', 'POST', oip],
    ['DELETE', '/v2/models/mails', 'GET, HEAD', oip],
    ['POST', '/v2/health/live?x=1', 'GET, HEAD', oip],
    ['PUT', '/predict', 'POST', tei],
    ['GET', '/predict', 'POST', tei],
    ['POST', '/info', 'GET, HEAD', tei],
    ['GET', '/classify', 'POST', vllm],
    ['GET', '/v1/classify', 'POST', own],
    ['PUT', '/v1/models/mails', 'GET, HEAD', own],
  ])('%s %s is 405 with what is allowed', async (method, path, allowed, form) => {
    const { status, allow, body } = await ask(method, path);
    expect({ status, allow, body }).toEqual({ status: 405, allow: allowed, body: form(405) });
  });

  test.each<[string, (status: number) => object]>([
    ['/v2/models/%zz', oip],
    ['/v2/models/%e0%a4%a/ready', oip],
    ['/info/%', tei], // where what is not understood is 422
    ['/classify/%ff', vllm],
    ['/v1/models/%c3', own],
  ])('%s is refused for its percent sign', async (path, form) => {
    const { status, body } = await ask('GET', path);
    expect({ status, body }).toEqual({ status: form === tei ? 422 : 400, body: form(400) });
    expect(JSON.stringify(body)).toContain('write it as %25');
  });
});

test.each<[string, string, number]>([
  ['text/csv', 'a,b', 404],
  ['nonsense', 'a', 404],
  ['application/json', '{', 404],
  ['application/json', `"${'x'.repeat(2_000_001)}"`, 404],
  ['text/csv', 'a,b', 405],
])('an address that there is not is told of before a body of %s', async (type, payload, status) => {
  const [method, url] =
    status === 404 ? (['POST', '/v2/nothing'] as const) : (['PUT', '/v2/models/mails/infer'] as const);
  const reply = await server.app.inject({ method, url, payload, headers: { 'content-type': type } });
  expect({ status: reply.statusCode, body: reply.json() }).toEqual({ status, body: oip() });
});

describe('a request without a key', () => {
  test.each<[string, string, (status: number) => object]>([
    ['GET', '/v2/models/mails/config', oip],
    ['POST', '/v2/nothing', oip],
    ['POST', '/predict/x', tei],
    ['POST', '/classify/x', vllm],
    ['POST', '/v1/nothing', own],
  ])('%s %s is refused in the form of its protocol, or does not exist', async (method, path, form) => {
    const { status, body } = await ask(method, path, guarded);
    expect([401, 404]).toContain(status);
    expect(body).toMatchObject(form(status));
  });
});
