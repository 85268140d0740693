import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PyramidError } from '../../src/errors.ts';
import { type DownloadProgress, type HubSettings, resolveModel } from '../../src/hub/index.ts';
import { randomStream } from '../../src/random.ts';
import { commitOf, HubServer, sha256 } from '../support/hub-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const server = await HubServer.start();
const nowhere = await closedPort();
const root = temporaryFolder();
let caches = 0;

const random = randomStream(5, 'weights');
const weights = Uint8Array.from({ length: 300_000 }, () => random.integer(256));
const files = {
  'config.json': '{"model_type": "bert"}',
  'tokenizer.json': '{"model": {}}',
  'tokenizer_config.json': '{}',
  'README.md': 'read me',
  'pytorch_model.bin': weights,
  'model.safetensors': weights,
  'onnx/model.onnx': weights,
};
const repo = { files };
const commit = commitOf(repo);
server.models.set('org/small', repo);
server.models.set('plain', repo);

const settings = (more: Partial<HubSettings> = {}): HubSettings => ({
  endpoint: server.endpoint,
  token: null,
  cache: join(root, String(caches++)),
  offline: false,
  retryMs: 1,
  stallMs: 5000,
  ...more,
});
const failure = async (work: Promise<unknown>): Promise<PyramidError> => {
  const error = await work.then(
    () => new Error('it went well'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PyramidError);
  expect((error as PyramidError).message).not.toMatch(/\n|undefined|\[object/);
  return error as PyramidError;
};
/** Where nobody listens any more. */
async function closedPort(): Promise<string> {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** All files under a folder, links followed. */
const under = (dir: string) =>
  existsSync(dir)
    ? readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
        .sort()
    : [];

describe('a model that is named', () => {
  test('by a folder is that folder, and nobody is asked', async () => {
    mkdirSync(join(root, 'org/small'), { recursive: true });
    expect(await resolveModel(join(root, 'org/small'), { hub: settings() })).toBe(join(root, 'org/small'));
    expect(server.seen).toEqual([]);
  });

  test('by what is neither a folder nor an id is no such folder', async () => {
    writeFileSync(join(root, 'file'), '');
    for (const path of [
      './absent',
      '../absent',
      '/absent/model',
      'a/b/c',
      '~/model',
      'a b',
      'org/..',
      'org/na--me',
      join(root, 'file'),
    ]) {
      expect(await failure(resolveModel(path, { hub: settings() }))).toMatchObject({
        code: 'MP_FILE_MISSING',
        details: { path },
      });
    }
    expect(server.seen).toEqual([]);
  });

  test('by an id is fetched: configuration, tokenizer and safetensors, and nothing else', async () => {
    for (const id of ['org/small', 'plain']) {
      const hub = settings();
      const dir = await resolveModel(id, { hub });
      expect(dir).toBe(join(hub.cache, `models--${id.replace('/', '--')}`, 'snapshots', commit));
      expect(under(dir)).toEqual(['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']);
      expect(new Uint8Array(readFileSync(join(dir, 'model.safetensors')))).toEqual(weights);
      expect(readFileSync(join(dir, 'config.json'), 'utf8')).toBe(files['config.json']);
    }
  });

  test('lies in the layout that other tools share: blobs by hash, relative links, the branch’s commit', async () => {
    const hub = settings();
    const dir = await resolveModel('org/small', { hub });
    const store = join(hub.cache, 'models--org--small');
    expect(readFileSync(join(store, 'refs/main'), 'utf8')).toBe(commit);
    expect(readlinkSync(join(dir, 'model.safetensors'))).toBe(`../../blobs/${sha256(weights)}`);
    // as `git hash-object` has it
    const git = execFileSync('git', ['hash-object', '--stdin'], {
      input: files['config.json'],
      encoding: 'utf8',
    }).trim();
    expect(readlinkSync(join(dir, 'config.json'))).toBe(`../../blobs/${git}`);
    expect(under(store).filter((path) => /part|tmp/.test(path))).toEqual([]);
  });

  test('is not fetched twice, and only what has changed when the branch moves on', async () => {
    const hub = settings();
    await resolveModel('org/small', { hub });
    server.seen = [];
    await resolveModel('org/small', { hub });
    expect(server.bodies('')).toEqual([]);
    const next = { files: { ...files, 'config.json': '{"model_type": "bert", "new": 1}' } };
    server.models.set('org/small', next);
    try {
      const dir = await resolveModel('org/small', { hub });
      expect(dir).toContain(commitOf(next));
      expect(server.bodies('').map(({ url }) => url.split('/').at(-1))).toEqual(['config.json']);
      server.seen = [];
      // a commit never changes: once it is there, nobody is asked
      expect(await resolveModel(`org/small@${commit}`, { hub })).toContain(commit);
      expect(server.seen).toEqual([]);
      expect(await resolveModel(`org/small@${commitOf(next)}`, { hub: settings() })).toContain(commitOf(next));
    } finally {
      server.models.set('org/small', repo);
    }
  });

  test('in parts is fetched by its index, and no part beyond it', async () => {
    const index = {
      weight_map: {
        a: 'model-00001-of-00002.safetensors',
        b: 'model-00002-of-00002.safetensors',
        c: 'model-00002-of-00002.safetensors',
      },
    };
    const parts = {
      'config.json': '{}',
      'vocab.txt': '[PAD]',
      'model.safetensors.index.json': JSON.stringify(index),
      'model-00001-of-00002.safetensors': weights.subarray(0, 2000),
      'model-00002-of-00002.safetensors': weights.subarray(2000, 5000),
      'model-00003-of-00003.safetensors': weights,
    };
    server.models.set('org/parts', { files: parts });
    const hub = settings();
    const progress: DownloadProgress[] = [];
    const dir = await resolveModel('org/parts', { hub, onProgress: (event) => progress.push(event) });
    const all = under(dir);
    expect(all).toEqual(
      Object.keys(parts)
        .filter((name) => !name.includes('00003'))
        .sort(),
    );
    expect(progress.at(-1)).toEqual({
      name: 'org/parts',
      received: progress.at(-1)!.total,
      total: progress.at(-1)!.total,
    });
    expect(await resolveModel('org/parts', { hub: { ...hub, offline: true } })).toBe(dir);
    rmSync(join(dir, 'model-00002-of-00002.safetensors'));
    expect((await failure(resolveModel('org/parts', { hub: { ...hub, offline: true } }))).code).toBe('MP_HUB_OFFLINE');

    const { 'model-00002-of-00002.safetensors': _, ...gap } = parts;
    server.models.set('org/gap', { files: gap });
    const { code, message } = await failure(resolveModel('org/gap', { hub: settings() }));
    expect(code).toBe('MP_HUB_MISSING');
    expect(message).toContain('the model has no model-00002-of-00002.safetensors');
  });

  test('reports bytes that only grow and end at the total of what was fetched', async () => {
    const progress: DownloadProgress[] = [];
    const hub = settings();
    await resolveModel('org/small', { hub, onProgress: (event) => progress.push(event) });
    const size =
      weights.length +
      ['config.json', 'tokenizer.json', 'tokenizer_config.json'].reduce(
        (n, name) => n + (files[name as 'config.json'] as string).length,
        0,
      );
    expect(progress.at(-1)).toEqual({ name: 'org/small', received: size, total: size });
    expect(progress.every(({ received }, i) => i === 0 || received >= progress[i - 1].received)).toBe(true);
    progress.length = 0;
    await resolveModel('org/small', { hub, onProgress: (event) => progress.push(event) });
    expect(progress).toEqual([]);
  });
});

describe('the token', () => {
  const secret = { files, token: 'hub-secret', refusal: 401 } as const;
  server.models.set('org/secret', secret);
  server.models.set('org/gated', { files, token: 'hub-secret', refusal: 403 });

  test('is shown to the hub in every request, and never to where it redirects', async () => {
    await resolveModel('org/secret', { hub: settings({ token: 'hub-secret' }) });
    const hub = server.seen.filter((request) => request.server === 'hub');
    const cdn = server.seen.filter((request) => request.server === 'cdn');
    expect(hub.length).toBeGreaterThan(5);
    expect(hub.every(({ authorization }) => authorization === 'Bearer hub-secret')).toBe(true);
    expect(cdn.length).toBe(1);
    expect(cdn.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  test('is not sent to another server when the listing continues there', async () => {
    server.models.set('org/open', { files });
    server.faults.listsElsewhere = true;
    await resolveModel('org/open', { hub: settings({ token: 'hub-secret' }) });
    const listed = server.seen.filter((request) => request.server === 'cdn' && request.url.includes('/tree/'));
    expect(listed.length).toBeGreaterThan(0);
    expect(listed.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  test('that is missing, wrong or without the right gives a sentence on access', async () => {
    const none = await failure(resolveModel('org/secret', { hub: settings() }));
    expect(none).toMatchObject({ code: 'MP_HUB_ACCESS', details: { status: 401, token: false } });
    expect(none.message).toMatch(/^org\/secret: .* \(status 401\).* set HF_TOKEN$/);
    const wrong = await failure(resolveModel('org/gated', { hub: settings({ token: 'other' }) }));
    expect(wrong).toMatchObject({ code: 'MP_HUB_ACCESS', details: { status: 403, token: true } });
    expect(wrong.message).toMatch(/accept the terms on its page, and check that the token in use/);
    expect(wrong.message).not.toContain('other');
  });
});

describe('what the hub does not have', () => {
  test.each<[string, string, string]>([
    ['a model', 'org/absent', 'org/absent: there is no such model'],
    ['a revision', 'org/small@v2', 'org/small: it has no revision "v2"'],
    ['safetensors weights', 'org/bin', 'org/bin: the model has no model.safetensors'],
    ['a tokenizer', 'org/mute', 'org/mute: the model has neither tokenizer.json nor vocab.txt'],
  ])('%s is MP_HUB_MISSING, in a sentence of its own', async (_, id, start) => {
    const { 'model.safetensors': __, 'pytorch_model.bin': ___, 'onnx/model.onnx': ____, ...bin } = files;
    server.models.set('org/bin', { files: bin });
    server.models.set('org/mute', { files: { 'config.json': '{}', 'model.safetensors': weights } });
    const { code, message } = await failure(resolveModel(id, { hub: settings({ token: 'any' }) }));
    expect(code).toBe('MP_HUB_MISSING');
    expect(message).toBe(`${start} (asked: ${server.endpoint}); check the name, or name files that are on disk`);
  });
});

test('weights of another program are told by what they are, with the command that converts them', async () => {
  const { 'model.safetensors': __, ...others } = files;
  server.models.set('org/torch', { files: { ...others, 'pytorch_model.bin': 'PK' } });
  const { code, message } = await failure(resolveModel('org/torch', { hub: settings({ token: 'any' }) }));
  expect(code).toBe('MP_HUB_MISSING');
  expect(message).toMatch(
    /^org\/torch: the model has no model\.safetensors, only pytorch_model\.bin: weights in PyTorch's/,
  );
  expect(message).toContain("M.from_pretrained('org/torch').save_pretrained('NEW')");
});

describe('without the hub', () => {
  test('a model in the cache is still found, with a note', async () => {
    const hub = settings();
    const dir = await resolveModel('org/small', { hub });
    const notes: string[] = [];
    expect(
      await resolveModel('org/small', { hub: { ...hub, endpoint: nowhere }, onNote: (text) => notes.push(text) }),
    ).toBe(dir);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+ cannot be reached \(.*\): using org\/small from the cache/);
    server.seen = [];
    expect(await resolveModel('org/small', { hub: { ...hub, offline: true } })).toBe(dir);
    expect(server.seen).toEqual([]);
  });

  test.each<[string, Partial<HubSettings>, RegExp]>([
    [
      'offline by choice',
      { offline: true },
      /neither on this disk nor in the cache .*, and HF_HUB_OFFLINE is set; go online/,
    ],
    [
      'a port where nobody listens',
      { endpoint: nowhere },
      /http:\/\/127\.0\.0\.1:\d+ cannot be reached \(.*ECONNREFUSED.*\)/,
    ],
    [
      'a host that does not exist',
      { endpoint: 'http://hub.invalid' },
      /http:\/\/hub\.invalid cannot be reached \(.*(ENOTFOUND|EAI_AGAIN).*\)/,
    ],
  ])('(%s) another model is MP_HUB_OFFLINE', async (_, more, expected) => {
    const { code, message } = await failure(resolveModel('org/small', { hub: settings(more) }));
    expect(code).toBe('MP_HUB_OFFLINE');
    expect(message).toMatch(expected);
  });

  test('a model with a file missing in the cache does not count as complete', async () => {
    for (const name of ['config.json', 'model.safetensors', 'tokenizer.json']) {
      const hub = settings();
      const dir = await resolveModel('org/small', { hub });
      // the link stays, its blob is gone
      rmSync(join(dir, readlinkSync(join(dir, name))));
      expect(lstatSync(join(dir, name)).isSymbolicLink()).toBe(true);
      expect((await failure(resolveModel('org/small', { hub: { ...hub, offline: true } }))).code).toBe(
        'MP_HUB_OFFLINE',
      );
      expect(await resolveModel('org/small', { hub })).toBe(dir);
      expect(existsSync(join(dir, name))).toBe(true);
    }
  });
});
