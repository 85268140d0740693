import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import { PyramidError } from '../../src/errors.ts';
import { type HubSettings, resolveModel } from '../../src/hub/index.ts';
import { type PushOptions, pushModel } from '../../src/hub/push-model.ts';
import { HubServer } from '../support/hub-server.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const server = await HubServer.start();
const root = temporaryFolder();
const SECRET = 'dear Ms Quillfeather, your biopsy was clear';
let caches = 0;
let dir: string;
const PUSHED = [
  'README.md',
  'config.json',
  'model.safetensors',
  'special_tokens_map.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'trace.jsonl',
  'trace.jsonl.meta.json',
  'training.json',
  'vocab.txt',
];

beforeAll(async () => {
  ({ dir } = await randomModel(root, 'model', { seed: 5, kind: 'pooled', prunes: true, tau: 0.7 }));
  const write = (name: string, text: string) => writeFileSync(join(dir, name), text);
  write('README.md', '# a card');
  write('training.json', '{}');
  write('trace.jsonl', `${JSON.stringify({ label: 1, logits: Array.from({ length: 500 }, (_, i) => i / 7) })}\n`);
  write('trace.jsonl.meta.json', '{}');
  for (const name of ['report.html', 'report.json', 'examples.json', 'my-rows.csv', '.secret'])
    write(name, `${SECRET} ${'x'.repeat(2000)}`);
  mkdirSync(join(dir, 'log'));
  write('log/config.json', SECRET);
});
beforeEach(() => server.models.clear());

const hub = (more: Partial<HubSettings> = {}): HubSettings => ({
  endpoint: server.endpoint,
  token: 'mine',
  cache: join(root, String(caches++)),
  offline: false,
  retryMs: 1,
  stallMs: 5000,
  ...more,
});
const push = (more: Partial<PushOptions> = {}, settings = hub()) =>
  pushModel(
    { dir, to: 'me/mails', private: false, revision: 'main', message: 'first', include: [], ...more },
    () => {},
    settings,
  );
const failure = async (work: Promise<unknown>): Promise<PyramidError> => {
  const error = await work.then(
    () => new Error('it went well'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PyramidError);
  expect((error as PyramidError).message).not.toMatch(/\n|undefined|\[object|hf_/);
  return error as PyramidError;
};
const names = (to = 'me/mails') => Object.keys(server.models.get(to)!.files).sort();

describe('a model that is pushed', () => {
  test('arrives byte for byte, and answers as before when it is loaded from the hub', async () => {
    const sent: string[] = [];
    const pushed = await pushModel(
      { dir, to: 'me/mails', private: false, revision: 'main', message: 'first', include: [] },
      (files) => sent.push(...files.map(({ path }) => path)),
      hub(),
    );
    expect(pushed).toMatchObject({ url: `${server.endpoint}/me/mails`, created: true, removed: [] });
    expect(sent).toEqual(pushed.files.map(({ path }) => path));
    expect(names()).toEqual(['.gitattributes', ...PUSHED]);
    const { files } = server.models.get('me/mails')!;
    for (const name of PUSHED) expect(Buffer.from(files[name]), name).toEqual(readFileSync(join(dir, name)));
    expect(server.uploads.titles).toEqual(['first']);

    const back = await resolveModel('me/mails', { hub: hub() });
    const ask = async (folder: string) => {
      const pyramid = await Pyramid.load(folder, { workers: 1 });
      try {
        return await pyramid.classify(['w1 w2 w3', 'w4'], { topK: 2 });
      } finally {
        await pyramid.close();
      }
    };
    expect(await ask(back)).toEqual(await ask(dir));
  });

  test('takes no text of a row along, and says what it left out', async () => {
    const { leftOut } = await push();
    expect(leftOut).toEqual(['examples.json', 'log/config.json', 'my-rows.csv', 'report.html', 'report.json']);
    const sent = Buffer.concat(server.uploads.seen.map(({ body }) => body));
    expect(sent.length).toBeGreaterThan(1000);
    for (const form of [SECRET, Buffer.from(SECRET.slice(0, 30)).toString('base64')])
      expect(sent.includes(form)).toBe(false);
    const asked = await push({ include: ['report.*', 'my-rows.csv'] });
    expect(asked.leftOut).toEqual(['examples.json', 'log/config.json']);
    expect(names()).toEqual(expect.arrayContaining(['report.html', 'report.json', 'my-rows.csv']));
    expect(Buffer.concat(server.uploads.seen.map(({ body }) => body)).includes(SECRET)).toBe(true);
  });

  test('sends the token to the hub, and never to where large files go', async () => {
    await push();
    const to = (method: string) => server.uploads.seen.filter((one) => one.method === method);
    expect(to('PUT').length).toBeGreaterThan(0);
    expect(new Set(to('PUT').map(({ authorization }) => authorization))).toEqual(new Set([undefined]));
    expect(new Set(to('POST').map(({ authorization }) => authorization))).toEqual(new Set(['Bearer mine']));
  });

  test('again sends no large file twice, and takes away what only the earlier model had', async () => {
    await push();
    const { files } = server.models.get('me/mails')!;
    const earlier = { 'floor.safetensors': 'old', 'merges.txt': 'old', LICENSE: 'kept', 'notes/plan.txt': 'kept' };
    server.models.set('me/mails', { files: { ...files, ...earlier } });
    server.uploads.seen = [];
    const again = await push({ message: 'second' });
    expect(again).toMatchObject({ created: false, removed: ['floor.safetensors', 'merges.txt'] });
    expect(server.uploads.seen.filter(({ method }) => method === 'PUT')).toEqual([]);
    expect(names()).toEqual(['.gitattributes', 'LICENSE', 'notes/plan.txt', ...PUSHED].sort());
    expect(server.uploads.titles).toEqual(['first', 'second']);
  });

  test('goes to a branch, which is made where it is missing, and main stays as it was', async () => {
    server.models.set('me/mails', { files: { 'README.md': 'main' } });
    const { url } = await push({ revision: 'v2' });
    expect(url).toBe(`${server.endpoint}/me/mails/tree/v2`);
    expect(names()).toEqual(['README.md']);
    expect(Object.keys(server.models.get('me/mails')!.branches!.v2).sort()).toEqual(PUSHED);
    const back = await resolveModel('me/mails@v2', { hub: hub() });
    expect(readFileSync(join(back, 'model.safetensors'))).toEqual(readFileSync(join(dir, 'model.safetensors')));
    await push({ revision: 'v2' });
  });

  test('is private where that was asked for, and refused where the repository is public already', async () => {
    await push({ private: true });
    expect(server.models.get('me/mails')).toMatchObject({ private: true });
    await push({ private: true });
    server.models.set('me/open', { files: {}, private: false });
    const { message } = await failure(push({ to: 'me/open', private: true }));
    expect(message).toBe(
      'me/open: the model was not uploaded: it is there already, and public; make it private in its settings, or leave --private out',
    );
    expect(names('me/open')).toEqual([]);
  });

  test('arrives although the hub answers with passing errors', async () => {
    server.faults.statuses = Array.from({ length: 3 }, () => ({ status: 503 }));
    await push();
    expect(names()).toEqual(['.gitattributes', ...PUSHED]);
  });
});

describe('a push that cannot be', () => {
  const refused = [
    ['without a token', {}, { token: null }, /there is no token; set HF_TOKEN to one that may write/],
    [
      'with a token that nobody knows',
      {},
      { token: 'wrong' },
      /does not know the token \(status 401: Invalid username or password\); set HF_TOKEN/,
    ],
    ['off the network', {}, { offline: true }, /HF_HUB_OFFLINE is set; unset it/],
    [
      'to an owner that is not ours',
      { to: 'them/mails' },
      {},
      /the token may not write there \(status 403: You don't have the rights .*"them"\); check the owner/,
    ],
  ] as const;
  test.each(refused)('%s is one sentence, and nothing has been made', async (_, options, settings, sentence) => {
    server.uploads.owners = { me: 'mine' };
    const { code, message } = await failure(push(options, hub(settings)));
    expect(code).toBe('MP_HUB_PUSH');
    expect(message).toMatch(sentence);
    expect(server.models.size).toBe(0);
  });

  test('with a file that is larger than the hub takes leaves the repository as it was', async () => {
    server.models.set('me/mails', { files: { 'README.md': 'before' } });
    server.uploads.most = 2000;
    const { message } = await failure(push());
    expect(message).toMatch(/a file is larger than the hub takes \(status 413: Your file is too large\); leave it out/);
    expect(server.models.get('me/mails')).toEqual({ files: { 'README.md': 'before' } });
  });

  test('where nobody listens says so', async () => {
    const { message } = await failure(push({}, hub({ endpoint: 'http://127.0.0.1:9' })));
    expect(message).toMatch(
      /http:\/\/127\.0\.0\.1:9 cannot be reached \(.*\); go online, or check HF_ENDPOINT and HTTPS_PROXY/,
    );
  });

  test('of a name that is there and may not be read says what to check', async () => {
    server.models.set('me/mails', { files: {}, token: 'other' });
    server.faults.statuses = [{ status: 404 }];
    const { message } = await failure(push());
    expect(message).toMatch(
      /a repository of this name is there, and this token may not read it; check the name and HF_TOKEN/,
    );
  });

  test.each<[string, Partial<PushOptions>, string, RegExp]>([
    ['no owner', { to: 'mails' }, 'MP_OPTION_VALUE', /--to is "mails": give OWNER\/NAME/],
    ['a revision in its name', { to: 'me/mails@v2' }, 'MP_OPTION_VALUE', /--to is "me\/mails@v2": give OWNER\/NAME/],
    ['a commit', { revision: 'a'.repeat(40) }, 'MP_OPTION_VALUE', /--revision is .*: give the name of a branch/],
    ['a pattern of nothing', { include: ['*.xlsx'] }, 'MP_USAGE', /--include \*\.xlsx is no file of/],
    ['a pattern out of the folder', { include: ['../*'] }, 'MP_USAGE', /--include \.\.\/\* is no file of/],
  ])('for %s asks for another', async (_, options, code, sentence) => {
    const error = await failure(push(options));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(sentence);
    expect(server.seen).toEqual([]);
  });

  test('of a folder that could not be opened from the hub says what is missing', async () => {
    const half = join(root, 'half');
    cpSync(dir, half, { recursive: true });
    rmSync(join(half, 'model.safetensors'));
    expect((await failure(push({ dir: half }))).message).toMatch(
      /half: the model has no model\.safetensors; give a whole model folder/,
    );
    writeFileSync(join(half, 'model.safetensors'), 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n');
    expect((await failure(push({ dir: half }))).message).toMatch(/it is a Git LFS pointer/);
    expect(server.seen).toEqual([]);
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0; // makes the certificate

describe.skipIf(!hasOpenssl)('behind a proxy', () => {
  const servers: Server[] = [];
  const tunnels: string[] = [];
  let proxy: string;
  let tls: { url: string; certificate: string };
  const listen = (one: Server) =>
    new Promise<number>((done) => {
      servers.push(one);
      one.listen(0, '127.0.0.1', () => done((one.address() as AddressInfo).port));
    });
  beforeAll(async () => {
    const [key, certificate] = [join(root, 'key.pem'), join(root, 'cert.pem')];
    const made = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=hub.example';
    execFileSync(
      'openssl',
      [...made.split(' '), '-addext', 'subjectAltName=DNS:hub.example', '-keyout', key, '-out', certificate],
      { stdio: 'ignore' },
    );
    // the hub behind TLS, by a name that only the proxy knows
    const secure = createHttps({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) =>
      server.handle(request, response),
    );
    const port = await listen(secure);
    const tunnel = createHttp((_, response) => response.writeHead(405).end());
    tunnel.on('connect', (request, socket, head) => {
      tunnels.push(request.url!);
      const [host, to] = request.url!.split(':');
      const upstream = connect(host === 'hub.example' ? port : Number(to), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        upstream.write(head);
        upstream.pipe(socket).pipe(upstream);
      });
      for (const one of [socket, upstream]) one.on('error', () => one.destroy());
    });
    proxy = `http://127.0.0.1:${await listen(tunnel)}`;
    tls = { url: 'https://hub.example', certificate };
  });
  afterAll(() => {
    for (const one of servers) {
      one.closeAllConnections();
      one.close();
    }
  });

  const cli = async (args: string[], variables: Record<string, string>) => {
    const child = spawn(process.execPath, [resolve('dist/cli/main.js'), ...args], {
      env: {
        ...{ PATH: process.env.PATH, HF_HOME: join(root, `home${caches++}`), HF_TOKEN: 'mine' },
        ...variables,
      },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    const code = await new Promise((done) => child.once('close', done));
    return { code, stdout, stderr };
  };

  test('a model goes up and comes down through it, over TLS', async () => {
    const variables = {
      HF_ENDPOINT: tls.url,
      HTTPS_PROXY: proxy,
      NO_PROXY: '127.0.0.1',
      NODE_EXTRA_CA_CERTS: tls.certificate,
    };
    const up = await cli(['hub', 'push', '--model', dir, '--to', 'me/mails'], variables);
    expect(up.stderr).toMatch(
      /^me\/mails: uploading 10 files, .* MB\nleft out, since they may hold texts of rows: examples\.json, /,
    );
    expect([up.code, up.stdout]).toEqual([0, 'https://hub.example/me/mails: uploaded, to a repository that is new\n']);
    const { files } = server.models.get('me/mails')!;
    for (const name of PUSHED) expect(Buffer.from(files[name]), name).toEqual(readFileSync(join(dir, name)));
    const down = await cli(['predict', '--model', 'me/mails', 'w1 w2'], variables);
    expect(down.stderr).not.toMatch(/error/);
    expect(down.code).toBe(0);
    expect(tunnels.length).toBeGreaterThan(1);
    expect(new Set(tunnels)).toEqual(new Set(['hub.example:443']));
  });

  test('that cannot be reached, or is no address, is a sentence that names it', async () => {
    const at = (HTTPS_PROXY: string) =>
      cli(['hub', 'push', '--model', dir, '--to', 'me/mails'], { HF_ENDPOINT: tls.url, HTTPS_PROXY });
    const off = await at('http://127.0.0.1:9');
    expect([off.code, off.stderr]).toEqual([
      1,
      expect.stringMatching(
        /^error: me\/mails: the model was not uploaded: https:\/\/hub\.example cannot be reached \(.*\); go online, or check HF_ENDPOINT and HTTPS_PROXY\n$/,
      ),
    ]);
    const wrong = await at('me:word@proxy');
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      'error: HTTPS_PROXY is "…@proxy": give the address of a proxy, such as http://host:3128\n',
    ]);
  });
});
