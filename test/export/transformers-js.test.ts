import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import { exportTransformersJs } from '../../src/export/transformers-js.ts';
import { readModelFolder } from '../../src/pyramid/folder/disk-model.ts';
import { randomLinearModel, randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();

describe('a folder for transformers.js', () => {
  it('has the pyramid with the model’s own tau built in, the tokeniser, and a configuration without ours', async () => {
    const { dir } = await randomModel(root, 'model', { seed: 1, kind: 'pooled', prunes: true, floor: true, tau: 0.9 });
    const out = join(root, 'folder');
    // no tau was chosen for int8
    expect(await exportTransformersJs({ model: dir, out })).toEqual({ out, taus: { fp32: 0.9, int8: null } });
    expect(readdirSync(join(out, 'onnx')).sort()).toEqual(['model.onnx', 'model_quantized.onnx']);
    for (const name of ['tokenizer.json', 'tokenizer_config.json', 'vocab.txt'])
      expect(readFileSync(join(out, name), 'utf8')).toBe(readFileSync(join(dir, name), 'utf8'));
    const config = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'));
    expect(config).toMatchObject({ model_type: 'bert', id2label: { 0: 'a', 1: 'b', 2: 'c' } });
    expect(config).not.toHaveProperty('pyramid');

    const session = await ort.InferenceSession.create(join(out, 'onnx', 'model.onnx'));
    expect(session.inputNames).toEqual(['input_ids', 'attention_mask', 'token_type_ids']);
    await session.release();
  });

  it('opens as the dense network, with nothing unknown among its weights', async () => {
    const { dir } = await randomModel(root, 'dense', { seed: 2, kind: 'pooled', prunes: false });
    const out = join(root, 'dense-folder');
    await exportTransformersJs({ model: dir, out, tau: null });
    expect(readFileSync(join(out, 'model.safetensors')).includes('pyramid')).toBe(false);
    expect((await readModelFolder(out)).info).toMatchObject({ method: 'bert', exitHead: 'none' });
    const texts = randomTexts(2, 12);
    const [full, dense] = [await Pyramid.load(dir, { workers: 1 }), await Pyramid.load(out, { workers: 1 })];
    const expected = await full.detail(texts, { tau: null });
    (await dense.detail(texts)).forEach(({ logits }, i) => {
      logits.forEach((z, c) => {
        expect(z).toBeCloseTo(expected[i].logits[c], 5);
      });
    });
    await Promise.all([full.close(), dense.close()]);
  });

  it('is refused for a model without a network, and where something lies already, which stays', async () => {
    const { dir } = await randomLinearModel(root, 'linear', { seed: 3 });
    const out = join(root, 'taken');
    await expect(exportTransformersJs({ model: dir, out })).rejects.toThrow(/has no network.*export it with --to onnx/);
    mkdirSync(out);
    writeFileSync(join(out, 'mine.txt'), 'mine');
    const { dir: other } = await randomModel(root, 'other', { seed: 4, kind: 'cls', prunes: false });
    await expect(exportTransformersJs({ model: other, out })).rejects.toMatchObject({ code: 'MP_OUT_EXISTS' });
    await expect(exportTransformersJs({ model: other, out: join(root, 'x'), tau: 2 })).rejects.toMatchObject({
      code: 'MP_TAU_RANGE',
    });
    expect(readdirSync(out)).toEqual(['mine.txt']);
  });
});
