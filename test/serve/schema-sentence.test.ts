import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodyRoutes } from '../support/body-routes.ts';
import { protocolServer } from '../support/protocol-server.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
let server: Awaited<ReturnType<typeof protocolServer>>;

beforeAll(async () => {
  const { dir } = await randomModel(root, 'mails', { seed: 11, kind: 'pooled', prunes: true, layers: 2 });
  server = await protocolServer({ mails: dir }, { page: false });
});
afterAll(() => server.close());

const said = async (path: string, body: unknown, query = '') => {
  const route = bodyRoutes.find((one) => one.path === path && one.type === 'application/json')!;
  const reply = await server.app.inject({
    method: 'POST',
    url: path + query,
    payload: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  expect(reply.statusCode).toBe(route.faulty);
  return route.message(reply.payload) as string;
};
const tail = '; see /docs for what a request looks like';

describe('what a schema refuses is one sentence', () => {
  const oip = '/v2/models/mails/infer';
  const input = { name: 'text', shape: [1], datatype: 'BYTES', data: ['w1'] };

  test.each<[string, unknown, string]>([
    // alternatives: all of them, of the innermost value
    [
      '/v1/classify',
      { inputs: 7 },
      'inputs is 7, a number: give a string, an object of text, pair, or a list of those that is not empty',
    ],
    ['/v1/classify', { inputs: ['w1', 7] }, 'inputs[1] is 7, a number: give a string or an object of text, pair'],
    ['/v1/classify', { inputs: [['w1']] }, 'inputs[0] is a list of 1: give a string or an object of text, pair'],
    ['/v1/classify', { inputs: [] }, 'inputs is an empty list: give a list that is not empty'],
    ['/v1/classify', { inputs: 'w1', tau: '0.5' }, 'tau is the string "0.5": give a number from 0 to 1 or null'],
    [
      '/v1/classify',
      { inputs: 'w1', tau: 'a text' },
      'tau is a string of 6 characters: give a number from 0 to 1 or null',
    ],
    ['/v1/classify', { inputs: 'w1', tau: 1.1 }, 'tau is 1.1, a number: give a number from 0 to 1'],
    [
      '/v1/classify',
      { inputs: 'w1', truncate: 'both' },
      'truncate is the string "both": give "right", "left", or "never"',
    ],
    ['/predict', { inputs: [['a', 'b', 'c']] }, 'inputs[0] is a list of 3: give a list of 1 to 2 strings'],
    [
      '/predict',
      { inputs: 'w1', parameters: { top_k: 0 } },
      'parameters.top_k is 0, a number: give a whole number from 1',
    ],
    ['/classify', { input: [1, 2] }, 'input[0] is 1, a number: give a string'],
    [
      oip,
      { inputs: [{ ...input, data: ['a', 1] }] },
      'inputs[0].data[1] is 1, a number: give a string or a list of strings',
    ],
    [oip, { inputs: [{ ...input, datatype: 'INT32' }] }, 'inputs[0].datatype is the string "INT32": give "BYTES"'],
    // the alternative that was meant
    ['/v1/classify', { inputs: { text: 'w1', pair: 5 } }, 'inputs.pair is 5, a number: give a string'],
    ['/v1/classify', { inputs: ['w1', { pair: 'w2' }] }, 'the field "text" in inputs[1] is missing'],
    [
      '/predict',
      { inputs: [{ text: 'a', text_pair: 1 }] },
      'inputs[0].text_pair is 1, a number: give a string or null',
    ],
    // missing, and what was perhaps meant by it
    ['/v1/classify', { inputt: 'w1' }, 'the field "inputs" is missing: did you write "inputt" for it?'],
    // both spellings of it are taken, but not at once
    ['/v1/classify', { inputs: 'w1', input: 'w1' }, 'the body has both "inputs" and "input": give "inputs" alone'],
    ['/v1/explain', { inputs: 'w1', input: 'w1' }, 'the body has both "inputs" and "input": give "inputs" alone'],
    ['/predict', { text: 'w1' }, 'the field "inputs" is missing'],
    ['/classify', { inputs: 'w1' }, 'the field "input" is missing: did you write "inputs" for it?'],
    ['/v1/explain', null, 'the body is null: give an object of model, inputs, tau, deadlineMs'],
    ['/v1/classify', ['w1'], 'the body is a list of 1: give an object of'],
    // names that are not known, where they would change the answer
    ['/v1/classify', { inputs: 'w1', top_k: 2 }, 'the field "top_k" is not known: did you mean "topK"?'],
    [
      '/v1/classify',
      { inputs: { text: 'w1', text_pair: 'w2' } },
      'the field "text_pair" in inputs is not known: the fields are text, pair',
    ],
    ['/predict', { inputs: { text: 'w1', pair: 'w2' } }, 'the field "pair" in inputs is not known'],
    ['/predict', { inputs: 'w1', raw_score: true }, 'the field "raw_score" is not known: did you mean "raw_scores"?'],
    ['/predict', { inputs: 'w1', model: 'other' }, 'the field "model" is not known'],
    [
      '/',
      { inputs: 'w1', parameters: { topk: 1 } },
      'the field "topk" in parameters is not known: did you mean "top_k"?',
    ],
    [
      '/classify',
      { input: 'w1', use_activations: false },
      'the field "use_activations" is not known: did you mean "use_activation"?',
    ],
    ['/classify', { input: 'w1', messages: [] }, 'the field "messages" is not known'],
    [
      oip,
      { inputs: [input], parameters: { taus: 1 } },
      'the field "taus" in parameters is not known: did you mean "tau"?',
    ],
    [oip, { inputs: [input], parameters: { timeout: 0 } }, 'parameters.timeout is 0, a number: give a number above 0'],
    [
      oip,
      { inputs: [input], outputs: [{ name: 'scores', parameters: { clasification: 2 } }] },
      'did you mean "classification"?',
    ],
    [oip, { inputs: [{ ...input, dat: [] }] }, 'the field "dat" in inputs[0] is not known'],
  ])('%s %j', async (path, body, sentence) => {
    const message = await said(path, body);
    expect(message).toContain(sentence);
    expect(message.endsWith(tail)).toBe(true);
    expect(message.match(/must|NOT|schema/)).toBeNull();
  });

  test('for a value in the address, by its name', async () => {
    expect(await said('/predict', { inputs: 'w1' }, '?models=other')).toContain(
      'the field "models" of the address is not known: did you mean "model"?',
    );
    const reply = await server.app.inject({
      method: 'POST',
      url: '/v1/classify?tau=2',
      payload: '"w1"',
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect(reply.json().error.message).toContain('tau of the address is');
    expect(reply.json().error.message).toContain('give a number from 0 to 1');
  });

  test('for options in the address that only a stream of lines has there', async () => {
    expect(await said('/v1/classify', { inputs: 'w1' }, '?tau=off')).toContain('"tau" is in the address');
  });

  test('that stays short, however long the value and the names are', async () => {
    const long = 'x'.repeat(50_000);
    for (const body of [
      { inputs: 'w1', truncate: long },
      { inputs: 'w1', [long]: 1 },
      { inputs: { text: 'w1', [long]: 1 } },
    ])
      expect((await said('/v1/classify', body)).length).toBeLessThan(400);
    for (const name of ['data', 'text'])
      expect((await said(oip, { inputs: [{ ...input, name: long, shape: [2], [name]: ['w1'] }] })).length).toBeLessThan(
        400,
      );
  });
});

describe('fields that clients send and that have no effect here', () => {
  test.each<[string, object]>([
    ['/predict', { inputs: 'w1', options: { use_cache: false, wait_for_model: true } }],
    ['/predict', { inputs: 'w1', parameters: null }],
    [
      '/classify',
      { input: 'w1', user: 'me', priority: 1, request_id: 'r', cache_salt: 's', mm_processor_kwargs: null },
    ],
    [
      '/v2/models/mails/infer',
      {
        id: '1',
        model_name: 'mails',
        model_version: '1',
        parameters: { priority: 1, sequence_id: 3, sequence_start: true, sequence_end: false, content_type: 'str' },
        inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', data: ['w1'], parameters: { content_type: 'str' } }],
        outputs: [{ name: 'label', parameters: { binary_data: false } }],
      },
    ],
  ])('%s ignores them', async (url, payload) => {
    expect((await server.app.inject({ method: 'POST', url, payload })).statusCode).toBe(200);
  });
});
