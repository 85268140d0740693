/** A model with a floor 0, and one that is nothing else, behind every protocol. */
import { beforeAll, expect, test } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import { randomLinearModel, randomModel, randomTexts } from '../support/random-model.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const texts = randomTexts(17, 30);
let pyramid: Pyramid;
let it: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  const { dir } = await randomModel(root, 'mails', { seed: 17, kind: 'pooled', prunes: true, tau: 0.5, floor: true });
  const linear = await randomLinearModel(root, 'words', { seed: 18 });
  pyramid = await Pyramid.load(dir, { workers: 1 });
  it = await serve({ mails: dir, words: linear.dir }, { page: false });
  return () => pyramid.close();
});

type Exits = { readonly exit: number }[];

test('answers say exit 0 where floor 0 gave them, in our own form and in that of Open Inference', async () => {
  const exits = (await pyramid.classify(texts)).map(({ exit }) => exit);
  expect(exits.filter((exit) => exit === 0).length).toBeGreaterThan(3);
  expect(exits.filter((exit) => exit > 0).length).toBeGreaterThan(3);
  const { body } = await it.post('/v1/classify', { inputs: texts });
  expect((body.results as Exits).map(({ exit }) => exit)).toEqual(exits);
  const inputs = [{ name: 'text', shape: [texts.length], datatype: 'BYTES', data: texts }];
  const oip = await it.post('/v2/models/mails/infer', { inputs });
  const outputs = oip.body.outputs as { name: string; data: number[] }[];
  expect(outputs.find(({ name }) => name === 'exit')!.data).toEqual(exits);
});

test('one text at a time gets the answer that it gets in a batch', async () => {
  const { body } = await it.post('/v1/classify', { inputs: texts, topK: 3 });
  for (const [i, text] of texts.entries()) {
    const one = await it.post('/v1/classify', { inputs: text, topK: 3 });
    const { scores, score, ...same } = body.results[i];
    expect(one.body.results[0]).toMatchObject(same);
    expect(one.body.results[0].score).toBeCloseTo(score, 5);
    for (const [label, value] of Object.entries(scores))
      expect(one.body.results[0].scores[label]).toBeCloseTo(value as number, 5);
  }
});

test('an explanation has floor 0, and null where the text has nothing that it knows', async () => {
  const { status, body } = await it.post('/v1/explain', { inputs: texts[0] });
  expect(status).toBe(200);
  expect(body.floor.contributions).toHaveLength(body.pieces.length);
  expect(Object.keys(body.floor.scores)).toEqual(['a', 'b', 'c']);
  expect((await it.post('/v1/explain', { inputs: 'unseen' })).body.floor).toBeNull();
});

test('metrics count the exits of floor 0 as layer 0', async () => {
  const count = async (model: string) => {
    const { body } = await it.get('/metrics');
    const found = [...body.matchAll(new RegExp(`^te_exits_total\\{model="${model}",layer="(\\d)"\\} (\\S+)$`, 'gm'))];
    return new Map(found.map(([, layer, value]) => [Number(layer), Number(value)]));
  };
  const before = await count('mails');
  expect([...before.keys()]).toEqual([0, 1, 2, 3, 4]);
  const exits = (await pyramid.classify(texts)).filter(({ exit }) => exit === 0);
  await it.post('/v1/classify', { inputs: texts });
  expect((await count('mails')).get(0)).toBe(before.get(0)! + exits.length);
  expect([...(await count('words')).keys()]).toEqual([0]);
});

test('a model without a network is served: many texts at once, each protocol, its card', async () => {
  const { status, body } = await it.post('/v1/classify', { inputs: texts, model: 'words' });
  expect(status).toBe(200);
  expect(new Set((body.results as Exits).map(({ exit }) => exit))).toEqual(new Set([0]));
  const requests = texts.map((text) => it.post('/v1/classify', { inputs: text, model: 'words' }));
  expect((await Promise.all(requests)).every((reply) => reply.status === 200)).toBe(true);
  const refused = await it.post('/v1/classify', { inputs: 'w1', model: 'words', tau: 0.5 });
  expect(refused).toMatchObject({ status: 400, body: { error: { code: 'MP_MODEL_HEADS' } } });
  const tei = await it.post('/predict?model=words', { inputs: 'w1 w2' });
  expect(tei.body).toHaveLength(3);
  const card = await it.get('/v1/models/words');
  expect(card.body).toMatchObject({ method: 'linear', hasFloor: true, headKind: 'none', shape: { layers: 0 } });
});
