import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/encoder/index.ts';
import { Pyramid } from '../../src/engine/index.ts';
import { modelInfo } from '../../src/engine/model-info.ts';
import type { Certificate } from '../../src/pyramid/folder/certificate.ts';
import { originOf } from '../../src/pyramid/folder/dial.ts';
import { readModelFolder } from '../../src/pyramid/folder/disk-model.ts';
import { settingsOf } from '../../src/pyramid/folder/frozen.ts';
import { infoFor } from '../../src/pyramid/folder/model-folder.ts';
import { certificateOf } from '../support/certificate.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const LAYERS = 2;
let sound: string;
let certificate: Certificate;
beforeAll(async () => {
  const small = {
    seed: 2,
    kind: 'pooled',
    prunes: true,
    layers: LAYERS,
    hiddenSize: 8,
    tau: 0.4,
    floor: true,
  } as const;
  const { dir, model } = await randomModel(root, 'sound', small);
  sound = dir;
  certificate = { ...certificateOf(LAYERS, 0.4), settings: settingsOf(model, 'fp32') };
});

type Json = Record<string, unknown>;
let copies = 0;
/** A copy whose tau is certified, changed. */
function certified(change: (pyramid: Json, config: Json) => void = () => {}): string {
  const dir = join(root, `copy-${copies++}`);
  cpSync(sound, dir, { recursive: true });
  const path = join(dir, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  Object.assign(config.pyramid, { tauFrom: 'certified', certificate: structuredClone(certificate) });
  change(config.pyramid, config);
  writeFileSync(path, JSON.stringify(config));
  return dir;
}
const infoOf = async (dir: string) => (await readModelFolder(dir)).info;

describe('a certificate of a model folder', () => {
  it('is read with the tau that it is for, whatever order the keys stand in', async () => {
    const info = await infoOf(certified());
    expect(info).toMatchObject({ tau: 0.4, tauFrom: 'certified', certificate });
    const turned = certified((pyramid) => {
      const floor = Object.fromEntries(Object.entries(pyramid.floor as Json).reverse());
      Object.assign(pyramid, { floor });
    });
    expect((await infoOf(turned)).certificate).toEqual(certificate);
  });

  it('is known of the loaded model', async () => {
    await using pyramid = await Pyramid.load(certified(), { workers: 1 });
    const known = { tau: 0.4, tauFrom: 'certified', certificate, certificateVoid: null };
    expect(modelInfo('name', pyramid)).toMatchObject(known);
  });

  it('is kept where what does not touch the answers is changed', async () => {
    const dir = certified((pyramid) => Object.assign(pyramid, { lambda: 0.7, method: 'fastbert' }));
    expect((await infoOf(dir)).tauFrom).toBe('certified');
  });

  it.each<[string, (pyramid: Json, config: Json) => void]>([
    ['the longest text', (pyramid) => Object.assign(pyramid, { maxLength: 20 })],
    ['the plan of peeks', (pyramid) => Object.assign(pyramid, { asked: [false] })],
    ["floor 0's temperature", ({ floor }) => Object.assign(floor as Json, { temperature: 1.01 })],
    ["floor 0's sum", ({ floor }) => Object.assign(floor as Json, { sum: { weight: 0.5, priorShare: 0 } })],
    ['the names of the labels', (_, config) => Object.assign(config, { id2label: { 0: 'b', 1: 'a', 2: 'c' } })],
    ['the dtype', (pyramid) => Object.assign(pyramid, { dtype: 'int8' })],
  ])('is void once %s is another, and its tau is then a chosen one', async (_, change) => {
    const info = await infoOf(certified(change));
    expect(info).toMatchObject({
      tau: 0.4,
      tauFrom: 'chosen',
      certificateVoid: 'settings of the model were changed since it was made',
    });
    expect(info.certificate).toBeUndefined();
  });

  it('is void for another tau than its own', async () => {
    const info = await infoOf(certified((pyramid) => Object.assign(pyramid, { tau: 0.5 })));
    expect(info).toMatchObject({
      tau: 0.5,
      tauFrom: 'chosen',
      certificateVoid: expect.stringMatching(/^it is for tau 0.4/),
    });
  });

  it.each([
    ['bert.encoder.layer.1.output.dense.weight', 5],
    ['pyramid.heads.1.out.weight', 1],
    ['pyramid.thresholds', 1],
  ])('is void once %s has been trained further', async (name, every) => {
    const dir = certified();
    const path = join(dir, 'model.safetensors');
    const tensors = await readSafetensors(path);
    const { data } = tensors.get(name)!;
    for (let i = 0; i < data.length; i += every) data[i] *= 1.001;
    await writeSafetensors(path, tensors);
    const info = await infoOf(dir);
    expect(info).toMatchObject({
      tauFrom: 'chosen',
      certificateVoid: 'weights of the model were changed since it was made',
    });
  });

  it('of another dtype holds for that alone', async () => {
    const { info, ...model } = await readModelFolder(sound);
    const quick = { ...certificateOf(LAYERS, 0.6), settings: settingsOf({ ...model, info }, 'int8') };
    const dial = { tau: 0.6, tauFrom: 'certified', certificate: quick };
    const read = await infoOf(certified((pyramid) => Object.assign(pyramid, { forDtype: { int8: dial } })));
    expect(infoFor(read, 'int8')).toMatchObject(dial);
    expect(infoFor(read, 'fp32')).toMatchObject({ tau: 0.4, certificate });
    const wrong = { ...dial, certificate: { ...quick, settings: certificate.settings, tau: 0.6 } };
    const other = await infoOf(certified((pyramid) => Object.assign(pyramid, { forDtype: { int8: wrong } })));
    expect(infoFor(other, 'int8')).toMatchObject({ tau: 0.6, tauFrom: 'chosen' });
    expect(infoFor(other, 'fp32').tauFrom).toBe('certified');
    const none = await infoOf(certified());
    expect(originOf(infoFor(none, 'int8'))).toBeNull();
  });

  it('cannot say by itself that it is void', async () => {
    const info = await infoOf(certified((pyramid) => Object.assign(pyramid, { certificateVoid: 'hm' })));
    expect(info.certificateVoid).toBeUndefined();
  });

  it.each<[string, Json, RegExp]>([
    ['risk', { risk: 'drop' }, /certificate\.risk is "drop", not net-drop or harm or disagreement/],
    ['confidence', { confidence: 95 }, /certificate\.confidence is 95, not a number from 0 to 1/],
    ['rows', { rows: 1.5 }, /certificate\.rows is 1\.5, not a whole number of 0 or more/],
    ['labelled', { labelled: 3000 }, /certificate\.labelled is 3000, more than its 2000 rows/],
    ['tau', { tau: 'fast' }, /certificate\.tau is "fast", not null or a number from 0 to 1/],
    ['atTau', { atTau: { estimate: 0 } }, /certificate\.atTau is .*, not an object with estimate and upper/],
    ['exits', { exits: [1] }, /certificate\.exits has 1 shares, and there are 3 exits/],
    ['texts', { texts: { length: 3 } }, /certificate\.texts is .*, not an object with length, spread and unknown/],
    ['settings', { settings: 7 }, /certificate\.settings is 7, not a fingerprint/],
    ['format', { format: 2 }, /certificate\.format is 2, not 1:?/],
  ])('with a %s that cannot be is refused', async (_, odd, sentence) => {
    const dir = certified((pyramid) => Object.assign(pyramid.certificate as Json, odd));
    await expect(readModelFolder(dir)).rejects.toMatchObject({
      code: 'MP_MODEL_CONFIG',
      message: expect.stringMatching(sentence),
    });
  });

  it('stands there if and only if the tau is said to be certified', async () => {
    const lone = certified((pyramid) => Object.assign(pyramid, { tauFrom: 'chosen' }));
    await expect(readModelFolder(lone)).rejects.toThrow(/there is a pyramid\.certificate, and pyramid\.tauFrom is not/);
    const none = certified((pyramid) => Object.assign(pyramid, { certificate: undefined }));
    await expect(readModelFolder(none)).rejects.toThrow(/tauFrom is "certified", and there is no pyramid\.certificate/);
    const odd = certified((pyramid) => Object.assign(pyramid, { tauFrom: 'guessed', certificate: undefined }));
    await expect(readModelFolder(odd)).rejects.toThrow(/tauFrom is "guessed", not certified or chosen or given/);
  });

  it('is not needed: the tau of an older folder was chosen', async () => {
    expect(originOf(await infoOf(sound))).toBe('chosen');
    expect(originOf({ tau: null })).toBeNull();
  });
});
