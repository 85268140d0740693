import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readModelFolder } from '../../src/pyramid/folder/disk-model.ts';
import { randomLinearModel, randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const config = (dir: string) => JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8'));
interface Stored {
  pyramid: { format?: number; pairs?: boolean; floor?: { labels?: number; vocabulary?: number } };
  problem_type?: string;
}
const change = (dir: string, to: (config: Stored) => void) => {
  const changed = config(dir);
  to(changed);
  writeFileSync(join(dir, 'config.json'), JSON.stringify(changed));
};

describe('a model folder with a floor', () => {
  it.each([false, true])('comes back as it was written (pairs: %s)', async (pairs) => {
    const { dir, model } = await randomModel(root, `pairs ${pairs}`, {
      seed: 1,
      kind: 'pooled',
      prunes: true,
      pairs,
      floor: true,
    });
    const read = await readModelFolder(dir);
    expect(read.floor).toEqual(model.floor);
    expect(read.info).toEqual(model.info);
    expect(config(dir).pyramid.format).toBe(2);
  });

  it('of format 1 has none, and is read as before', async () => {
    const { dir } = await randomModel(root, 'without', { seed: 1, kind: 'pooled', prunes: true });
    expect(config(dir).pyramid.format).toBe(1);
    expect((await readModelFolder(dir)).floor).toBeNull();
  });

  it('and no network has no weights file, and comes back as it was written', async () => {
    const { dir, model } = await randomLinearModel(root, 'linear', { seed: 2 });
    const read = await readModelFolder(dir);
    expect(read.floor).toEqual(model.floor);
    expect(read.parameters.size).toBe(0);
    expect(read.config).toMatchObject({ layers: 0, family: 'linear' });
    expect(() => readFileSync(join(dir, 'model.safetensors'))).toThrow('ENOENT');
  });

  it.each([
    [
      'its tables are gone',
      (dir: string) => rmSync(join(dir, 'floor.safetensors')),
      'MP_FILE_MISSING',
      /floor\.safetensors/,
    ],
    [
      'it is said to have none',
      (dir: string) => change(dir, ({ pyramid }) => delete pyramid.floor),
      'MP_MODEL_CONFIG',
      /format is 2/,
    ],
    [
      'its format is that without',
      (dir: string) => change(dir, ({ pyramid }) => (pyramid.format = 1)),
      'MP_MODEL_CONFIG',
      /format is 1/,
    ],
    [
      'it is for single texts and the model for pairs',
      (dir: string) => change(dir, ({ pyramid }) => (pyramid.pairs = true)),
      'MP_MODEL_CONFIG',
      /pyramid\.floor\.pairs/,
    ],
    [
      'it is for other labels',
      (dir: string) => change(dir, ({ pyramid }) => (pyramid.floor!.labels = 4)),
      'MP_MODEL_CONFIG',
      /the model has 3/,
    ],
    [
      'it is for another vocabulary',
      (dir: string) => change(dir, ({ pyramid }) => (pyramid.floor!.vocabulary = 9999)),
      'MP_MODEL_CONFIG',
      /vocabulary/,
    ],
    [
      'labels do not exclude each other for the model alone',
      (dir: string) => change(dir, (all) => (all.problem_type = 'multi_label_classification')),
      'MP_MODEL_CONFIG',
      /pyramid\.floor\.several is undefined, and the model's texts have any number of labels/,
    ],
  ] as const)('is refused in a sentence where %s', async (name, damage, code, message) => {
    const { dir } = await randomModel(root, name, { seed: 1, kind: 'none', prunes: false, floor: true });
    damage(dir);
    const error = await readModelFolder(dir).catch((e) => e);
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
  });

  it('without a network and without a floor is refused', async () => {
    const { dir } = await randomLinearModel(root, 'nothing', { seed: 2 });
    change(dir, ({ pyramid }) => {
      delete pyramid.floor;
      pyramid.format = 1;
    });
    await expect(readModelFolder(dir)).rejects.toMatchObject({ code: 'MP_MODEL_CONFIG' });
  });
});
