/**
 * What every family of networks must do, against transformers' own numbers (test/golden/families-golden.json, made by
 * scripts/make-family-golden.py): read its checkpoints, whole and bare, answer as transformers does, and be written so
 * that transformers reads it.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  configJson,
  decays,
  FAMILIES,
  type FamilyName,
  keysFold,
  type Parameters,
  parameterShapes,
  readConfig,
  readSafetensors,
  readWeights,
  type StoredTensor,
  underOwnNames,
  WORD_EMBEDDINGS,
  writeSafetensors,
} from '../../src/encoder/index.ts';
import { backward } from '../../src/graph/index.ts';
import { headSettings } from '../../src/pyramid/exits/exits.ts';
import { initialHeads } from '../../src/pyramid/exits/heads.ts';
import { readModelFolder, writeModelFolder } from '../../src/pyramid/folder/disk-model.ts';
import type { PyramidModel } from '../../src/pyramid/folder/model-folder.ts';
import { network } from '../../src/pyramid/network.ts';
import { float32, floats, integers } from '../../src/runtime/runtime.ts';
import { distance } from '../support/golden.ts';
import { inputWeights, parameterTensors } from '../support/packed.ts';
import { runGraph } from '../support/run-graph.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { goldens, tinyTensors } from '../support/tiny-family.ts';

/** float32 against float64 over two layers and a classifier; logits are up to 2.4. */
const TOLERANCE = 5e-6;
const pairHeads = headSettings('pooled', true);

/** `which` of the reference values. */
export function familyContract(name: FamilyName, which: string): void {
  const family = FAMILIES[name];
  const golden = goldens[which];
  const root = temporaryFolder();
  const tensors = tinyTensors(golden);

  async function folder(called: string, stored: ReadonlyMap<string, StoredTensor>, config = golden.config) {
    const dir = join(root, called);
    mkdirSync(dir);
    writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
    await writeSafetensors(join(dir, 'model.safetensors'), stored);
    return dir;
  }

  /** Logits of all texts, and what the loss says of each parameter and of each head's features. */
  async function run({ config, parameters, heads }: Pick<PyramidModel, 'config' | 'parameters' | 'heads'>) {
    const all: Parameters = new Map([...parameters, ...heads]);
    const trained = [...parameters.keys()];
    const settings = heads.size > 0 ? pairHeads : headSettings('none', false);
    const { texts } = golden;
    const result = await runGraph(
      (g) => {
        const weights = inputWeights(g, all);
        const words = g.gather(weights(WORD_EMBEDDINGS), g.input('ids', 'int64', ['N']));
        const inputs = {
          words,
          types: g.input('types', 'int64', ['N']),
          sequence: g.input('sequence', 'int64', ['N']),
        };
        const targets = g.input('targets', 'float32', ['B', config.labels.length]);
        const { logits, features } = network(g, weights, config, inputs, { pruning: 'none', heads: settings });
        const loss = g.sum(g.mul(logits, targets), [0, 1]);
        const gradients = backward(g, loss, trained.map(weights));
        return {
          logits,
          ...Object.fromEntries(features.map((value, i) => [`features.${i}`, value])),
          ...Object.fromEntries(trained.map((parameter, i) => [parameter, gradients[i]])),
        };
      },
      {
        ids: integers(texts.flatMap(({ ids }) => ids)),
        types: integers(texts.flatMap(({ types }) => types)),
        sequence: integers(texts.flatMap(({ ids }, text) => ids.map(() => text))),
        targets: float32(Float32Array.from(golden.logits.flat()), texts.length, config.labels.length),
        ...parameterTensors(all),
      },
    );
    return Object.fromEntries(Object.entries(result).map(([key, tensor]) => [key, floats(tensor)]));
  }

  const read = async (dir: string) => {
    const config = await readConfig(dir);
    return { config, ...(await readWeights(dir, config)), heads: new Map() as Parameters };
  };

  describe(`the family ${which}`, () => {
    it('answers as transformers does, and every parameter learns', async () => {
      const model = await read(await folder('whole', tensors));
      expect([...model.parameters.keys()]).toEqual([...parameterShapes(model.config).keys()]);
      const { logits, ...gradients } = await run(model);
      expect(distance(logits, golden.logits.flat())).toBeLessThan(TOLERANCE);
      expect([...underOwnNames(model.config, model.parameters).keys()].sort()).toEqual([...tensors.keys()].sort());
      expect(Object.keys(gradients)).toHaveLength(model.parameters.size);
      // the key's bias adds the same to all of a query's logits, which softmax does not see
      for (const [parameter, gradient] of Object.entries(gradients)) {
        if (!parameter.endsWith('key.bias') || !keysFold(model.config.form))
          expect(Math.max(...gradient.map(Math.abs)), parameter).toBeGreaterThan(1e-3);
      }
      const spared = new Map([...model.parameters].filter(([parameter]) => !decays(parameter)));
      expect([...underOwnNames(model.config, spared).keys()].sort()).toEqual(
        [...tensors.keys()].filter((own) => /bias|norm/i.test(own)).sort(),
      );
    });

    it('reads a bare backbone, whose classifier the seed makes', async () => {
      const backbone = new Map(
        [...tensors].flatMap(([own, tensor]) =>
          own.startsWith(family.prefix) ? [[own.slice(family.prefix.length), tensor] as const] : [],
        ),
      );
      backbone.set('vocab_transform.weight', { shape: [1], data: Float32Array.of(1) }); // of masked language modelling
      const dir = await folder('bare', backbone);
      const config = await readConfig(dir);
      const { parameters, fresh } = await readWeights(dir, config, { seed: 1 });
      const whole = await read(join(root, 'whole'));
      expect([...parameters.keys()]).toEqual([...whole.parameters.keys()]);
      expect(fresh).toContain('classifier.weight');
      for (const [key, { data }] of parameters) {
        if (fresh.includes(key)) expect(data, key).not.toEqual(whole.parameters.get(key)!.data);
        else expect(data, key).toEqual(whole.parameters.get(key)!.data);
      }
      await expect(readWeights(dir, config)).rejects.toMatchObject({ code: 'MP_MODEL_TENSOR_MISSING' });
    });

    it('says which tensor is missing by the name that the checkpoint has for it', async () => {
      const [missing] = golden.tensors.find(([own]) => /layers?\.1\./.test(own))!;
      const dir = await folder('gap', new Map([...tensors].filter(([own]) => own !== missing)));
      await expect(readWeights(dir, await readConfig(dir))).rejects.toThrow(`there is no tensor "${missing}"`);
    });

    it('says both shapes of a tensor that does not fit, as the file has them', async () => {
      for (const [at, [own, shape]] of golden.tensors.filter(([one]) => /layers?\.1\..*weight$/.test(one)).entries()) {
        const wrong = [shape[0] + 1, ...shape.slice(1)];
        const data = new Float32Array(wrong.reduce((n, size) => n * size, 1));
        const dir = await folder(`misfit-${at}`, new Map([...tensors, [own, { shape: wrong, data }]]));
        await expect(readWeights(dir, await readConfig(dir))).rejects.toThrow(
          `tensor "${own}" is [${wrong.join(', ')}] but config.json requires [${shape.join(', ')}]`,
        );
      }
    });

    it('is written as transformers has it, our parts beside it, and reads back the same', async () => {
      const { config, parameters } = await read(join(root, 'whole'));
      const heads = initialHeads(config, pairHeads, 3);
      const dir = join(root, 'written');
      const info = {
        format: 1,
        method: 'fastbert',
        exitHead: 'pooled',
        exitTraining: 'joint',
        pairs: true,
        headWidth: 128,
        prunes: false,
        temperature: 0,
        lambda: 0,
        maxLength: 12,
        tau: null,
      } as const;
      await writeModelFolder(
        dir,
        { config, info, parameters, heads, headSettings: pairHeads, thresholds: null, floor: null },
        {},
      );
      const stored = await readSafetensors(join(dir, 'model.safetensors'));
      const theirs = [...stored].filter(([key]) => !key.startsWith('pyramid.'));
      expect(new Map(theirs)).toEqual(tensors);
      const written = JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8'));
      expect(written).toMatchObject(golden.config);
      const again = await readModelFolder(dir);
      expect(again.config).toEqual({ ...config, raw: written });
      expect((await run(again)).logits).toEqual((await run({ config, parameters, heads })).logits);
    });

    it('writes the sizes that a network was given, not those it was read with', async () => {
      const { config } = await read(join(root, 'whole'));
      const written = configJson({ ...config, layers: 1, maxPositions: 7, labels: ['no', 'yes'] });
      const { layers, maxPositions } = family.keys;
      expect(written).toMatchObject({
        [layers]: 1,
        [maxPositions]: 7 + config.unusedPositions,
        id2label: { 0: 'no', 1: 'yes' },
      });
    });

    it('lets pooled heads tell the two texts of a pair apart', async () => {
      const whole = await read(join(root, 'whole'));
      const { 'features.0': found } = await run({ ...whole, heads: initialHeads(whole.config, pairHeads, 3) });
      const d = whole.config.hiddenSize;
      const segments = golden.texts.map((_, text) => {
        const row = found.subarray(5 * d * text, 5 * d * (text + 1));
        return [row.subarray(d, 2 * d), row.subarray(2 * d, 3 * d)];
      });
      for (const [text, { types }] of golden.texts.entries()) {
        const isEmpty = segments[text][1].every((value) => value === 0);
        expect(isEmpty).toBe(!types.includes(1));
        expect(segments[text][0]).not.toEqual(segments[text][1]);
      }
    });
  });
}
