import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { initialise, readSafetensors, writeSafetensors } from '../../src/encoder/index.ts';
import type { HeadKind } from '../../src/pyramid/exits/exits.ts';
import { headSettings } from '../../src/pyramid/exits/exits.ts';
import { initialHeads } from '../../src/pyramid/exits/heads.ts';
import { readModelFolder, writeModelFolder } from '../../src/pyramid/folder/disk-model.ts';
import type { PyramidInfo, PyramidModel } from '../../src/pyramid/folder/model-folder.ts';
import { initialThresholds } from '../../src/pyramid/prune.ts';
import { scratchDataset, tinyOptions, tinyStart } from '../support/scratch-data.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const EXTRA = { 'tokenizer.json': '{}', 'README.md': '# a model\n' };
let dense: PyramidModel;

const info: PyramidInfo = {
  format: 1,
  method: 'mp',
  exitHead: 'pooled',
  exitTraining: 'joint',
  pairs: true,
  headWidth: 64,
  prunes: true,
  temperature: 1e-3,
  lambda: 0.05,
  maxLength: 24,
  tau: 0.25,
};

beforeAll(async () => {
  const { state } = await tinyStart(scratchDataset({ rows: 40, labels: 3 }), tinyOptions());
  const none = headSettings('none', false);
  dense = {
    ...state,
    floor: null,
    headSettings: none,
    info: { ...info, method: 'bert', exitHead: 'none', prunes: false, pairs: false, tau: null },
  };
});

function modelWith(exitHead: HeadKind, pairs: boolean, prunes: boolean): PyramidModel {
  const settings = headSettings(exitHead, pairs, info.headWidth);
  return {
    ...dense,
    info: { ...info, exitHead, pairs, prunes },
    heads: initialHeads(dense.config, settings, 3, dense.parameters),
    headSettings: settings,
    thresholds: prunes ? initialThresholds(dense.config.layers, 0.3) : null,
  };
}

const valuesOf = ({ parameters, heads, thresholds }: PyramidModel) => ({
  parameters: new Map([...parameters].sort()),
  heads: new Map([...heads].sort()),
  thresholds,
});
/** Everything under a folder, hidden names too, as text. */
const contentOf = (dir: string) =>
  Object.fromEntries(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), 'latin1')]));

let folders = 0;
const newRoot = (): string => {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  return folder;
};
async function written(model: PyramidModel): Promise<string> {
  const dir = join(newRoot(), 'model');
  await writeModelFolder(dir, model, EXTRA);
  return dir;
}
const changeConfig = (dir: string, change: (config: Record<string, unknown>) => void) => {
  const path = join(dir, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  change(config);
  writeFileSync(path, JSON.stringify(config));
};
async function changeWeights(dir: string, change: (tensors: Awaited<ReturnType<typeof readSafetensors>>) => void) {
  const path = join(dir, 'model.safetensors');
  const tensors = await readSafetensors(path);
  change(tensors);
  await writeSafetensors(path, tensors);
}

describe('a model folder', () => {
  it.each<[HeadKind, boolean, boolean]>([
    ['none', false, false],
    ['none', false, true],
    ['cls', false, true],
    ['pooled', false, false],
    ['pooled', true, true],
    ['aligned', true, true],
    ['fastbert', false, true],
  ])('is read as it was written: %s heads, pairs %s, pruning %s', async (kind, pairs, prunes) => {
    const model = modelWith(kind, pairs, prunes);
    const dir = await written(model);
    const read = await readModelFolder(dir);
    expect(valuesOf(read)).toEqual(valuesOf(model));
    expect(read.info).toEqual(model.info);
    expect(read.headSettings).toEqual(model.headSettings);
    expect(read.config.labels).toEqual(['topic 0', 'topic 1', 'topic 2']);
    // and once more, from what was read
    const again = await written(read);
    expect(contentOf(again)).toEqual(contentOf(dir));
  });

  it('holds its files and nothing else, and leaves nothing next to it', async () => {
    const dir = await written(modelWith('cls', false, true));
    expect(readdirSync(dir).sort()).toEqual(['README.md', 'config.json', 'model.safetensors', 'tokenizer.json']);
    expect(readdirSync(join(dir, '..'))).toEqual(['model']);
    expect(readFileSync(join(dir, 'README.md'), 'utf8')).toBe(EXTRA['README.md']);
  });

  it("names its tensors as the format says, BERT's own among them", async () => {
    const dir = await written(modelWith('pooled', true, true));
    const tensors = await readSafetensors(join(dir, 'model.safetensors'));
    const d = dense.config.hiddenSize;
    expect(tensors.get('pyramid.thresholds')!.shape).toEqual([3]);
    expect(tensors.get('pyramid.heads.1.dense.weight')!.shape).toEqual([d, 5 * d]);
    expect(tensors.get('pyramid.heads.2.out.bias')!.shape).toEqual([3]);
    expect(tensors.get('bert.encoder.layer.2.attention.self.query.weight')!.shape).toEqual([d, d]);
    expect(tensors.get('classifier.weight')!.shape).toEqual([3, d]);
    expect([...tensors.keys()].filter((name) => name.startsWith('pyramid.heads.3'))).toEqual([]);
  });

  it('replaces an older one completely', async () => {
    const dir = await written(modelWith('pooled', false, true));
    writeFileSync(join(dir, 'old.txt'), 'old');
    await writeModelFolder(dir, dense, EXTRA);
    expect(readdirSync(dir)).not.toContain('old.txt');
    expect((await readModelFolder(dir)).info.method).toBe('bert');
    expect(readdirSync(join(dir, '..'))).toEqual(['model']);
  });

  it('is the old one still when writing fails in the middle', async () => {
    const dir = await written(modelWith('pooled', false, true));
    const before = contentOf(dir);
    const failing = writeModelFolder(dir, dense, { ...EXTRA, 'no/such/folder.txt': '' });
    await expect(failing).rejects.toMatchObject({ code: 'MP_WRITE', exitCode: 1, details: { path: dir } });
    expect(contentOf(dir)).toEqual(before);
    expect(readdirSync(join(dir, '..'))).toEqual(['model']);
  });

  it('is not there at all when writing the first one fails', async () => {
    const dir = join(newRoot(), 'model');
    await expect(writeModelFolder(dir, dense, { 'no/such/folder.txt': '' })).rejects.toMatchObject({
      code: 'MP_WRITE',
    });
    expect(readdirSync(join(dir, '..'))).toEqual([]);
    const file = join(newRoot(), 'file');
    writeFileSync(file, '');
    await expect(writeModelFolder(join(file, 'model'), dense, {})).rejects.toMatchObject({ code: 'MP_WRITE' });
  });

  it('comes back where a writer was stopped between moving the old one away and the new one in', async () => {
    const dir = await written(modelWith('pooled', false, true));
    const before = contentOf(dir);
    renameSync(dir, join(dir, '..', '.model.old'));
    await expect(writeModelFolder(dir, dense, { 'no/such/folder.txt': '' })).rejects.toMatchObject({
      code: 'MP_WRITE',
    });
    expect(contentOf(dir)).toEqual(before);
    renameSync(dir, join(dir, '..', '.model.old'));
    await writeModelFolder(dir, dense, EXTRA);
    expect((await readModelFolder(dir)).info.method).toBe('bert');
    expect(readdirSync(join(dir, '..'))).toEqual(['model']);
  });

  it('takes the place of what an interrupted writer left', async () => {
    const parent = newRoot();
    mkdirSync(join(parent, '.model.writing'));
    writeFileSync(join(parent, '.model.writing', 'half.txt'), 'half');
    await writeModelFolder(join(parent, 'model'), dense, EXTRA);
    expect(readdirSync(parent)).toEqual(['model']);
    expect(existsSync(join(parent, 'model', 'half.txt'))).toBe(false);
  });
});

describe('a folder of others', () => {
  it('without a pyramid object is a dense model without heads', async () => {
    const dir = await written(modelWith('pooled', false, true));
    changeConfig(dir, (config) => {
      delete config.pyramid;
    });
    const { info: read, heads, thresholds, headSettings: settings } = await readModelFolder(dir);
    expect(read).toMatchObject({ method: 'bert', exitHead: 'none', prunes: false, tau: null, maxLength: 24 });
    expect(heads.size).toBe(0);
    expect(thresholds).toBeNull();
    expect(settings.kind).toBe('none');
  });

  it.each<[string, string, (config: Record<string, unknown>) => void, RegExp]>([
    [
      'without id2label',
      'MP_MODEL_LABELS',
      (config) => {
        delete config.id2label;
      },
      /config\.json: there is no id2label, which means 2 labels, but classifier\.weight has 3 rows; save the labels' names with the model/,
    ],
    [
      'of a class that is no classifier, without id2label,',
      'MP_MODEL_LABELS',
      (config) => {
        delete config.id2label;
        config.architectures = ['BertModel'];
      },
      /config\.json: there is no id2label; save the labels' names with the model/,
    ],
    [
      'whose id2label has a gap',
      'MP_MODEL_CONFIG',
      (config) => {
        config.id2label = { 0: 'a', 2: 'c', 3: 'd' };
      },
      /id2label does not name label 1/,
    ],
    [
      'whose pyramid is of another format',
      'MP_MODEL_CONFIG',
      (config) => {
        config.pyramid = { ...info, format: 5 };
      },
      /pyramid\.format is 5, this version reads 1 to 4/,
    ],
    [
      'of the format with temperatures and none',
      'MP_MODEL_CONFIG',
      (config) => {
        config.pyramid = { ...info, format: 3 };
      },
      /pyramid\.format is 3, and there are no pyramid\.exitTemperatures/,
    ],
    [
      'with temperatures and a format without',
      'MP_MODEL_CONFIG',
      (config) => {
        config.pyramid = { ...info, exitTemperatures: [1, 2] };
      },
      /pyramid\.format is 1, and there are pyramid\.exitTemperatures/,
    ],
    [
      'with temperatures that are not one for each layer',
      'MP_MODEL_CONFIG',
      (config) => {
        config.pyramid = { ...info, format: 3, exitTemperatures: [1, 2] };
      },
      /pyramid\.exitTemperatures is \[1,2\], not a number above 0 and up to 10000 for each of 3 layers/,
    ],
    [
      'with a temperature of 0',
      'MP_MODEL_CONFIG',
      (config) => {
        config.pyramid = { ...info, format: 3, exitTemperatures: [1, 0, 2] };
      },
      /pyramid\.exitTemperatures is \[1,0,2\]/,
    ],
    [
      'whose pyramid is not an object',
      'MP_MODEL_CONFIG',
      (config) => {
        config.pyramid = null;
      },
      /pyramid is not an object/,
    ],
    [
      'with heads of an unknown kind',
      'MP_MODEL_CONFIG',
      (config) => {
        config.pyramid = { ...info, exitHead: 'mlp' };
      },
      /pyramid\.exitHead is "mlp"/,
    ],
    [
      'with aligned heads for single texts',
      'MP_MODEL_CONFIG',
      (config) => {
        config.pyramid = { ...info, pairs: false, exitHead: 'aligned' };
      },
      /pyramid\.exitHead is "aligned", which reads pairs, and pyramid\.pairs is false/,
    ],
    [
      'with a tau out of its range',
      'MP_MODEL_CONFIG',
      (config) => {
        config.pyramid = { ...info, tau: 1.5 };
      },
      /pyramid\.tau is 1\.5/,
    ],
    [
      'longer than its positions',
      'MP_MODEL_CONFIG',
      (config) => {
        config.pyramid = { ...info, maxLength: 25 };
      },
      /pyramid\.maxLength is 25, not a whole number from 3 to 24/,
    ],
    [
      'that says it has heads of another kind than it has',
      'MP_MODEL_TENSOR_SHAPE',
      (config) => {
        config.pyramid = { ...info, pairs: false, exitHead: 'cls' };
      },
      /tensor "pyramid\.heads\.1\.dense\.weight" is \[16, 80\] but config\.json requires \[16, 16\]/,
    ],
    [
      'that says it has heads that it has not',
      'MP_MODEL_TENSOR_MISSING',
      (config) => {
        config.pyramid = { ...info, exitHead: 'fastbert' };
      },
      /there is no tensor "pyramid\.heads\.1\.proj\.weight"/,
    ],
  ])('%s is refused', async (_, code, change, sentence) => {
    const dir = await written(modelWith('pooled', true, true));
    changeConfig(dir, change);
    await expect(readModelFolder(dir)).rejects.toMatchObject({ code, message: expect.stringMatching(sentence) });
  });

  it('with a head or thresholds of the wrong shape, or without, is refused', async () => {
    const sound = await written(modelWith('pooled', true, true));
    const spoilt = async (change: Parameters<typeof changeWeights>[1]) => {
      const dir = join(newRoot(), 'model');
      cpSync(sound, dir, { recursive: true });
      await changeWeights(dir, change);
      return readModelFolder(dir);
    };
    const replace = (name: string, shape: readonly number[]) => (tensors: Map<string, unknown>) => {
      tensors.set(name, initialise(name, shape, 0, 0.1));
    };
    await expect(spoilt(replace('pyramid.heads.2.out.weight', [16, 3]))).rejects.toMatchObject({
      code: 'MP_MODEL_TENSOR_SHAPE',
      details: { name: 'pyramid.heads.2.out.weight', found: [16, 3], expected: [3, 16] },
    });
    await expect(spoilt(replace('pyramid.thresholds', [4]))).rejects.toMatchObject({
      code: 'MP_MODEL_TENSOR_SHAPE',
      details: { name: 'pyramid.thresholds', found: [4], expected: [3] },
    });
    await expect(spoilt((tensors) => tensors.delete('pyramid.thresholds'))).rejects.toMatchObject({
      code: 'MP_MODEL_TENSOR_MISSING',
      details: { name: 'pyramid.thresholds' },
    });
    // a finished model is never completed from a seed, as a pretrained one is
    await expect(spoilt((tensors) => tensors.delete('classifier.weight'))).rejects.toMatchObject({
      code: 'MP_MODEL_TENSOR_MISSING',
      details: { name: 'classifier.weight' },
    });
  });
});
