import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PyramidError } from '../../src/errors.ts';
import { onDisk } from '../../src/hub/download.ts';
import { type HubSettings, resolveModel } from '../../src/hub/index.ts';
import { randomStream } from '../../src/random.ts';
import { HubServer, sha256 } from '../support/hub-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const server = await HubServer.start();
const root = temporaryFolder();
let caches = 0;
const random = randomStream(5, 'weights');
const weights = Uint8Array.from({ length: 400_000 }, () => random.integer(256));
server.models.set('org/m', { files: { 'config.json': '{}', 'tokenizer.json': '{}', 'model.safetensors': weights } });

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
const blobs = ({ cache }: HubSettings) => join(cache, 'models--org--m', 'blobs');
const parts = (hub: HubSettings) => readdirSync(blobs(hub)).filter((name) => name.endsWith('.part'));
const expectWhole = (dir: string) =>
  expect(sha256(new Uint8Array(readFileSync(join(dir, 'model.safetensors'))))).toBe(sha256(weights));

describe('a download', () => {
  test('that is interrupted continues where it stopped, every time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 150_000 }), { minLength: 1, maxLength: 4 }), async (cuts) => {
        server.faults.cuts = [...cuts];
        server.seen = [];
        const hub = settings();
        expectWhole(await resolveModel('org/m', { hub }));
        const starts = server
          .bodies('model.safetensors')
          .map(({ range }) => Number(/=(\d+)-/.exec(range ?? '')?.[1] ?? 0));
        expect(starts.length).toBeGreaterThan(1);
        expect(starts).toEqual([...starts].sort((a, b) => a - b));
        expect(parts(hub)).toEqual([]);
      }),
      { numRuns: 10, seed: 1 },
    );
  });

  test('starts again from a server that knows no ranges', async () => {
    server.faults.cuts = [100_000];
    server.faults.ignoresRanges = true;
    expectWhole(await resolveModel('org/m', { hub: settings() }));
    expect(server.bodies('model.safetensors')).toHaveLength(2);
  });

  test('gives up on a server that always interrupts, leaves nothing that looks complete, and the next call continues', async () => {
    const hub = settings();
    server.faults.cuts = [200_000, 0, 0, 0, 0, 0, 0, 0];
    const { code, message } = await failure(resolveModel('org/m', { hub }));
    expect(code).toBe('MP_HUB_FAILED');
    expect(message).toMatch(/^model\.safetensors: the download failed: .*; try again, the part that arrived is kept$/);
    expect(readdirSync(blobs(hub))).not.toContain(sha256(weights));
    expect((await failure(resolveModel('org/m', { hub: { ...hub, offline: true } }))).code).toBe('MP_HUB_OFFLINE');
    const [part] = parts(hub);
    const kept = statSync(join(blobs(hub), part)).size;
    expect(kept).toBeGreaterThan(0);
    server.faults.cuts = [];
    server.seen = [];
    expectWhole(await resolveModel('org/m', { hub }));
    expect(server.bodies('model.safetensors')).toMatchObject([{ range: `bytes=${kept}-` }]);
    expect(parts(hub)).toEqual([]);
  });

  test('of a process that was killed is taken over, and one of a living process is not', async () => {
    const hub = settings();
    mkdirSync(blobs(hub), { recursive: true });
    // process 1 lives as long as the machine; no process has the number 2³¹ − 2
    const living = join(blobs(hub), `${sha256(weights)}.1-0000abcd.part`);
    writeFileSync(living, weights.subarray(0, 300_000));
    writeFileSync(join(blobs(hub), `${sha256(weights)}.2147483646-0000abcd.part`), weights.subarray(0, 1234));
    expectWhole(await resolveModel('org/m', { hub }));
    expect(server.bodies('model.safetensors')).toMatchObject([{ range: 'bytes=1234-' }]);
    expect(parts(hub)).toEqual([`${sha256(weights)}.1-0000abcd.part`]);
  });

  test.each<[string, Uint8Array]>([
    ['another content', weights.slice(0, 5000).map((byte) => byte ^ 1)],
    ['more than the file has', new Uint8Array(weights.length + 1)],
    ['as much as the file has, but not the same', new Uint8Array(weights.length)],
  ])('begins once more where the part that was left has %s', async (_, left) => {
    const hub = settings();
    mkdirSync(blobs(hub), { recursive: true });
    writeFileSync(join(blobs(hub), `${sha256(weights)}.2147483646-0000abcd.part`), left);
    expectWhole(await resolveModel('org/m', { hub }));
  });

  test('with a wrong byte is fetched once more, and refused if it is wrong again', async () => {
    server.faults.corrupt = 1;
    expectWhole(await resolveModel('org/m', { hub: settings() }));
    server.faults.corrupt = 2;
    const hub = settings();
    const { code, message } = await failure(resolveModel('org/m', { hub }));
    expect(code).toBe('MP_HUB_FAILED');
    expect(message).toContain('the file does not match the hash that the hub announced');
    expect(readdirSync(blobs(hub))).not.toContain(sha256(weights));
  });

  test('of more bytes than announced is refused', async () => {
    server.faults.sizes = { 'model.safetensors': 1000 };
    const { code, message } = await failure(resolveModel('org/m', { hub: settings() }));
    expect(code).toBe('MP_HUB_FAILED');
    expect(message).toContain('more arrives than the announced 1000 bytes');
  });

  test('of fewer bytes than announced is refused', async () => {
    server.faults.sizes = { 'model.safetensors': weights.length + 1 };
    expect((await failure(resolveModel('org/m', { hub: settings() }))).code).toBe('MP_HUB_FAILED');
  });

  test('that stalls is interrupted and continues', async () => {
    server.faults.stalls = 1;
    expectWhole(await resolveModel('org/m', { hub: settings({ stallMs: 100 }) }));
    expect(server.bodies('model.safetensors').map(({ range }) => range)).toEqual([undefined, 'bytes=100-']);
  });

  test('replaces a blob of the cache that has another size', async () => {
    const hub = settings();
    const dir = await resolveModel('org/m', { hub });
    truncateSync(join(blobs(hub), sha256(weights)), 1000);
    expectWhole(await resolveModel('org/m', { hub }));
    expectWhole(dir);
  });

  test('of the same model by two callers at once ends whole for both', async () => {
    const hub = settings();
    for (const dir of await Promise.all([1, 2, 3].map(() => resolveModel('org/m', { hub })))) expectWhole(dir);
    expect(parts(hub)).toEqual([]);
  });
});

describe('a hub in trouble', () => {
  test.each([
    ['429 with a wait', [{ status: 429, headers: { 'retry-after': '0' } }]],
    ['503 twice', [{ status: 503 }, { status: 503 }]],
  ])('(%s) is asked again', async (_, statuses) => {
    server.faults.statuses = [...statuses];
    expectWhole(await resolveModel('org/m', { hub: settings() }));
    expect(server.faults.statuses).toEqual([]);
  });

  test('is given as long as it asks for', async () => {
    server.faults.statuses = [{ status: 429, headers: { 'retry-after': '1' } }];
    const begun = performance.now();
    await resolveModel('org/m', { hub: settings() });
    expect(performance.now() - begun).toBeGreaterThan(950);
  });

  test.each([
    ['always 429', Array.from({ length: 9 }, () => ({ status: 429, headers: { 'retry-after': '0' } })), 429],
    ['a wait of an hour', [{ status: 429, headers: { 'retry-after': '3600' } }], 429],
    ['always 500', Array.from({ length: 9 }, () => ({ status: 500 })), 500],
    ['a status without sense', [{ status: 418 }], 418],
  ])('(%s) is MP_HUB_FAILED with the status', async (_, statuses, status) => {
    server.faults.statuses = [...statuses];
    const { code, message } = await failure(resolveModel('org/m', { hub: settings() }));
    expect(code).toBe('MP_HUB_FAILED');
    expect(message).toContain(`${server.endpoint} answers with status ${status}`);
  });
});

describe('a disk', () => {
  test('too small for the files is MP_HUB_DISK before anything large is fetched', async () => {
    server.faults.sizes = { 'model.safetensors': 2 ** 50 };
    const { code, message } = await failure(resolveModel('org/m', { hub: settings() }));
    expect(code).toBe('MP_HUB_DISK');
    expect(message).toMatch(/\(it needs 1,125,899,907 MB, and [\d,]+ MB are free\); free some space, or set HF_HOME/);
    expect(server.bodies('')).toEqual([]);
  });

  test('that runs full is MP_HUB_DISK, which says so', async () => {
    const full = '/dev/full';
    const write = async () => writeFileSync(full, 'x');
    if (existsSync(full)) {
      expect(await failure(onDisk('cache', write))).toMatchObject({
        code: 'MP_HUB_DISK',
        message:
          'cache: the download cannot be written (the disk is full); free some space, or set HF_HOME to a folder elsewhere',
      });
    }
    const other = new Error('no errno');
    await expect(onDisk('cache', () => Promise.reject(other))).rejects.toBe(other);
  });

  test('that cannot be written is MP_HUB_DISK', async () => {
    const file = join(root, 'a-file');
    writeFileSync(file, '');
    const { code, message } = await failure(resolveModel('org/m', { hub: settings({ cache: file }) }));
    expect(code).toBe('MP_HUB_DISK');
    expect(message).toContain('(ENOTDIR at mkdir)');
  });
});
