import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import { answerRule } from '../../src/pyramid/exits/answer-rule.ts';
import { toNumber, uncertaintyOf } from '../../src/pyramid/exits/exit-rule.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const texts = randomTexts(5, 8);
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

async function folder(name: string, labels: readonly string[], problemType?: string): Promise<string> {
  const { dir } = await randomModel(root, name, { seed: 8, kind: 'none', prunes: false, layers: 2, labels });
  const path = join(dir, 'config.json');
  const { problem_type: _, ...config } = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...config, ...(problemType && { problem_type: problemType }) }));
  return dir;
}

describe("scores follow the rule of transformers' pipeline", () => {
  test.each<[string, number, string | undefined, (logits: readonly number[]) => number[]]>([
    ['one label without a problem type: the sigmoid', 1, undefined, (z) => z.map(sigmoid)],
    ['one label, said to be one of one: the sigmoid', 1, 'single_label_classification', (z) => z.map(sigmoid)],
    ['one of several that may hold: the sigmoid', 1, 'multi_label_classification', (z) => z.map(sigmoid)],
    ['one label, a regression: the number itself', 1, 'regression', (z) => [...z]],
    ['two labels without a problem type: the softmax', 2, undefined, ([a, b]) => [sigmoid(a - b), sigmoid(b - a)]],
    ['two labels that may both hold: the sigmoid', 2, 'multi_label_classification', (z) => z.map(sigmoid)],
    ['two numbers: themselves', 2, 'regression', (z) => [...z]],
  ])('%s', async (name, count, problemType, scoresOf) => {
    const labels = ['a', 'b'].slice(0, count);
    const pyramid = await Pyramid.load(await folder(name.replaceAll(/\W/g, '-'), labels, problemType), { workers: 1 });
    try {
      const details = await pyramid.detail(texts);
      const spread = new Set(details.map(({ scores }) => scores[0]));
      expect(spread.size).toBeGreaterThan(1); // a softmax over one label says 1 to every text
      for (const { scores, logits } of details) {
        const expected = scoresOf(logits);
        for (const [i, score] of scores.entries()) expect(score).toBeCloseTo(expected[i], 12);
      }
      const answers = await pyramid.classify(texts);
      // another batch, another order of sums
      for (const [i, { score }] of answers.entries()) expect(score).toBeCloseTo(details[i].scores[details[i].best], 5);
      const { layers } = await pyramid.explain(texts[0]);
      const { logits } = details[0];
      const isSoftmax = count === 2 && problemType === undefined;
      // another batch, another order of sums
      const rule = answerRule(pyramid, pyramid.info);
      const u = uncertaintyOf(rule, logits, null);
      if (isSoftmax || problemType !== 'regression') expect(layers[1].uncertainty).toBeCloseTo(toNumber(u!), 5);
      else expect(layers[1].uncertainty).toBeNull();
    } finally {
      await pyramid.close();
    }
  });
});

test('one label is surest at the ends of the sigmoid, and a text leaves by that', async () => {
  const { dir } = await randomModel(root, 'heads', { seed: 8, kind: 'cls', prunes: false, layers: 2, labels: ['a'] });
  const pyramid = await Pyramid.load(dir, { workers: 1 });
  try {
    expect(pyramid.problemType).toBe('multi_label_classification');
    const [{ score, exit }] = await pyramid.classify([texts[0]]);
    expect(score).toBeLessThan(1);
    expect(exit).toBe(2);
    const [trace] = await pyramid.trace([texts[0]]);
    const u = toNumber(uncertaintyOf(answerRule(pyramid, pyramid.info), trace.logits[0], null)!);
    const exitAt = async (tau: number) => (await pyramid.classify(texts[0], { tau })).exit;
    expect(await exitAt(Math.min(1, u + 1e-4))).toBe(1);
    expect(await exitAt(u - 1e-4)).toBe(2);
  } finally {
    await pyramid.close();
  }
});

test('every protocol of the server gives the sigmoid of the one label', async () => {
  const dir = await folder('served', ['relevant']);
  const pyramid = await Pyramid.load(dir, { workers: 1 });
  const [{ logits }] = await pyramid.detail([texts[0]]);
  await pyramid.close();
  const expected = sigmoid(logits[0]);
  const { post } = await serve({ m: dir });
  const scores = {
    tei: (await post('/predict', { inputs: texts[0] })).body[0].score,
    own: (await post('/v1/classify', { inputs: [texts[0]] })).body.results[0].score,
    vllm: (await post('/classify', { input: texts[0] })).body.data[0].probs[0],
    oip: (
      await post('/v2/models/m/infer', {
        inputs: [{ name: 'text', datatype: 'BYTES', shape: [1], data: [texts[0]] }],
      })
    ).body.outputs.find(({ name }: { name: string }) => name.startsWith('score')).data[0],
  };
  for (const [protocol, score] of Object.entries(scores)) expect(score, protocol).toBeCloseTo(expected, 6);
});

test('labels may be words of JavaScript or markup: every output shows them unchanged', async () => {
  const labels = ['__proto__', 'constructor', '<b>"&', 'toString'];
  const { dir } = await randomModel(root, 'words', { seed: 9, kind: 'cls', prunes: true, layers: 2, labels, tau: 0.2 });
  const pyramid = await Pyramid.load(dir, { workers: 1 });
  try {
    expect(pyramid.labels).toEqual(labels);
    const [{ scores }] = await pyramid.detail([texts[0]]);
    const byLabel = new Map(labels.map((label, i) => [label, scores[i]]));
    const answer = await pyramid.classify(texts[0], { topK: 4 });
    expect(new Map(Object.entries(answer.scores!))).toEqual(byLabel);
    const { layers } = await pyramid.explain(texts[0], { tau: null });
    expect(Object.keys(layers[1].scores!)).toEqual(labels);
    const { post, get } = await serve({ m: dir });
    const own = await post('/v1/classify', { inputs: [texts[0]], topK: 4 });
    expect(own.status).toBe(200);
    expect(Object.keys(own.body.results[0].scores).sort()).toEqual([...labels].sort());
    for (const [label, score] of Object.entries(own.body.results[0].scores as Record<string, number>))
      expect(score).toBeCloseTo(byLabel.get(label)!, 6);
    const tei = await post('/predict', { inputs: texts[0] });
    expect(tei.body.map(({ label }: { label: string }) => label).sort()).toEqual([...labels].sort());
    expect((await post('/classify', { input: texts[0] })).body.data[0].label).toBe(answer.label);
    expect((await get('/v1/models')).status).toBe(200);
    expect(JSON.stringify((await get('/v1/models')).body)).toContain('"__proto__","constructor"');
    expect((await get('/metrics')).status).toBe(200);
  } finally {
    await pyramid.close();
  }
});
