/** Which batch runs next, where texts of unlike depth compete. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readModelFolder } from '../../src/pyramid/disk-model.ts';
import type { Encoding } from '../../src/text/tokenizer.ts';
import { InThreadEngine } from '../support/in-thread-engine.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
let engine: InThreadEngine;
let layers: number;

beforeAll(async () => {
  const { dir } = await randomModel(root, 'model', { kind: 'cls', prunes: false, pairs: false, seed: 3 });
  const model = await readModelFolder(dir);
  layers = model.config.layers;
  engine = await InThreadEngine.create(model);
});
afterAll(() => engine.close());

const encoding: Encoding = { ids: new Int32Array(8).fill(5), types: new Uint8Array(8), truncated: false };
beforeEach(() => engine.forget());
const batchOf = (id: number) => engine.batches.findLastIndex(({ ids }) => ids.includes(id));

test('a text that goes through all layers is not left behind by new ones that leave at once', async () => {
  const deep = { encoding, rule: { tau: null, trace: false } };
  const shallow = { encoding, rule: { tau: 1, trace: false } };
  const crowds = Array.from({ length: 200 }, () => new Array(32).fill(shallow));
  await engine.run([[deep], ...crowds]);
  expect(engine.outcomes.get(0)?.exit).toBe(layers);
  expect(engine.outcomes.size).toBe(1 + 200 * 32);
  expect(engine.batches.length).toBeGreaterThan(150);
  // it waits a dozen batches once, not at each of its stages
  expect(batchOf(0)).toBeLessThan(16 + 2 * layers);
});

test('every text that is inside is at one level, those of the batch at its layer', async () => {
  const rules = [null, 0.3, 0.9, 1].map((tau) => ({ encoding, rule: { tau, trace: false } }));
  await engine.run(Array.from({ length: 12 }, (_, i) => Array.from({ length: 24 }, (_, j) => rules[(i + j) % 4])));
  expect(engine.outcomes.size).toBe(12 * 24);
  for (const { layer, ids, levels, inside } of engine.batches) {
    expect(levels.reduce((sum, texts) => sum + texts, 0)).toBe(inside);
    expect(levels[layer - 1]).toBeGreaterThanOrEqual(ids.length);
  }
  expect(Math.max(...engine.batches.map(({ levels }) => levels.filter((texts) => texts > 0).length))).toBeGreaterThan(
    1,
  );
});
