import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { startServer } from '../../src/serve/index.ts';
import { randomModel } from '../support/random-model.ts';
import { type RawReply, rawRequest, requestText } from '../support/raw-http.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
let dir: string;
let adminKeyFile: string;

interface Route {
  readonly method: string;
  readonly path: string;
}

/** All routes of the servers that are started meanwhile, their parameters filled in. */
async function routesDuring<T>(start: () => Promise<T>): Promise<{ it: T; routes: readonly Route[] }> {
  const routes: Route[] = [];
  const watch = (message: unknown) => {
    const { fastify } = message as { fastify: import('fastify').FastifyInstance };
    fastify.addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat())
        routes.push({
          method: one,
          path: url
            .replace(/:version/g, '1')
            .replace(/:\w+/g, 'nobody')
            .replace('*', 'x.js'),
        });
    });
  };
  subscribe('fastify.initialization', watch);
  try {
    const it = await start();
    return { it, routes: routes.filter(({ method }) => method !== 'OPTIONS') };
  } finally {
    unsubscribe('fastify.initialization', watch);
  }
}

const isOpen = ({ method, path }: Route): boolean =>
  /^(GET|HEAD)$/.test(method) && /^\/(health|metrics|v2\/health\/(live|ready)|docs(\/.*)?)?$/.test(path);
const isAdmin = ({ path }: Route): boolean => path.startsWith('/admin/');

const hex = (letter: string): string => `%${letter.charCodeAt(0).toString(16)}`;

/** Ways to write an address: those that mean the same to the router, and those that may to somebody. */
function spellings(path: string): readonly string[] {
  const first = path.replace(/[a-z]/i, hex);
  return [
    path,
    first,
    path.replace(/[a-z]/gi, hex),
    path.replace(/[a-z]/i, (letter) => hex(letter).toUpperCase()),
    `http://localhost${path}`,
    `http://evil.example:1${first}`,
    `HTTPS://localhost/health/..${path}`,
    `/${path}`,
    path.replace(/(.)\//g, '$1//'),
    `/.${path}`,
    `/health/..${path}`,
    `/x/..${path}`,
    `/docs/../${path.slice(1)}`,
    `/docs/static/..%2f..${path}`,
    path.toUpperCase(),
    `${path}/`,
    `${path}?x=/health`,
    `${path}?/docs/`,
    `${path};/health`,
    `${path}#/health`,
    path.replace(/(.)\//g, '$1%2f'),
    `/%2e/${path.slice(1)}`,
    `/health%2f..${path}`,
    `${path}%00`,
  ];
}

async function all(port: number, requests: readonly string[]): Promise<RawReply[]> {
  const replies = new Array<RawReply>(requests.length);
  let next = 0;
  const run = async () => {
    for (let i = next++; i < requests.length; i = next++) replies[i] = await rawRequest(port, requests[i]);
  };
  await Promise.all(Array.from({ length: 8 }, run));
  return replies;
}

const keys: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  none: {},
  wrong: { authorization: 'Bearer somebody' },
  user: { authorization: 'Bearer user-key' },
  admin: { authorization: 'Bearer admin-key' },
};

beforeAll(async () => {
  ({ dir } = await randomModel(root, 'mails', { seed: 11, kind: 'pooled', prunes: true, tau: 0.7 }));
  adminKeyFile = join(root, 'admin-keys');
  await writeFile(adminKeyFile, 'admin-key\n');
});

describe.each([
  ['both kinds of keys', true, true],
  ['admin keys alone', false, true],
  ['keys for requests alone', true, false],
])('a server with %s', (_, hasKeys, hasAdminKeys) => {
  test('answers no route without the key that it needs, however its address is written', async () => {
    const { it, routes } = await routesDuring(() =>
      serve(
        { live: dir },
        { page: false, apiKey: hasKeys ? 'user-key' : null, adminKeyFile: hasAdminKeys ? adminKeyFile : null },
      ),
    );
    expect(routes.length).toBeGreaterThan(30);
    expect(routes.filter(isAdmin).map(({ method }) => method)).toEqual(['POST', 'POST', 'DELETE']);
    const port = Number(new URL(it.url).port);
    const cases = routes
      .filter((route) => isAdmin(route) || (hasKeys && !isOpen(route)))
      .flatMap((route) =>
        Object.keys(keys)
          .filter((key) => key !== (isAdmin(route) ? (hasAdminKeys ? 'admin' : '') : 'user'))
          .flatMap((key) => spellings(route.path).map((target) => ({ ...route, key, target }))),
      );
    const replies = await all(
      port,
      cases.map(({ method, target, key }) => requestText(method, target, keys[key])),
    );
    const answered = cases.filter(({ key, target }, i) => {
      // an address that no route has is told so to whoever may ask at all
      const mayAsk = !hasKeys || key === 'user' || target.startsWith('/docs/static/');
      const { status, body } = replies[i];
      const isNoRoute = status === 404 && (body === '' || /there is no (GET|POST|DELETE) /.test(body));
      const isNoAddress = status === 400 && (body === '' || /begins no character|not an HTTP/.test(body));
      return !(status === 401 || status === 403 || isNoAddress || (mayAsk && isNoRoute));
    });
    expect(answered).toEqual([]);
    expect(replies.filter(({ status }) => status === 401 || status === 403).length).toBeGreaterThan(cases.length / 8);
    for (const spelled of spellings('/admin/models/nobody/reload').slice(0, 6)) {
      const { status } = await rawRequest(port, requestText('POST', spelled, keys.user));
      expect([spelled, status]).toEqual([spelled, hasAdminKeys ? 401 : 403]);
      if (!hasAdminKeys) continue;
      const let_in = await rawRequest(port, requestText('POST', spelled, keys.admin));
      expect(let_in.body).toContain('MP_MODEL_UNKNOWN');
    }
  });
});

describe('HEAD', () => {
  test('is answered wherever GET is, and needs a key where GET does', async () => {
    const { it, routes } = await routesDuring(() => serve({ nobody: dir }, { apiKey: 'user-key', page: false }));
    const port = Number(new URL(it.url).port);
    const gets = routes.filter(({ method, path }) => method === 'GET' && !path.includes('*'));
    expect(gets.filter(isOpen).map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/health', '/metrics', '/v2/health/live', '/v2/health/ready', '/docs/json']),
    );
    for (const { path } of gets)
      for (const key of ['none', 'user']) {
        const [get, head] = await all(
          port,
          ['GET', 'HEAD'].map((method) => requestText(method, path, keys[key])),
        );
        expect([path, key, head.status]).toEqual([path, key, get.status]);
        expect(head.body).toBe('');
        if (!isOpen({ method: 'GET', path }) && key === 'none') expect([path, get.status]).toEqual([path, 401]);
        if (isOpen({ method: 'GET', path })) expect(get.status).not.toBe(401);
      }
  });
});

describe('a server without keys on a loopback address', () => {
  const reload = (headers: Readonly<Record<string, string>> = {}) =>
    requestText('POST', '/admin/models/live/reload', headers);
  let port: number;
  beforeAll(async () => {
    port = Number(new URL((await serve({ live: dir }, { page: false })).url).port);
  });

  test('lets programs on this machine use /admin, and its own pages', async () => {
    const own = { host: `localhost:${port}`, origin: `http://localhost:${port}`, 'sec-fetch-site': 'same-origin' };
    const names = ['localhost', `127.0.0.1:${port}`, '[::1]', 'LOCALHOST.'];
    for (const headers of [...names.map((host) => ({ host })), own])
      expect([headers, (await rawRequest(port, reload(headers))).status]).toEqual([headers, 200]);
  });

  test.each([
    ['through a proxy', { 'x-forwarded-for': '203.0.113.7' }],
    ['through a proxy of another kind', { forwarded: 'for=203.0.113.7' }],
    ['through a sidecar', { 'x-envoy-external-address': '203.0.113.7' }],
    ['from a page of another site', { origin: 'https://evil.example' }],
    ['from a page of nobody', { origin: 'null' }],
    ['from a page of another port', { origin: 'http://localhost:1' }],
    ['from a form of another site', { 'sec-fetch-site': 'cross-site' }],
    ['from a page on a neighbouring name', { 'sec-fetch-site': 'same-site' }],
  ])('keeps /admin closed to a request %s', async (_, headers) => {
    const { status, body } = await rawRequest(port, reload(headers as Record<string, string>));
    expect([status, JSON.parse(body).error.code]).toEqual([403, 'MP_ADMIN_CLOSED']);
  });

  test('keeps /admin closed to HTTP/1.0, which proxies speak', async () => {
    expect((await rawRequest(port, reload().replace('HTTP/1.1', 'HTTP/1.0'))).status).toBe(403);
  });

  test.each([
    'evil.example',
    `evil.example:8080`,
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    'a b',
  ])('does not answer to the name %s, which a page may have made its own', async (host) => {
    for (const target of ['/v1/models', '/health', '/metrics', '/docs/json', '/none']) {
      const { status, body } = await rawRequest(port, requestText('GET', target, { host }));
      expect([target, status, JSON.parse(body).error.code]).toEqual([target, 403, 'MP_HOST']);
    }
  });

  test('answers to the names of --allowed-hosts (any with *), and still to localhost', async () => {
    const some = await serve({ live: dir }, { page: false, allowedHosts: ['mails.example'] });
    const any = await serve({ live: dir }, { page: false, allowedHosts: ['*'] });
    const ask = async ({ url }: { url: string }, host: string) =>
      (await rawRequest(Number(new URL(url).port), requestText('GET', '/v1/models', { host }))).status;
    expect(await ask(some, 'Mails.example:80')).toBe(200);
    expect(await ask(some, 'localhost')).toBe(200);
    expect(await ask(some, 'evil.example')).toBe(403);
    expect(await ask(any, 'evil.example')).toBe(200);
  });
});

describe('a server that other machines can reach', () => {
  test('warns first of all if it has no key, on the terminal and in the log', async () => {
    const said: string[] = [];
    const lines: string[] = [];
    const log = { write: (line: string) => lines.push(line) };
    const say = (sentence: string) => said.push(sentence);
    const it = await serve({ live: dir }, { page: false, hostname: '0.0.0.0', log, say });
    expect(said).toEqual([
      expect.stringMatching(/^warning: other machines can reach this server, and it needs no key/),
    ]);
    expect(JSON.parse(lines[0])).toMatchObject({ level: 'warn', msg: expect.stringContaining('--api-key-file') });
    const port = Number(new URL(it.url).port);
    // its names are not known
    expect((await rawRequest(port, requestText('GET', '/v1/models', { host: 'mails.example' }))).status).toBe(200);
    const other = Object.values(networkInterfaces())
      .flat()
      .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
    if (other !== undefined) {
      const { status, body } = await rawRequest(port, requestText('POST', '/admin/models/live/reload'), other);
      expect([status, JSON.parse(body).error.code]).toEqual([403, 'MP_ADMIN_CLOSED']);
    }
    await serve({ live: dir }, { page: false, hostname: '0.0.0.0', apiKey: 'k', say });
    await serve({ live: dir }, { page: false, say });
    expect(said).toHaveLength(1);
  });

  test('reports a port in use before it loads any model', async () => {
    const it = await serve({ live: dir }, { page: false });
    const port = Number(new URL(it.url).port);
    const model = [{ name: 'none', dir: join(root, 'there-is-none') }];
    await expect(startServer({ model, port })).rejects.toMatchObject({ code: 'MP_LISTEN' });
    await expect(startServer({ model, port: 0, hostname: '203.0.113.7' })).rejects.toMatchObject({ code: 'MP_LISTEN' });
  });
});
