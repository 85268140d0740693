import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { datasetFiles, type HubSettings } from '../../src/hub/index.ts';
import { HubServer } from '../support/hub-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const server = await HubServer.start();
const root = temporaryFolder();
let caches = 0;
const hub = (more: Partial<HubSettings> = {}): HubSettings => ({
  endpoint: server.endpoint,
  token: null,
  cache: join(root, String(caches++)),
  offline: false,
  retryMs: 1,
  stallMs: 5000,
  ...more,
});
const part = (split: string, i: number, of: number) => `old/${split}-0000${i}-of-0000${of}.parquet`;
server.datasets.set('org/data', {
  files: {
    [part('train', 1, 2)]: 'b'.repeat(2000), // large: from the second server
    [part('train', 0, 2)]: 'a',
    [part('test', 0, 1)]: 'c',
    'old/train-00000-of-00002.csv': 'd',
    'other/train-00000-of-00001.parquet': 'e',
  },
});
const train = { name: 'org/data', folders: ['new', 'old'], split: 'train' };

describe('the files of a split', () => {
  test('are those of the first folder that has any, in their order, and nothing else is fetched', async () => {
    const settings = hub();
    const files = await datasetFiles(train, { hub: settings });
    expect(files.map((file) => readFileSync(file, 'utf8')[0])).toEqual(['a', 'b']);
    expect(files[0]).toContain(join(settings.cache, 'datasets--org--data', 'snapshots'));
    expect(server.bodies('').map(({ url }) => decodeURIComponent(url))).toEqual([
      expect.stringContaining(part('train', 0, 2)),
      expect.stringContaining(part('train', 1, 2)),
    ]);
    expect(await datasetFiles(train, { hub: { ...settings, offline: true } })).toEqual(files);
    // the other split of the same commit is not there yet
    await expect(datasetFiles({ ...train, split: 'test' }, { hub: { ...settings, offline: true } })).rejects.toThrow(
      /^org\/data: this data set is neither on this disk nor in the cache .*, and HF_HUB_OFFLINE is set/,
    );
  });

  test('are none where a part of them is missing', async () => {
    server.datasets.set('org/gap', { files: { [part('train', 0, 2)]: 'a' } });
    await expect(datasetFiles({ ...train, name: 'org/gap' }, { hub: hub() })).rejects.toThrow(
      'org/gap: only 1 of the 2 files old/train-… exist',
    );
  });

  test('that the hub keeps from us, or does not have, give a sentence', async () => {
    server.datasets.set('org/secret', { files: {}, token: 't' });
    await expect(datasetFiles({ ...train, name: 'org/secret' }, { hub: hub() })).rejects.toMatchObject({
      code: 'MP_HUB_ACCESS',
      details: { kind: 'data set', status: 401 },
    });
    const absent = datasetFiles({ ...train, name: 'org/absent' }, { hub: hub({ token: 'any' }) });
    await expect(absent).rejects.toThrow('org/absent: there is no such data set');
    await expect(datasetFiles({ ...train, split: 'dev' }, { hub: hub() })).rejects.toThrow(
      'the data set has no parquet files new/dev-…',
    );
  });
});
