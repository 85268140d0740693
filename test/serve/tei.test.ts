import { InferenceClient } from '@huggingface/inference';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { protocolServer } from '../support/protocol-server.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const texts = randomTexts(3, 40).filter((text) => text !== '');
let server: Awaited<ReturnType<typeof protocolServer>>;

beforeAll(async () => {
  const { dir } = await randomModel(root, 'mails', { seed: 11, kind: 'pooled', prunes: true, tau: 0.7 });
  server = await protocolServer({ mails: dir });
});
afterAll(() => server.close());

const post = async (body: unknown, path = '/predict') => {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
};

describe('/predict of Text Embeddings Inference', () => {
  test.each(['/predict', '/'])('%s gives every label of a text, likeliest first', async (path) => {
    const { status, body, headers } = await post({ inputs: texts[0] }, path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(body.map(({ label }: { label: string }) => label).sort()).toEqual(['a', 'b', 'c']);
    const scores = body.map(({ score }: { score: number }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(scores.reduce((a: number, b: number) => a + b)).toBeCloseTo(1, 5);
  });

  test('takes a list of strings as a batch, also one of two', async () => {
    const single = await Promise.all(texts.slice(0, 3).map(async (inputs) => (await post({ inputs })).body));
    for (const n of [1, 2, 3]) {
      const { body } = await post({ inputs: texts.slice(0, n) });
      expect(body).toHaveLength(n);
      for (const [i, list] of body.entries())
        for (const [j, { label, score }] of list.entries()) {
          expect(label).toBe(single[i][j].label);
          expect(score).toBeCloseTo(single[i][j].score, 5);
        }
    }
  });

  test('takes a nested list of two and {text, text_pair} as the same pair', async () => {
    const { body: batch } = await post({ inputs: [[texts[0], texts[1]], [texts[0]], texts[0]] });
    const { body: pair } = await post({ inputs: { text: texts[0], text_pair: texts[1] } });
    const { body: text } = await post({ inputs: { text: texts[0] } });
    expect(batch).toHaveLength(3);
    expect(batch[0][0].score).toBeCloseTo(pair[0].score, 5);
    expect(batch[1][0].score).toBeCloseTo(text[0].score, 5);
    expect(batch[2][0].score).toBeCloseTo(text[0].score, 5);
    expect(Math.abs(pair[0].score - text[0].score)).toBeGreaterThan(1e-4);
  });

  test('gives logits for raw_scores, whose softmax the scores are', async () => {
    const { body: scores } = await post({ inputs: texts[0] });
    const { body: raw } = await post({ inputs: texts[0], raw_scores: true });
    const exp = raw.map(({ score }: { score: number }) => Math.exp(score));
    const sum = exp.reduce((a: number, b: number) => a + b);
    expect(raw.map(({ label }: { label: string }) => label)).toEqual(
      scores.map(({ label }: { label: string }) => label),
    );
    for (const [i, { score }] of scores.entries()) expect(exp[i] / sum).toBeCloseTo(score, 5);
  });

  test('cuts a long text at the end that truncation_direction names, and refuses it with truncate false', async () => {
    const begin = Array(60).fill('w1').join(' ');
    const end = Array(60).fill('w2').join(' ');
    const [left, right, first, last] = await Promise.all(
      [
        { inputs: `${begin} ${end}`, truncation_direction: 'left' },
        { inputs: `${begin} ${end}`, truncation_direction: 'Right' },
        { inputs: begin },
        { inputs: end },
      ].map(async (body) => (await post(body)).body[0].score as number),
    );
    expect(left).toBeCloseTo(last, 5);
    expect(right).toBeCloseTo(first, 5);
    expect(Math.abs(left - right)).toBeGreaterThan(1e-4);
    const { status, body } = await post({ inputs: begin, truncate: false });
    expect({ status, body }).toMatchObject({ status: 413, body: { error_type: 'Validation' } });
  });

  test("answers the hub's form of a request as the hub does: a list for each text, cut to top_k", async () => {
    const { body } = await post({ inputs: texts[0], parameters: { top_k: 2 } });
    expect(body).toHaveLength(1);
    expect(body[0]).toHaveLength(2);
    const { body: none } = await post({ inputs: texts[0], parameters: { function_to_apply: 'none' } });
    const { body: raw } = await post({ inputs: texts[0], raw_scores: true });
    expect(none).toEqual([raw]);
  });

  test("is read by the hub's client for JavaScript", async () => {
    const client = new InferenceClient().endpoint(server.url);
    const said = await client.textClassification({ inputs: texts[0], parameters: {} });
    expect(said).toEqual((await post({ inputs: texts[0] })).body);
    expect(await client.textClassification({ inputs: texts[0], parameters: { top_k: 1 } })).toEqual(said.slice(0, 1));
  });

  test('has headers that say what the answer cost', async () => {
    const { headers } = await post({ inputs: ['w1 w2', 'w3 \u{1F600}'] });
    expect(headers.get('x-compute-characters')).toBe('9');
    expect(headers.get('x-compute-tokens')).toBe('8');
    for (const name of ['x-compute-time', 'x-total-time', 'x-tokenization-time', 'x-queue-time', 'x-inference-time'])
      expect(headers.get(name)).toMatch(/^\d+$/);
    expect(headers.get('x-compute-type')).toBe('cpu');
  });

  test.each([
    ['no inputs', {}, 422, 'Validation'],
    ['a number', { inputs: 5 }, 422, 'Validation'],
    ['a list with a number', { inputs: ['a', 5] }, 422, 'Validation'],
    ['a nested list of three', { inputs: [['a', 'b', 'c']] }, 422, 'Validation'],
    ['an empty nested list', { inputs: [[]] }, 422, 'Validation'],
    ['no list at all', { inputs: [] }, 400, 'Empty'],
    ['too many texts', { inputs: Array(33).fill('w1') }, 413, 'Validation'],
    ['an unknown direction', { inputs: 'w1', truncation_direction: 'up' }, 422, 'Validation'],
    ['half a body', '{"inputs": "w1', 422, 'Validation'],
  ])('refuses %s with its error object', async (_, request, status, type) => {
    const answer = await post(request);
    expect(answer).toMatchObject({ status, body: { error_type: type, error: expect.stringMatching(/./) } });
  });

  test('answers for the model that the query names, and knows no other', async () => {
    expect((await post({ inputs: 'w1' }, '/predict?model=mails')).status).toBe(200);
    const { status, body } = await post({ inputs: 'w1' }, '/predict?model=other');
    expect({ status, body }).toMatchObject({ status: 404, body: { error: expect.stringContaining('"other"') } });
  });
});

test('/info describes the model and the limits', async () => {
  const response = await fetch(`${server.url}/info`);
  expect(JSON.parse(await response.text())).toMatchObject({
    model_id: 'mails',
    model_dtype: 'float32',
    model_type: { classifier: { id2label: { 0: 'a', 1: 'b', 2: 'c' }, label2id: { a: 0, b: 1, c: 2 } } },
    max_input_length: 48,
    max_client_batch_size: 32,
    auto_truncate: true,
    tokenization_workers: 1,
    tau: 0.7,
    tau_from: 'chosen',
    certificate: null,
  });
});
