import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readJson, utf8 } from '../../src/serve/http/bodies.ts';
import { bodyRoutes } from '../support/body-routes.ts';
import { protocolServer } from '../support/protocol-server.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const LIMIT = 20_000;
const root = temporaryFolder();
let server: Awaited<ReturnType<typeof protocolServer>>;

beforeAll(async () => {
  const { dir } = await randomModel(root, 'mails', { seed: 11, kind: 'pooled', prunes: true, layers: 2 });
  server = await protocolServer({ mails: dir }, { page: false, payloadLimit: LIMIT });
});
afterAll(() => server.close());

const post = (url: string, payload: string | Buffer, headers: Record<string, string>) =>
  server.app.inject({ method: 'POST', url, payload, headers });
const encodings = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
] as const;

describe.each(bodyRoutes)('POST $path, $type', ({ path, body, type, faulty, message }) => {
  test('refuses bytes that are not UTF-8 instead of altering the text', async () => {
    const [before, after] = body('caf|').split('|');
    for (const bad of [[0xe9], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xff, 0xfe]]) {
      const reply = await post(path, Buffer.concat([Buffer.from(before), Buffer.from(bad), Buffer.from(after)]), {
        'content-type': type,
      });
      expect([bad, reply.statusCode]).toEqual([bad, faulty]);
      const place = `byte ${before.length + 1} (0x${bad[0].toString(16)})`;
      expect(message(reply.payload)).toMatch(/(the body|line 1) is not UTF-8/);
      expect(message(reply.payload)).toContain(place);
    }
  });

  test('reads UTF-8 whatever its characters, with and without a byte order mark', async () => {
    for (const text of ['\uFEFFw1', 'w1 \uFFFD é \u{1F600} \u2028'])
      for (const mark of ['', '\uFEFF'])
        for (const charset of ['', '; charset=utf-8', ';charset="UTF-8"', '; charset=utf8']) {
          const reply = await post(path, mark + body(text), { 'content-type': type + charset });
          expect([text, mark, charset, reply.statusCode]).toEqual([text, mark, charset, 200]);
          expect(message(reply.payload.startsWith('[') ? '{}' : reply.payload)).toBeUndefined();
        }
  });

  test('refuses another charset by its name', async () => {
    for (const charset of ['iso-8859-1', 'UTF-16', '"latin1"', 'utf-7']) {
      const reply = await post(path, body('w1'), { 'content-type': `${type}; charset=${charset}` });
      expect([charset, reply.statusCode]).toEqual([charset, 415]);
      expect(message(reply.payload)).toContain(
        `the body's charset is "${charset.replaceAll('"', '')}"; send it as UTF-8`,
      );
    }
  });

  test('reads US-ASCII, which is a part of UTF-8, under each of its names', async () => {
    for (const charset of ['us-ascii', 'ASCII', '"US-ASCII"', 'utf8']) {
      const reply = await post(path, body('w1 w2'), { 'content-type': `${type}; charset=${charset}` });
      expect([charset, reply.statusCode]).toEqual([charset, 200]);
    }
  });

  test('unpacks a compressed body of every known encoding', async () => {
    const plain = await post(path, body('w1 w2'), { 'content-type': type });
    for (const [encoding, compress] of encodings) {
      const headers = { 'content-type': type, 'content-encoding': encoding };
      const reply = await post(path, compress(body('w1 w2')), headers);
      expect([encoding, reply.statusCode]).toEqual([encoding, 200]);
      expect(reply.payload.replace(/"id":"[^"]*"|"created":\d+/g, '')).toBe(
        plain.payload.replace(/"id":"[^"]*"|"created":\d+/g, ''),
      );
      const upper = await post(path, compress(body('w1 w2')), {
        ...headers,
        'content-encoding': encoding.toUpperCase(),
      });
      expect(upper.statusCode).toBe(200);
    }
    expect((await post(path, body('w1'), { 'content-type': type, 'content-encoding': 'identity' })).statusCode).toBe(
      200,
    );
  });

  test('survives a body that is refused before it is unpacked, and cannot be unpacked', async () => {
    const junk = Buffer.from('no such data '.repeat(500));
    for (const [encoding] of encodings) {
      const headers = { 'content-encoding': encoding, 'content-length': String(junk.length) };
      for (const given of ['text/csv', `${type}; charset=latin1`])
        expect((await post(path, junk, { ...headers, 'content-type': given })).statusCode).toBeGreaterThanOrEqual(400);
      await post(path, Buffer.concat([gzipSync('['.repeat(2 * LIMIT)), junk]), { ...headers, 'content-type': type });
    }
    await new Promise((resolve) => setTimeout(resolve, 20)); // what nobody listens to ends the process a moment later
    expect((await post(path, body('w1'), { 'content-type': type })).statusCode).toBe(200);
  });

  test('refuses an unknown encoding, and names the known ones', async () => {
    for (const encoding of ['zstd', 'compress', 'gzip, br', '__proto__', 'toString']) {
      const reply = await post(path, body('w1'), { 'content-type': type, 'content-encoding': encoding });
      expect([encoding, reply.statusCode]).toEqual([encoding, 415]);
      expect(message(reply.payload)).toContain(
        `"${encoding}"; send the body plain, or compressed with gzip, deflate or br`,
      );
    }
  });

  test('says that a body is not what its encoding says, or is cut off', async () => {
    for (const [encoding, compress] of encodings)
      for (const bytes of [Buffer.from(body('w1')), compress(body('w1 w2 w3')).subarray(0, -5)]) {
        const reply = await post(path, bytes, { 'content-type': type, 'content-encoding': encoding });
        expect([encoding, reply.statusCode]).toEqual([encoding, faulty]);
        expect(message(reply.payload)).toContain(`the body is not ${encoding} data, or ends too early`);
      }
  });

  test('refuses a small body that grows beyond the limit, without unpacking it all', async () => {
    const isStream = type === 'application/x-ndjson';
    for (const bytes of [gzipSync(Buffer.alloc(10 * LIMIT)), brotliCompressSync(Buffer.alloc(100 * LIMIT, '"w1"\n'))]) {
      const encoding = bytes[0] === 0x1f ? 'gzip' : 'br';
      expect(bytes.length).toBeLessThan(LIMIT / 10);
      const reply = await post(path, bytes, { 'content-type': type, 'content-encoding': encoding });
      expect(reply.statusCode).toBe(isStream ? 200 : 413);
      const last = isStream ? reply.payload.trim().split('\n').at(-1)! : reply.payload;
      expect(message(last)).toContain(
        isStream
          ? 'more than 200 times their compressed size'
          : 'the body is larger than 20000 bytes (--payload-limit)',
      );
      // a stream's lines that came before are answered, and nothing like all of them
      if (isStream) expect(reply.payload.split('\n').length).toBeLessThan((20 * LIMIT) / 5);
    }
    if (!isStream) return;
    const texts = Array.from({ length: 4000 }, (_, i) => JSON.stringify(`w${(i * 7919) % 200} w${i % 200}`)).join('\n');
    const whole = await post(path, gzipSync(texts), { 'content-type': type, 'content-encoding': 'gzip' });
    expect(whole.payload.trim().split('\n')).toHaveLength(4000); // more than the limit, and no bomb
    expect(whole.payload).not.toContain('"error"');
  });

  test('says what to send where the content type is another, or none', async () => {
    const headers: Record<string, string>[] = [
      { 'content-type': 'text/csv' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'application/jsonl' },
      { 'content-type': 'nonsense' },
      {},
    ];
    for (const given of headers) {
      const reply = await post(path, body('w1'), given);
      // clients of this protocol send binary data without a type, and JSON under any
      if (path.startsWith('/v2/')) {
        if (given['content-type'] !== 'nonsense') expect(reply.statusCode).toBe(200);
        continue;
      }
      expect([given, reply.statusCode]).toEqual([given, 415]);
      expect(reply.payload).toContain('send application/json');
      if (path === '/v1/classify' && given['content-type'] !== 'nonsense')
        expect(reply.payload).toContain('application/x-ndjson');
      expect(message(reply.payload)).toEqual(expect.stringMatching(/./));
    }
  });

  test('ignores the case of the content type', async () => {
    expect((await post(path, body('w1'), { 'content-type': type.toUpperCase() })).statusCode).toBe(200);
  });
});

describe.each(bodyRoutes.filter(({ type }) => type === 'application/json'))('JSON to $path', (route) => {
  const { path, body, faulty, message } = route;
  const send = (payload: string) => post(path, payload, { 'content-type': 'application/json' });
  const inside = (more: string) => `${body('w1').slice(0, -1)},${more}}`;

  test.each<[string, string | ((inside: (more: string) => string) => string)]>([
    ['nothing', ''],
    ['white space', ' \n'],
    ['half an object', '{"inputs": ['],
    ['two values', '{}{}'],
    ['a word', 'NaN'],
    ['a prototype', (within) => within('"__proto__": {"inputs": "w1"}')],
    ['a prototype in escapes', (within) => within('"\\u005f_proto__": {"inputs": "w1"}')],
    ['a prototype inside', (within) => within('"options": {"a": [{"__proto__": 1}]}')],
    ['a constructor', (within) => within('"constructor": {"prototype": {"a": 1}}')],
    ['brackets without end', '['.repeat(9000)],
    ['brackets as deep as the limit allows', `${'['.repeat(9000)}${']'.repeat(9000)}`],
    ['objects as deep as the limit allows', `${'{"inputs":'.repeat(1500)}1${'}'.repeat(1500)}`],
    ['a field nested deeply', (within) => within(`"tau": ${'['.repeat(9000)}${']'.repeat(9000)}`)],
    [
      'a number beyond all',
      (within) => within('"tau": 1e999, "topK": 1e999, "top_k": 1e999, "truncate_prompt_tokens": 1e999'),
    ],
    ['a text that is null', (within) => within('"inputs": null, "input": null')],
  ])('refuses %s with one sentence', async (_, given) => {
    const reply = await send(typeof given === 'string' ? given : given(inside));
    expect(reply.statusCode).toBe(faulty);
    const said = message(reply.payload) as string;
    expect(said.length).toBeGreaterThan(10);
    expect(said.length).toBeLessThan(400);
    expect(said).not.toMatch(/internal|FST_|undefined/);
    expect(({} as { inputs?: unknown }).inputs).toBeUndefined();
  });

  test('takes the last value of a field that is given twice', async () => {
    const [name] = Object.keys(JSON.parse(body('w1')));
    const first = JSON.stringify(JSON.parse(body('w1'))[name]);
    const twice = `{${JSON.stringify(name)}: 5, ${JSON.stringify(name)}: ${first}}`;
    expect((await send(twice)).statusCode).toBe(200);
  });

  test('classifies a text with half a character, with a zero, or with __proto__ in it', async () => {
    for (const text of ['w1 \ud800', '\udc00 w1', 'w1\u0000w2', '"__proto__": 1, "constructor": {"prototype": 1}', ''])
      expect([text, (await send(body(text))).statusCode]).toEqual([text, 200]);
  });
});

describe('readJson', () => {
  test('gives the position of a fault if the parser does, and nothing of the text', () => {
    expect(() => readJson(Buffer.from('{"secret" 1}'), 1e6)).toThrow(/not JSON \(at character 11\)/);
    for (const bad of ['{"secret" 1}', '{"inputs": secret}', '"secret'])
      expect(() => readJson(Buffer.from(bad), 1e6)).not.toThrow(/secret/);
  });
});

describe('utf8', () => {
  test('finds the faulty byte after characters of every length, and after U+FFFD itself', () => {
    const before = 'aé€\u{1F600}\uFFFD\uFFFDz';
    const bytes = Buffer.concat([Buffer.from(before), Buffer.from([0xe2, 0x82]), Buffer.from('z')]);
    expect(() => utf8(bytes, 'it')).toThrow(`it is not UTF-8: byte ${Buffer.byteLength(before) + 1} (0xe2)`);
    expect(() => utf8(Buffer.from([0x61, 0xf0]), 'it')).toThrow('byte 2 (0xf0)');
    expect(utf8(Buffer.from(before), 'it')).toBe(before);
  });
});
