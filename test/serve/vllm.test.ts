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

const classify = async (body: unknown, headers: Record<string, string> = {}) => {
  const response = await fetch(`${server.url}/classify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: JSON.parse(await response.text()) };
};
const long = Array(60).fill('w1').join(' ');

describe("vLLM's /classify", () => {
  test('gives label, probabilities and usage of a text and of a batch', async () => {
    const { status, body } = await classify({ model: 'mails', input: ['w1 w2', 'w3'] });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^classify-[0-9a-f]{32}$/),
      object: 'list',
      model: 'mails',
      data: [
        { index: 0, num_classes: 3 },
        { index: 1, num_classes: 3 },
      ],
      usage: { prompt_tokens: 7, total_tokens: 7, completion_tokens: 0, prompt_tokens_details: null },
    });
    expect(Math.abs(body.created - Date.now() / 1000)).toBeLessThan(60);
    for (const { label, probs } of body.data) {
      expect(probs.reduce((a: number, b: number) => a + b)).toBeCloseTo(1, 5);
      expect(label).toBe('abc'[probs.indexOf(Math.max(...probs))]);
    }
    const { body: one } = await classify({ input: 'w3' });
    expect(one.data).toHaveLength(1);
    expect(one.data[0].probs[0]).toBeCloseTo(body.data[1].probs[0], 5);
  });

  test('gives logits without activation, and takes the id of the request', async () => {
    const { body: probs } = await classify({ input: texts[0] });
    const { body } = await classify({ input: texts[0], use_activation: false }, { 'x-request-id': 'mine' });
    expect(body.id).toBe('classify-mine');
    const exp = body.data[0].probs.map(Math.exp);
    const sum = exp.reduce((a: number, b: number) => a + b);
    for (const [i, p] of probs.data[0].probs.entries()) expect(exp[i] / sum).toBeCloseTo(p, 5);
  });

  test('refuses a text that is too long, and cuts it where it is told to', async () => {
    expect(await classify({ input: long })).toMatchObject({
      status: 400,
      body: {
        error: { type: 'BadRequestError', code: 400, param: null, message: expect.stringContaining('48 tokens') },
      },
    });
    const { status, body } = await classify({ input: long, truncate_prompt_tokens: -1 });
    expect({ status, body }).toMatchObject({ status: 200, body: { usage: { prompt_tokens: 48 } } });
  });

  test.each<[string, object, number, string]>([
    ['no input', {}, 400, 'BadRequestError'],
    ['an empty batch', { input: [] }, 400, 'BadRequestError'],
    ['token ids', { input: [1, 2, 3] }, 400, 'BadRequestError'],
    ['chat messages', { messages: [{ role: 'user', content: 'w1' }] }, 400, 'BadRequestError'],
    ['a shorter maximum', { input: 'w1', truncate_prompt_tokens: 16 }, 400, 'BadRequestError'],
    ['no special tokens', { input: 'w1', add_special_tokens: false }, 400, 'BadRequestError'],
    ['another model', { input: 'w1', model: 'other' }, 404, 'NotFoundError'],
  ])('refuses %s with its error object', async (_, request, status, type) => {
    expect(await classify(request)).toMatchObject({
      status,
      body: { error: { type, code: status, param: null, message: expect.stringMatching(/./) } },
    });
  });

  test('ignores fields that have no effect here', async () => {
    expect((await classify({ input: 'w1', user: null, priority: 3, cache_salt: 'x' })).status).toBe(200);
  });

  test.each(['activation', 'softmax'])('accepts %s, an older name of use_activation', async (name) => {
    const ask = async (fields: object) => (await classify({ input: texts[0], ...fields })).body.data[0].probs;
    const close = (probs: number[]) => probs.map((p) => expect.closeTo(p, 5));
    const [logits, probs] = [await ask({ use_activation: false }), await ask({ use_activation: true })];
    expect(Math.abs(logits[0] - probs[0])).toBeGreaterThan(1e-3);
    expect(await ask({ [name]: false })).toEqual(close(logits));
    expect(await ask({ [name]: true })).toEqual(close(probs));
    expect(await ask({ [name]: null })).toEqual(close(probs));
    expect(await ask({ [name]: false, use_activation: null })).toEqual(close(logits));
    expect(await ask({ [name]: false, use_activation: false })).toEqual(close(logits));
  });

  test('refuses switches that contradict each other, by their names', async () => {
    for (const [a, b] of [
      ['use_activation', 'activation'],
      ['use_activation', 'softmax'],
      ['activation', 'softmax'],
    ])
      for (const value of [true, false]) {
        const { status, body } = await classify({ input: 'w1', [a]: value, [b]: !value });
        expect({ status, body }).toMatchObject({ status: 400, body: { error: { type: 'BadRequestError' } } });
        expect(body.error.message).toContain(`${a} is ${value} and ${b} is ${!value}`);
      }
    expect((await classify({ input: 'w1', activation: 'false' })).status).toBe(400);
  });

  test('/v1/models lists the models, as its clients ask before they classify', async () => {
    const response = await fetch(`${server.url}/v1/models`);
    expect(JSON.parse(await response.text())).toMatchObject({
      object: 'list',
      data: [{ id: 'mails', object: 'model' }],
    });
  });
});
