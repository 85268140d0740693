import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { protocolServer } from '../support/protocol-server.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const labels = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '10',
  '1',
  '01',
  '-1',
  'true',
  'null',
  'with "quotes" and \\',
  'two\nlines',
  'a\u2028b\rc',
  'zero\u0000byte',
  'a:b:c',
  'é\u{1F600}',
  ' ',
  'x'.repeat(3000),
];
const texts = randomTexts(5, 6).map((text) => text || 'w1');
const root = temporaryFolder();
let server: Awaited<ReturnType<typeof protocolServer>>;
/** Of each text the labels' scores, in the order of the labels. */
let scores: number[][];

const post = async (url: string, payload: object | string, type = 'application/json') =>
  server.app.inject({
    method: 'POST',
    url,
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    headers: { 'content-type': type },
  });

beforeAll(async () => {
  const { dir } = await randomModel(root, 'mails', { seed: 3, kind: 'pooled', prunes: true, layers: 2, labels });
  server = await protocolServer({ mails: dir }, { page: false });
  const { data } = (await post('/classify', { input: texts, truncate_prompt_tokens: -1 })).json();
  scores = data.map(({ probs }: { probs: number[] }) => probs);
  expect(data.map(({ label }: { label: string }) => label)).toEqual(texts.map((_, i) => labels[order(i)[0]]));
});
afterAll(() => server.close());

/** The labels of text i, the likeliest first. */
const order = (i: number) => labels.map((_, c) => c).sort((a, b) => scores[i][b] - scores[i][a]);

/** Keys of the objects named `scores`, in the order in which they are written: JavaScript's own objects sort them. */
function writtenKeys(payload: string): string[][] {
  return [...payload.matchAll(/"scores":\{(.*?)\}(?=[,}])/gs)].map(([, inside]) =>
    [...inside.matchAll(/("(?:[^"\\]|\\.)*"):[-\d.e]+/g)].map(([, key]) => JSON.parse(key)),
  );
}

describe('labels that are words of JavaScript, numbers, or any string at all', () => {
  test('are all in /v1/classify, the likeliest first', async () => {
    for (const [payload, type] of [
      [JSON.stringify({ inputs: texts, topK: 100 }), 'application/json'],
      [texts.map((text) => JSON.stringify(text)).join('\n'), 'application/x-ndjson'],
    ]) {
      const query = type === 'application/json' ? '' : '?topK=100';
      const reply = await post(`/v1/classify${query}`, payload, type);
      const keys = writtenKeys(reply.payload);
      expect(keys).toEqual(texts.map((_, i) => order(i).map((c) => labels[c])));
      const answers =
        type === 'application/json'
          ? reply.json().results
          : reply.payload
              .trim()
              .split('\n')
              .map((line) => JSON.parse(line));
      for (const [i, answer] of answers.entries()) {
        expect(answer.label).toBe(labels[order(i)[0]]);
        for (const [c, label] of labels.entries()) {
          expect(Object.hasOwn(answer.scores, label)).toBe(true);
          expect(answer.scores[label]).toBeCloseTo(scores[i][c], 5);
        }
      }
    }
    const { results } = (await post('/v1/classify', { inputs: texts, topK: 3 })).json();
    for (const { scores: few } of results) expect(Object.keys(few)).toHaveLength(3);
  });

  test('are all in /v1/explain', async () => {
    const reply = await post('/v1/explain', { input: texts[0], tau: null });
    const { layers, label } = reply.json();
    expect(label).toBe(labels[order(0)[0]]);
    for (const layer of layers) {
      if (layer.scores === null) continue;
      expect(Object.keys(layer.scores).sort()).toEqual([...labels].sort());
      for (const name of labels) expect(typeof layer.scores[name]).toBe('number');
    }
    expect(layers.at(-1).scores).not.toBeNull();
  });

  test('are all in the lists of Text Embeddings Inference, and in /info', async () => {
    const lists = (await post('/predict', { inputs: texts })).json() as { label: string; score: number }[][];
    for (const [i, list] of lists.entries()) {
      expect(list.map(({ label }) => label)).toEqual(order(i).map((c) => labels[c]));
      for (const [rank, { score }] of list.entries()) expect(score).toBeCloseTo(scores[i][order(i)[rank]], 5);
    }
    const { id2label, label2id } = (await server.app.inject('/info')).json().model_type.classifier;
    expect(Object.values(id2label)).toEqual(labels);
    for (const [i, label] of labels.entries()) {
      expect(Object.hasOwn(label2id, label)).toBe(true);
      expect(label2id[label]).toBe(i);
    }
  });

  test('are all in the tensors of the Open Inference Protocol', async () => {
    const inputs = [{ name: 'text', shape: [texts.length], datatype: 'BYTES', data: texts }];
    const reply = await post('/v2/models/mails/infer', {
      inputs,
      outputs: [{ name: 'label' }, { name: 'scores', parameters: { classification: 100 } }],
    });
    const [{ data: best }, { data: classes }] = reply.json().outputs;
    expect(best).toEqual(texts.map((_, i) => labels[order(i)[0]]));
    const told = classes.map((one: string) => one.replace(/^[^:]*:\d+:/s, ''));
    expect(told).toEqual(texts.flatMap((_, i) => order(i).map((c) => labels[c])));
  });

  test('are listed by /v1/models, and appear in the metrics only as numbers', async () => {
    expect((await server.app.inject('/v1/models')).json().data[0].labels).toEqual(labels);
    expect((await server.app.inject('/v1/models/mails')).json().labels).toEqual(labels);
    expect((await server.app.inject('/metrics')).payload).not.toContain('__proto__');
  });
});
