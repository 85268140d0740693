import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { realServices } from '../../src/cli/real-services.ts';
import { Pyramid } from '../../src/engine/index.ts';
import { quantize } from '../../src/measure/quantize.ts';
import { cli } from '../cli/fake.ts';
import { randomLinearModel, randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const examples = randomTexts(61, 200).map((text, i) => ({ text, label: i % 3 }));
const rows = { name: 'rows', labels: ['a', 'b', 'c'], pairs: false, examples };
const config = async (dir: string) => JSON.parse(await readFile(join(dir, 'config.json'), 'utf8'));

test('the copy is run in int8 and has no tau until it is calibrated; its weights are the same', async () => {
  const { dir } = await randomModel(root, 'model', { seed: 61, kind: 'pooled', prunes: true, tau: 0.7 });
  const out = join(root, 'int8');
  const shares: number[] = [];
  const made = await quantize({
    model: dir,
    rows,
    maxDisagreement: 0.05,
    out,
    onProgress: (share) => shares.push(share),
  });
  expect(made).toMatchObject({ out, rows: 200, tauVoid: true });
  expect(made.disagreement).toBeLessThanOrEqual(0.05);
  expect(shares.at(-1)).toBe(1);
  const before = await config(dir);
  expect(await config(out)).toEqual({
    ...before,
    pyramid: { ...before.pyramid, dtype: 'int8', tau: null, forDtype: { fp32: { tau: 0.7 } } },
  });
  expect(await readFile(join(out, 'model.safetensors'))).toEqual(await readFile(join(dir, 'model.safetensors')));
  expect(await readdir(out)).toEqual(await readdir(dir));
  const pyramid = await Pyramid.load(out, { workers: 1 });
  expect([pyramid.dtype, pyramid.info.tau]).toEqual(['int8', null]);
  await pyramid.close();
  const exact = await Pyramid.load(out, { workers: 1, dtype: 'fp32' });
  expect([exact.dtype, exact.info.tau]).toEqual(['fp32', 0.7]);
  await exact.close();
  await expect(quantize({ model: dir, rows, maxDisagreement: 1, out })).rejects.toMatchObject({
    code: 'MP_OUT_EXISTS',
  });
});

test('the copy keeps the floor 0, and answers are compared by its sums', async () => {
  const { dir } = await randomModel(root, 'floor', { seed: 63, kind: 'pooled', prunes: true, floor: true });
  const out = join(root, 'floor-int8');
  const made = await quantize({ model: dir, rows, maxDisagreement: 0.05, out });
  expect(await readdir(out)).toEqual(await readdir(dir));
  expect(await readFile(join(out, 'floor.safetensors'))).toEqual(await readFile(join(dir, 'floor.safetensors')));
  expect((await config(out)).pyramid).toMatchObject({ dtype: 'int8', format: 2 });
  await using exact = await Pyramid.load(dir, { workers: 1 });
  await using quick = await Pyramid.load(out, { workers: 1 });
  const texts = examples.map(({ text }) => text);
  const [fp32, int8] = await Promise.all([exact, quick].map((one) => one.classify(texts, { tau: null })));
  const other = fp32.filter(({ label }, i) => label !== int8[i].label).length;
  expect(made.disagreement).toBe(other / texts.length);
  expect(quick.exitSum).toEqual(exact.exitSum);
});

test('a model without a network has nothing to quantize', async () => {
  const { dir } = await randomLinearModel(root, 'linear', { seed: 64 });
  const out = join(root, 'linear-int8');
  await expect(quantize({ model: dir, rows, maxDisagreement: 1, out })).rejects.toThrow(/has no network/);
  expect(existsSync(out)).toBe(false);
});

test('a model that would answer too many texts otherwise is left alone', async () => {
  // 30 labels are close together
  const labels = Array.from({ length: 30 }, (_, i) => `label ${i}`);
  const { dir } = await randomModel(root, 'close', { seed: 62, kind: 'none', prunes: false, labels });
  const out = join(root, 'refused');
  const failing = quantize({ model: dir, rows: { ...rows, labels }, maxDisagreement: 0, out });
  await expect(failing).rejects.toMatchObject({ code: 'MP_QUANTIZE', details: { most: 0, rows: 200 } });
  expect(existsSync(out)).toBe(false);
});

test('the command says what came of it, and what is missing', async () => {
  const given = ['quantize', '--model', 'm', '--test', 'rows.csv', '--out', 'o'];
  const services = {
    labelledRows: async () => rows,
    quantize: async ({ maxDisagreement, out }: Parameters<typeof realServices.quantize>[0]) => ({
      out,
      rows: 200,
      disagreement: maxDisagreement / 2,
      accuracy: { fp32: 0.9, int8: 0.89 },
      weightBits: 8,
      tauVoid: true,
    }),
  };
  const { code, stdout } = await cli(given, services);
  expect(code).toBe(0);
  expect(stdout).toContain('o: int8 (weights of 8 bits on this machine) answers 99.5 % of 200 texts as fp32 does');
  expect(stdout).toContain('calibrate --model o');
  const asJson = await cli([...given, '--json', '--max-disagreement', '0.2'], services);
  expect(JSON.parse(asJson.stdout)).toMatchObject({ out: 'o', disagreement: 0.1 });
  for (const missing of ['--model', '--test', '--out']) {
    const at = given.indexOf(missing);
    const { code, stderr } = await cli(given.toSpliced(at, 2), services);
    expect(code).toBe(2);
    expect(stderr).toContain(missing);
  }
});
