import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/encoder/index.ts';
import { answers, type Files, filesOf, tryMutants } from '../support/mutated-folder.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const TEXTS = ['config.json', 'tokenizer.json', 'tokenizer_config.json'];
let whole: Files;
let sharded: Files;

beforeAll(async () => {
  const { dir } = await randomModel(root, 'm', {
    seed: 3,
    kind: 'pooled',
    prunes: true,
    layers: 2,
    hiddenSize: 8,
    tau: 0.5,
  });
  whole = filesOf(dir, [...TEXTS, 'model.safetensors']);
  const tensors = [...(await readSafetensors(join(dir, 'model.safetensors')))];
  const shards = ['model-1.safetensors', 'model-2.safetensors'];
  for (const [i, name] of shards.entries())
    await writeSafetensors(join(dir, name), new Map(tensors.filter((_, at) => at % 2 === i)));
  const map = Object.fromEntries(tensors.map(([name], at) => [name, shards[at % 2]]));
  writeFileSync(join(dir, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
  sharded = filesOf(dir, [...TEXTS, 'model.safetensors.index.json', ...shards]);
});

describe('a model folder of which one file was changed', () => {
  it('answers as long as nothing was', async () => {
    await answers(whole);
    await answers(sharded);
  });

  it('is refused by the catalogue or answers, one file of weights (seed 5)', async () => {
    const { refused, answered } = await tryMutants(whole, 5, 150);
    expect(refused).toBeGreaterThan(50);
    expect(answered).toBeGreaterThan(20);
  });

  it('is refused by the catalogue or answers, weights in shards (seed 6)', async () => {
    const { refused, answered } = await tryMutants(sharded, 6, 150);
    expect(refused).toBeGreaterThan(50);
    expect(answered).toBeGreaterThan(20);
  });
});
