/** Models that give a text any number of labels, or a number, in engine and server: they leave by the rule, and every protocol says it. */
import { expect, test } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import { answerRule } from '../../src/pyramid/exits/answer-rule.ts';
import { exitLayer, uncertaintiesOf } from '../../src/pyramid/exits/exit-rule.ts';
import { exitLogits, temperatureAt, tempered } from '../../src/pyramid/exits/sum.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const texts = randomTexts(40, 6);
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const common = { seed: 6, kind: 'pooled', prunes: true } as const;

test('a text of any number of labels leaves where every label is sure, with those that reach their threshold', async () => {
  const labels = ['a', 'b', 'c'];
  const labelThresholds = [0.3, 0.5, 0.8];
  const exitTemperatures = [1.5, 1, 0.5, 2];
  const { dir } = await randomModel(root, 'several', {
    ...common,
    labels,
    problemType: 'multi_label_classification',
    labelThresholds,
    exitTemperatures,
  });
  const pyramid = await Pyramid.load(dir, { workers: 1 });
  try {
    const rule = answerRule(pyramid, pyramid.info);
    const traced = await pyramid.trace(texts);
    const exits = new Set<number>();
    for (const tau of [0.9, 0.97, 1]) {
      const answers = await pyramid.classify(texts, { tau, topK: 3 });
      for (const [i, { exit, labels: own, scores }] of answers.entries()) {
        expect(exit).toBe(exitLayer(uncertaintiesOf(traced[i].logits, rule), tau));
        exits.add(exit);
        const row = tempered(traced[i].logits[exit - 1], temperatureAt(exitTemperatures, exit));
        for (const [c, label] of labels.entries()) expect(scores![label]).toBeCloseTo(sigmoid(row[c]), 4);
        expect(own).toEqual(labels.filter((label, c) => scores![label] >= labelThresholds[c]));
      }
    }
    expect(exits.size).toBeGreaterThan(1);

    const { post, get } = await serve({ m: dir });
    const [plain] = await pyramid.classify([texts[0]], { topK: 3 });
    const own = (await post('/v1/classify', { inputs: [texts[0]] })).body.results[0];
    expect(own.labels).toEqual(plain.labels);
    const near = (found: readonly number[]) => {
      for (const [c, label] of labels.entries()) expect(found[c]).toBeCloseTo(plain.scores![label], 4);
    };
    near((await post('/classify', { input: texts[0] })).body.data[0].probs);
    const tei = (await post('/predict', { inputs: texts[0] })).body as { label: string; score: number }[];
    near(labels.map((label) => tei.find((one) => one.label === label)!.score));
    const oneHot = { inputs: texts[0], parameters: { function_to_apply: 'softmax' } };
    const soft = (await post('/predict', oneHot)).body[0] as { score: number }[];
    expect(soft.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 5);
    const inputs = [{ name: 'text', datatype: 'BYTES', shape: [1], data: [texts[0]] }];
    const { outputs } = (await post('/v2/models/m/infer', { inputs })).body;
    const applies = outputs.find(({ name }: { name: string }) => name === 'applies');
    expect(applies).toMatchObject({ datatype: 'BOOL', shape: [1, 3] });
    expect(labels.filter((_, c) => applies.data[c])).toEqual(plain.labels);
    const metadata = (await get('/v2/models/m')).body.outputs as { name: string }[];
    expect(metadata.map(({ name }) => name)).toContain('applies');
  } finally {
    await pyramid.close();
  }
});

test('a model of one label a text says nothing of several', async () => {
  const { dir } = await randomModel(root, 'one', common);
  const { post } = await serve({ one: dir });
  const own = (await post('/v1/classify', { inputs: [texts[0]] })).body.results[0];
  expect(own).not.toHaveProperty('labels');
  const inputs = [{ name: 'text', datatype: 'BYTES', shape: [1], data: [texts[0]] }];
  const { outputs } = (await post('/v2/models/one/infer', { inputs })).body;
  expect(outputs.map(({ name }: { name: string }) => name)).toEqual(['label', 'score', 'scores', 'exit']);
});

test('floor 0 answers what every label is sure of, and is added to the exits of the rest', async () => {
  const { dir } = await randomModel(root, 'floor', {
    ...common,
    problemType: 'multi_label_classification',
    labelThresholds: [0.5, 0.5, 0.5],
    floor: true,
  });
  const pyramid = await Pyramid.load(dir, { workers: 1 });
  try {
    const rule = answerRule(pyramid, pyramid.info);
    const traced = await pyramid.trace(texts);
    const answers = await pyramid.classify(texts, { tau: 0.9 });
    const exits = answers.map(({ exit }, i) => {
      const { floor, layers } = exitLogits(traced[i].logits, traced[i].floor!, pyramid.exitSum);
      const u = floor && uncertaintiesOf([floor, []], rule)[0];
      expect(exit).toBe(exitLayer(uncertaintiesOf(layers, rule), 0.9, u));
      return exit;
    });
    expect(exits).toContain(0);
    expect(new Set(exits).size).toBeGreaterThan(1);
  } finally {
    await pyramid.close();
  }
});

test('a number is given where two exits that were asked agree', async () => {
  const valueSpread = 1.5;
  const { dir } = await randomModel(root, 'number', {
    ...common,
    labels: ['score'],
    problemType: 'regression',
    valueSpread,
  });
  const pyramid = await Pyramid.load(dir, { workers: 1 });
  try {
    const traced = await pyramid.trace(texts);
    const exits = new Set<number>();
    for (const tau of [0.05, 0.2, 0.5]) {
      const answers = await pyramid.classify(texts, { tau });
      for (const [i, { exit, score, label }] of answers.entries()) {
        const values = traced[i].logits.map(([value]) => value);
        const agrees = values.findIndex((value, l) => l > 0 && Math.abs(value - values[l - 1]) <= tau * valueSpread);
        expect(exit).toBe(agrees < 0 ? 4 : Math.min(4, agrees + 1));
        expect(score).toBeCloseTo(values[exit - 1], 4);
        expect(label).toBe('score');
        exits.add(exit);
      }
    }
    expect(exits.size).toBeGreaterThan(1);
    const { layers } = await pyramid.explain(texts[0]);
    expect(layers[0].uncertainty).toBeNull();
    expect(layers[1].uncertainty).not.toBeNull();
  } finally {
    await pyramid.close();
  }
});
