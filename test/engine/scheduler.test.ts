/** Which batch runs next, where texts of unlike depth compete. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readModelFolder } from '../../src/pyramid/folder/disk-model.ts';
import type { Encoding } from '../../src/text/tokenizer/tokenizer.ts';
import { InThreadEngine } from '../support/in-thread-engine.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
let engine: InThreadEngine;
let prompt: InThreadEngine;
let layers: number;

beforeAll(async () => {
  const { dir } = await randomModel(root, 'model', { kind: 'cls', prunes: false, pairs: false, seed: 3 });
  const model = await readModelFolder(dir);
  layers = model.config.layers;
  engine = await InThreadEngine.create(model);
  prompt = await InThreadEngine.create(model, 'fp32', 'arrival');
});
afterAll(async () => {
  await engine.close();
  await prompt.close();
});

const encoding: Encoding = { ids: new Int32Array(8).fill(5), types: new Uint8Array(8), truncated: false };
beforeEach(() => {
  engine.forget();
  prompt.forget();
});
const batchOf = (id: number) => engine.batches.findLastIndex(({ ids }) => ids.includes(id));

test('a text that goes through all layers is not starved by new ones that exit at once', async () => {
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

test('in order of arrival, an admitted text goes straight through, whatever comes after it', async () => {
  const deep = { encoding, rule: { tau: null, trace: false } };
  const shallow = { encoding, rule: { tau: 1, trace: false } };
  const groups = [[shallow], [deep], ...Array.from({ length: 50 }, () => new Array(32).fill(shallow))];
  await engine.run(groups);
  await prompt.run(groups);
  const last = ({ batches }: InThreadEngine) => batches.findLastIndex(({ ids }) => ids.includes(1));
  const first = ({ batches }: InThreadEngine) => batches.findIndex(({ ids }) => ids.includes(1));
  expect(last(prompt) - first(prompt)).toBe(layers - 1);
  expect(last(engine)).toBeGreaterThan(last(prompt));
  expect([...prompt.outcomes.keys()].sort()).toEqual([...engine.outcomes.keys()].sort());
});

test('a text of the background goes behind all others at every layer, and to the end when there are none', async () => {
  const background = { encoding, rule: { tau: null, trace: false, background: true } };
  // long enough to be a full batch by itself
  const long: Encoding = { ids: new Int32Array(40).fill(5), types: new Uint8Array(40), truncated: false };
  const crowd = new Array(8).fill({ encoding: long, rule: background.rule });
  const deep = { encoding, rule: { tau: null, trace: false } };
  const others = Array.from({ length: 30 }, (_, i) => crowd.length + i);
  for (const one of [engine, prompt]) {
    await one.run([crowd, others.map(() => deep)]);
    expect(one.outcomes.size).toBe(38);
    expect(new Set([...one.outcomes.values()].map(({ exit }) => exit))).toEqual(new Set([layers]));
    const has = ({ ids }: { readonly ids: readonly number[] }) => ids.some((id) => others.includes(id));
    // it may join a batch of others, and has none of its own before they are through
    expect(one.batches.findIndex((batch) => !has(batch))).toBeGreaterThan(one.batches.findLastIndex(has));
  }
});
