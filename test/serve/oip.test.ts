import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
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

const get = async (path: string) => {
  const response = await fetch(server.url + path);
  return { status: response.status, body: JSON.parse(await response.text()) };
};

const post = async (body: string | Buffer, headers: Record<string, string> = {}, path = '/v2/models/mails/infer') => {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
};
const infer = async (request: object, path?: string) => {
  const answer = await post(JSON.stringify(request), { 'content-type': 'application/json' }, path);
  return { ...answer, body: JSON.parse(answer.bytes.toString()) };
};

const input = (data: unknown, shape = [(data as unknown[]).length], name = 'text') => ({
  name,
  shape,
  datatype: 'BYTES',
  data,
});
/** The tensor as the binary data extension packs it. */
const packed = (strings: readonly string[]) =>
  Buffer.concat(
    strings.flatMap((text) => {
      const bytes = Buffer.from(text);
      return [Buffer.from(Uint32Array.of(bytes.length).buffer), bytes];
    }),
  );
const tensor = (body: { outputs: { name: string }[] }, name: string) =>
  body.outputs.find((output) => output.name === name) as unknown as { shape: number[]; data: unknown[] };

type Output = { datatype: string; data: unknown[] };
/** The same outputs, up to the last bits of their floats: those hang on which texts were computed together. */
const near = (outputs: readonly Output[]) =>
  outputs.map((output) => ({
    ...output,
    data: output.datatype === 'FP32' ? output.data.map((value) => expect.closeTo(value as number, 5)) : output.data,
  }));

describe('the Open Inference Protocol', () => {
  test('describes server, model and health', async () => {
    expect((await get('/v2')).body).toMatchObject({
      name: 'magic-pyramid',
      extensions: ['binary_tensor_data', 'classification'],
    });
    expect(await get('/v2/health/live')).toEqual({ status: 200, body: { live: true } });
    expect(await get('/v2/health/ready')).toEqual({ status: 200, body: { ready: true } });
    expect(await get('/v2/models/mails/ready')).toEqual({ status: 200, body: { name: 'mails', ready: true } });
    const { body } = await get('/v2/models/mails');
    expect(body).toMatchObject({
      name: 'mails',
      inputs: [{ name: 'text', datatype: 'BYTES', shape: [-1] }],
      outputs: [
        { name: 'label', datatype: 'BYTES', shape: [-1] },
        { name: 'score', datatype: 'FP32', shape: [-1] },
        { name: 'scores', datatype: 'FP32', shape: [-1, 3] },
        { name: 'exit', datatype: 'INT32', shape: [-1] },
      ],
    });
    expect((await get(`/v2/models/mails/versions/${body.versions[0]}`)).body).toEqual(body);
    expect((await get(`/v2/models/mails/versions/${body.versions[0]}/ready`)).status).toBe(200);
  });

  test.each([
    '/v2/models/other',
    '/v2/models/other/ready',
    '/v2/models/mails/versions/9',
    '/v2/models/__proto__',
    `/v2/models/${'m'.repeat(3000)}`,
  ])('%s is 404 with an error string', async (path) => {
    expect(await get(path)).toEqual({ status: 404, body: { error: expect.stringContaining('no model') } });
  });

  test('gives every output as a tensor of so many texts, and the id back', async () => {
    const { status, body, headers } = await infer({ id: '42', inputs: [input(texts.slice(0, 3))] });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('inference-header-content-length')).toBeNull();
    expect(body).toMatchObject({ id: '42', model_name: 'mails' });
    expect(body.outputs.map(({ shape }: { shape: number[] }) => shape)).toEqual([[3], [3], [3, 3], [3]]);
    const scores = tensor(body, 'scores').data as number[];
    for (const [i, label] of tensor(body, 'label').data.entries()) {
      const row = scores.slice(3 * i, 3 * i + 3);
      expect(label).toBe('abc'[row.indexOf(Math.max(...row))]);
      expect(tensor(body, 'score').data[i]).toBe(Math.max(...row));
    }
  });

  test('takes a tensor as [n, 1] and nested as well', async () => {
    const flat = await infer({ inputs: [input(texts.slice(0, 2))] });
    for (const data of [texts.slice(0, 2), texts.slice(0, 2).map((text) => [text])]) {
      const { body } = await infer({ inputs: [input(data, [2, 1], 'input-0')] });
      expect(body.outputs).toEqual(near(flat.body.outputs));
    }
  });

  test('takes a second tensor as the second texts, before or after the first', async () => {
    const [first, second] = [input(['w1 w2']), input(['w3'], [1], 'text_pair')];
    const { body } = await infer({ inputs: [first, second] });
    expect((await infer({ inputs: [second, first] })).body.outputs).toEqual(body.outputs);
    const { body: alone } = await infer({ inputs: [first] });
    expect(tensor(alone, 'score').data).not.toEqual(tensor(body, 'score').data);
  });

  test('takes and gives binary data behind the JSON', async () => {
    const json = await infer({ inputs: [input([...texts.slice(0, 2), 'w1 \u{1F600}'])] });
    const tail = packed([...texts.slice(0, 2), 'w1 \u{1F600}']);
    const head = Buffer.from(
      JSON.stringify({
        inputs: [{ ...input([]), shape: [3], data: undefined, parameters: { binary_data_size: tail.length } }],
        outputs: [
          { name: 'scores', parameters: { binary_data: true } },
          { name: 'exit' },
          { name: 'label', parameters: { binary_data: true } },
        ],
      }),
    );
    const { status, headers, bytes } = await post(Buffer.concat([head, tail]), {
      'inference-header-content-length': String(head.length),
    });
    expect(status, bytes.toString()).toBe(200);
    expect(headers.get('content-type')).toBe('application/octet-stream');
    const length = Number(headers.get('inference-header-content-length'));
    const body = JSON.parse(bytes.toString('utf8', 0, length));
    expect(body.outputs).toMatchObject([
      { name: 'scores', shape: [3, 3], parameters: { binary_data_size: 36 } },
      { name: 'exit', data: tensor(json.body, 'exit').data },
      { name: 'label', parameters: { binary_data_size: 15 } },
    ]);
    const expected = tensor(json.body, 'scores').data as number[];
    for (let i = 0; i < 9; i++) expect(bytes.readFloatLE(length + 4 * i)).toBeCloseTo(expected[i], 5);
    expect(bytes.subarray(length + 36)).toEqual(packed(tensor(json.body, 'label').data as string[]));
  });

  test('reads the same out of JSON and out of binary data, whatever the strings', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { minLength: 1, maxLength: 8 }),
        async (strings) => {
          const json = await infer({ inputs: [input(strings)] });
          const tail = packed(strings);
          const head = Buffer.from(
            JSON.stringify({
              inputs: [{ ...input(strings), data: undefined, parameters: { binary_data_size: tail.length } }],
            }),
          );
          const binary = await post(Buffer.concat([head, tail]), {
            'inference-header-content-length': String(head.length),
          });
          expect([json.status, binary.status]).toEqual([200, 200]);
          expect(tensor(JSON.parse(binary.bytes.toString()), 'label')).toEqual(tensor(json.body, 'label'));
          expect(binary.headers.get('x-compute-characters')).toBe(json.headers.get('x-compute-characters'));
          expect(json.headers.get('x-compute-characters')).toBe(String([...strings.join('')].length));
        },
      ),
      { numRuns: 100, seed: 5 },
    );
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ])('takes a body that is compressed with %s', async (encoding, compress) => {
    const body = JSON.stringify({ inputs: [input(['w1'])] });
    expect((await post(compress(body), { 'content-encoding': encoding })).status).toBe(200);
    const broken = await post(Buffer.from(body), { 'content-encoding': encoding });
    expect(broken.status).toBe(400);
    // a small body that grows beyond the limit
    expect((await post(compress(Buffer.alloc(5_000_000)), { 'content-encoding': encoding })).status).toBe(413);
  });

  test('gives so many classes of the scores as "value:index:label"', async () => {
    const { body } = await infer({
      inputs: [input(texts.slice(0, 2))],
      outputs: [{ name: 'scores', parameters: { classification: 2 } }, { name: 'scores' }],
    });
    const [classes, scores] = body.outputs;
    expect(classes).toMatchObject({ datatype: 'BYTES', shape: [2, 2] });
    const [value, index, label] = classes.data[0].split(':');
    expect(label).toBe('abc'[index]);
    expect(Number(value)).toBeCloseTo(Math.max(...scores.data.slice(0, 3)), 5);
  });

  test('takes tau and a timeout as parameters, and says which tau held', async () => {
    const inputs = [input(texts.slice(0, 20))];
    const off = await infer({ inputs, parameters: { tau: 'off' } });
    expect(off.body.parameters).toEqual({ tau: 'off' });
    expect(new Set(tensor(off.body, 'exit').data)).toEqual(new Set([4]));
    const early = await infer({ inputs, parameters: { tau: 1, timeout: 60_000_000 } });
    expect(early.body.parameters).toEqual({ tau: 1 });
    expect(new Set(tensor(early.body, 'exit').data)).toEqual(new Set([1]));
  });

  test.each<[string, object]>([
    ['no inputs', {}],
    ['an empty list of inputs', { inputs: [] }],
    ['numbers', { inputs: [{ ...input([1]), datatype: 'INT32' }] }],
    ['a number among strings', { inputs: [input(['a', 1])] }],
    ['a shape that is not that of the data', { inputs: [input(['a', 'b'], [3])] }],
    ['an input without data', { inputs: [{ name: 'text', shape: [1], datatype: 'BYTES' }] }],
    ['no text', { inputs: [input([])] }],
    ['two inputs without a text_pair', { inputs: [input(['a']), input(['b'], [1], 'other')] }],
    ['a text_pair alone', { inputs: [input(['a'], [1], 'text_pair')] }],
    ['fewer second texts', { inputs: [input(['a', 'b']), input(['c'], [1], 'text_pair')] }],
    ['an unknown output', { inputs: [input(['a'])], outputs: [{ name: 'toString' }] }],
    ['classes of a label', { inputs: [input(['a'])], outputs: [{ name: 'label', parameters: { classification: 1 } }] }],
    ['half a class', { inputs: [input(['a'])], outputs: [{ name: 'scores', parameters: { classification: 0.5 } }] }],
    [
      'shared memory',
      { inputs: [input(['a'])], outputs: [{ name: 'label', parameters: { shared_memory_region: 'r' } }] },
    ],
    ['binary data that is not there', { inputs: [{ ...input(['a']), parameters: { binary_data_size: 4 } }] }],
    ['a tau of 2', { inputs: [input(['a'])], parameters: { tau: 2 } }],
    ['a tau that is a word', { inputs: [input(['a'])], parameters: { tau: 'on' } }],
    ['no time', { inputs: [input(['a'])], parameters: { timeout: 0 } }],
  ])('refuses %s with an error string', async (_, request) => {
    const { status, body } = await infer(request);
    expect({ status, body }).toEqual({ status: 400, body: { error: expect.stringMatching(/./) } });
  });

  test('refuses lengths that do not fit the bytes', async () => {
    const tail = packed(['w1']);
    const request = (size: number) =>
      Buffer.from(
        JSON.stringify({
          inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', parameters: { binary_data_size: size } }],
        }),
      );
    const send = (head: Buffer, bytes: Buffer, length = String(head.length)) =>
      post(Buffer.concat([head, bytes]), { 'inference-header-content-length': length });
    expect((await send(request(tail.length), tail)).status).toBe(200);
    const fails = await Promise.all([
      send(request(tail.length + 1), tail),
      send(request(tail.length - 1), tail),
      send(request(3), tail.subarray(0, 3)),
      send(request(tail.length), Buffer.concat([Buffer.from(Uint32Array.of(0xffffffff).buffer), Buffer.from('w1')])),
      send(request(tail.length), Buffer.concat([Buffer.from(Uint32Array.of(2).buffer), Buffer.from([0xff, 0xfe])])),
      send(request(tail.length), tail, '99999999'),
      send(request(tail.length), tail, '-1'),
      send(request(tail.length), tail, '0'),
      post(JSON.stringify({ inputs: [input(['w1'])] }), { 'content-encoding': 'br' }),
      post('{"inputs": [', {}),
    ]);
    for (const { status, bytes } of fails) {
      expect(status).toBe(400);
      expect(JSON.parse(bytes.toString())).toEqual({ error: expect.stringMatching(/./) });
    }
  });
});
