import { beforeAll, describe, expect, test } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import { MAX_LENGTH, randomModel, randomTexts } from '../support/random-model.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const texts = randomTexts(7, 30);
let pyramid: Pyramid;
let it: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  const { dir } = await randomModel(root, 'mails', { seed: 11, kind: 'pooled', prunes: true, tau: 0.7 });
  const other = await randomModel(root, 'plain', { seed: 12, kind: 'none', prunes: true });
  pyramid = await Pyramid.load(dir, { workers: 1 });
  it = await serve({ mails: dir, plain: other.dir }, { page: false });
  return () => pyramid.close();
});

describe('POST /v1/classify', () => {
  test('answers as the engine does, one input or many, and tells the tau in body and header', async () => {
    const answers = await pyramid.classify(texts, { topK: 3 });
    const { status, headers, body } = await it.post('/v1/classify', { inputs: texts, topK: 3 });
    expect(status).toBe(200);
    expect(body).toMatchObject({ model: 'mails', tau: 0.7 });
    expect(headers.get('x-tau')).toBe('0.7');
    expect(headers.get('x-model')).toBe('mails');
    expect(body.results).toHaveLength(texts.length);
    for (const [i, { denseFlops, ...result }] of body.results.entries()) {
      expect(result).toMatchObject({ label: answers[i].label, exit: answers[i].exit, tokens: answers[i].tokens });
      expect(result.score).toBeCloseTo(answers[i].score, 5);
      expect(Object.keys(result.scores)).toEqual(Object.keys(answers[i].scores!));
      expect(result.flops).toBe(answers[i].flops);
      expect(denseFlops).toBeGreaterThan(0);
    }
    const one = await it.post('/v1/classify', { inputs: texts[0] });
    expect(one.body.results[0].label).toBe(answers[0].label);
    expect(one.body.results[0].scores).toBeUndefined();
  });

  test('takes a tau of the request, null for off, and pairs', async () => {
    const off = await it.post('/v1/classify', { inputs: texts, tau: null });
    expect(off.body.tau).toBeNull();
    expect(off.headers.get('x-tau')).toBe('off');
    expect(new Set(off.body.results.map(({ exit }: { exit: number }) => exit))).toEqual(new Set([4]));
    const all = await it.post('/v1/classify', { inputs: texts, tau: 1 });
    expect(new Set(all.body.results.map(({ exit }: { exit: number }) => exit))).toEqual(new Set([1]));
    const pair = await it.post('/v1/classify', { inputs: { text: 'w1 w2', pair: 'w3' }, tau: null });
    expect(pair.body.results[0].tokens[0]).toBe(6);
  });

  test('uses the named model', async () => {
    const { body } = await it.post('/v1/classify', { inputs: 'w1', model: 'plain' });
    expect(body).toMatchObject({ model: 'plain', tau: null });
    expect(await it.post('/v1/classify', { inputs: 'w1', model: 'none' })).toMatchObject({
      status: 404,
      body: { error: { code: 'MP_MODEL_UNKNOWN' } },
    });
    expect(await it.post('/v1/classify', { inputs: 'w1', model: 'plain', tau: 0.5 })).toMatchObject({
      status: 400,
      body: { error: { code: 'MP_MODEL_HEADS' } },
    });
  });

  test('cuts a long text at the end that is named, or refuses it', async () => {
    const long = 'w1 '.repeat(500);
    const cut = await it.post('/v1/classify', { inputs: long, truncate: 'left' });
    expect(cut.body.results[0]).toMatchObject({ truncated: true });
    expect(cut.body.results[0].tokens[0]).toBe(MAX_LENGTH);
    expect(await it.post('/v1/classify', { inputs: ['w1', long], truncate: 'never' })).toMatchObject({
      status: 413,
      body: { error: { code: 'MP_TEXT_LONG', message: expect.stringContaining('input 1') } },
    });
  });

  test('runs a long text as windows where a stride says so, in a body or for lines', async () => {
    const long = randomTexts(3, 40).join(' ');
    const [plain] = await pyramid.detail([long], { stride: 8 });
    expect(plain.windows).toBeGreaterThan(2);
    const { body, headers } = await it.post('/v1/classify', { inputs: [long, 'w1'], stride: 8 });
    const [first, second] = body.results;
    expect(first).toMatchObject({ windows: plain.windows, exit: plain.exit, tokens: plain.tokens, truncated: false });
    expect(first.score).toBeCloseTo(plain.scores[plain.best], 5);
    expect(second).not.toHaveProperty('windows');
    expect(headers.get('x-compute-tokens')).toBe(String(first.tokens[0] + second.tokens[0]));
    const certain = await pyramid.detail([long], { stride: 8, windows: 'certain' });
    const lines = await fetch(`${it.url}/v1/classify?stride=8&windows=certain`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: `${JSON.stringify(long)}\n`,
    });
    const line = JSON.parse(await lines.text());
    expect(line.windows).toBe(plain.windows);
    expect(line.score).toBeCloseTo(certain[0].scores[certain[0].best], 5);
  });

  test.each([
    [
      'a stride as large as a window',
      { inputs: 'w1', stride: MAX_LENGTH - 2 },
      'stride is "46": give a whole number from 0 to 45',
    ],
    ['a stride below 0', { inputs: 'w1', stride: -1 }, 'stride'],
    ['windows without a stride', { inputs: 'w1', windows: 'mean' }, 'windows was given without stride'],
    [
      'a stride for a pair',
      { inputs: { text: 'w1', pair: 'w2' }, stride: 3 },
      'stride is for single texts, and input 0 is a pair',
    ],
    [
      'a stride that makes far more work of a text than the queue takes',
      { inputs: 'w1 '.repeat(9000), stride: 45 },
      'or a smaller stride',
    ],
  ])('refuses %s in one sentence', async (_, body, sentence) => {
    const reply = await it.post('/v1/classify', body);
    expect(reply).toMatchObject({ status: 400, body: { error: { message: expect.stringContaining(sentence) } } });
  });

  test.each([
    ['no JSON', '{"inputs": '],
    ['no inputs', { tau: 1 }],
    ['an empty list', { inputs: [] }],
    ['a number', { inputs: 7 }],
    ['a number in a list', { inputs: ['w1', 7] }],
    ['a nested list', { inputs: [['w1', 'w2']] }],
    ['an unknown field', { inputs: 'w1', path: '/etc/passwd' }],
    ['a tau out of range', { inputs: 'w1', tau: 1.1 }],
    ['a tau as text', { inputs: 'w1', tau: '0.5' }],
    ['a fraction of labels', { inputs: 'w1', topK: 1.5 }],
    ['a prototype', '{"inputs": "w1", "__proto__": {"tau": 1}}'],
    ['a constructor', '{"inputs": "w1", "constructor": {"prototype": {"tau": 1}}}'],
  ])('refuses %s', async (_, body) => {
    const reply = await it.post('/v1/classify', body);
    expect(reply).toMatchObject({ status: 400, body: { error: { code: expect.stringMatching(/^MP_/) } } });
    expect(({} as { tau?: number }).tau).toBeUndefined();
  });

  test('refuses more texts, longer texts and larger bodies than are allowed', async () => {
    expect(await it.post('/v1/classify', { inputs: new Array(33).fill('w1') })).toMatchObject({
      status: 413,
      body: { error: { code: 'MP_BATCH_LARGE' } },
    });
    expect(await it.post('/v1/classify', { inputs: 'w'.repeat(100_001) })).toMatchObject({
      status: 413,
      body: { error: { code: 'MP_TEXT_LONG', message: expect.stringContaining('100000 characters') } },
    });
    expect(await it.post('/v1/classify', { inputs: 'w'.repeat(2_000_001) })).toMatchObject({
      status: 413,
      body: { error: { message: expect.stringContaining('larger than 2000000 bytes (--payload-limit)') } },
    });
    const ofTwoUnits = '\u{1f600}'; // one character, as x-compute-characters counts
    expect((await it.post('/v1/classify', { inputs: ofTwoUnits.repeat(100_000) })).status).toBe(200);
    expect((await it.post('/v1/classify', { inputs: ofTwoUnits.repeat(100_001) })).status).toBe(413);
    expect(await it.post('/v1/classify', 'w1', { 'content-type': 'text/plain' })).toMatchObject({ status: 415 });
  });
});

describe('a stream of lines', () => {
  const stream = (body: string, query = '') =>
    it.post(`/v1/classify${query}`, body, { 'content-type': 'application/x-ndjson' });
  const linesOf = (body: string) =>
    body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  test('answers each line in its place, with its id', async () => {
    const answers = await pyramid.classify(texts);
    const body = texts.map((text, i) => JSON.stringify(i % 2 === 0 ? text : { text, id: `#${i}` })).join('\n');
    const reply = await stream(body);
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toContain('application/x-ndjson');
    const lines = linesOf(reply.body);
    expect(lines.map(({ label }) => label)).toEqual(answers.map(({ label }) => label));
    expect(lines.map(({ id }) => id)).toEqual(texts.map((_, i) => (i % 2 === 0 ? undefined : `#${i}`)));
  });

  test('gives an error in the place of a faulty line', async () => {
    const lines = linesOf((await stream('"w1"\n{"text": 7, "id": 1}\n\n[1]\nnope\n"w2"')).body);
    expect(lines.map((line) => line.error?.code ?? line.label)).toEqual([
      expect.stringMatching(/^[abc]$/),
      'MP_REQUEST',
      'MP_REQUEST',
      'MP_REQUEST',
      'MP_REQUEST',
      expect.stringMatching(/^[abc]$/),
    ]);
    expect(lines.flatMap((line) => (line.error ? [line.error.message.slice(0, 17)] : []))).toEqual([
      'line 2 is neither',
      'line 3 is blank; ',
      'line 4 is neither',
      'line 5 is not JSO',
    ]);
    expect(lines[1].id).toBeUndefined();
  });

  test.each<[string, string | Buffer, (string | RegExp)[]]>([
    ['carriage returns before the line feed', '"w1"\r\n\r\n"w2"\r\n', ['ok', /^line 2 is blank/, 'ok']],
    ['a byte order mark', '\uFEFF"w1"\n\n"w2"', ['ok', /^line 2 is blank/, 'ok']],
    ['blank lines at both ends', '\n \t\n"w1"\n\n', [/^line 1 is blank/, /^line 2 is blank/, 'ok', /^line 4 is blank/]],
    ['no line feed at the end', '"w1"\n"w2"', ['ok', 'ok']],
    ['a line feed alone', '\n', [/^line 1 is blank/]],
    ['nothing', '', []],
    ['separators of other systems inside a text', '"w1\u2028w2\u2029w3\u0085w4"\n"w1"', ['ok', 'ok']],
    ['a lone carriage return, which ends no line', '"w1"\r"w2"\n"w1"', [/^line 1 is not JSON/, 'ok']],
    ['a zero', '"w1\u0000"\n"w1"', [/^line 1 is not JSON/, 'ok']],
    ['no-break spaces, which JSON does not pass over', '\u00A0\n"w1"', [/^line 1 is not JSON/, 'ok']],
    ['a text too long', `"w1"\n"${'w'.repeat(100_001)}"`, ['ok', /^line 2 is longer than 100000 characters/]],
    [
      'a line too long',
      `\n"${'w'.repeat(2_000_001)}"\n"w1"`,
      [/^line 1/, /^line 2 is longer than 2000000 bytes/, 'ok'],
    ],
    [
      'bytes that are no text',
      Buffer.from([0x22, 0xff, 0x22, 10, 0x22, 0x22]),
      [/^line 1 is not UTF-8: byte 2 \(0xff\)/, 'ok'],
    ],
    ['a field that is not known', '{"text": "w1", "tau": 1}\n"w1"', [/^line 1 has a field "tau"/, 'ok']],
    ['a pair by another name', '{"text": "w1", "pairs": "w2"}', [/did you mean "pair"/]],
    ['a prototype', '{"text": "w1", "__proto__": {"id": 1}}', [/^line 1 has a field "__proto__"/]],
    [
      'an id that JSON would round',
      '{"text": "w1", "id": 9007199254740993}',
      [/^line 1 has an id that is too large a number/],
    ],
    ['an id beyond all numbers', '{"text": "w1", "id": 1e999}', [/^line 1 has an id that is too large a number/]],
    [
      'an id nested a hundred thousand deep',
      `{"text": "w1", "id": ${'['.repeat(1e5)}${']'.repeat(1e5)}}\n"w1"`,
      [/^line 1 has lists and objects more than 64 deep/, 'ok'],
    ],
  ])('answers line n in line n where there is %s', async (_, body, expected) => {
    const response = await fetch(`${it.url}/v1/classify`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: typeof body === 'string' ? body : new Uint8Array(body),
    });
    expect(response.status).toBe(200);
    const text = await response.text();
    const lines = text === '' ? [] : linesOf(text);
    expect(lines.map(({ label, error }) => (label === undefined ? error.message : 'ok'))).toEqual(
      expected.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))),
    );
  });

  test('returns ids of every kind unchanged', async () => {
    const ids = ['#1', 7, -0.5, null, true, [1, { a: 'b' }], { id: '\u2028' }, 9007199254740991];
    const body = ids.map((id) => JSON.stringify({ text: 'w1', id })).join('\n');
    expect(linesOf((await stream(body)).body).map(({ id }) => id)).toEqual(ids);
  });

  test('takes options for all lines from the address, and refuses unknown ones', async () => {
    const [line] = linesOf((await stream('"w1 w2"', '?tau=off&topK=3&model=mails')).body);
    expect(line).toMatchObject({ tau: null, exit: 4 });
    expect(Object.keys(line.scores)).toHaveLength(3);
    expect(await stream('"w1"', '?tau=2')).toMatchObject({ status: 400 });
    expect(await stream('"w1"', '?model=none')).toMatchObject({ status: 404 });
  });

  test('reads no faster than it can answer, and reads a long stream whole', async () => {
    const count = 10_000;
    const pad = 'x'.repeat(2000); // more than the buffers between the two hold
    let sent = 0;
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent >= count) controller.close();
        else
          controller.enqueue(
            new TextEncoder().encode(
              Array.from(
                { length: 100 },
                () => `${JSON.stringify({ text: texts[sent % 30], id: `${pad}${sent++}` })}\n`,
              ).join(''),
            ),
          );
      },
    });
    const response = await fetch(`${it.url}/v1/classify`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: source,
      duplex: 'half',
    } as RequestInit);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(sent).toBeLessThan(count); // nobody reads, so the server holds the client back
    let rest = '';
    let lines = 0;
    let last = -1;
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      rest += next.value;
      const parts = rest.split('\n');
      rest = parts.pop()!;
      lines += parts.length;
      if (parts.at(-1)?.startsWith('{')) last = Number(JSON.parse(parts.at(-1)!).id.slice(pad.length));
    }
    expect(last).toBe(count - 1);
    expect(lines).toBeGreaterThan(count - 200); // but for the first read
  });
});

describe('the other routes of our own', () => {
  test('take the texts as inputs, and as input too', async () => {
    for (const path of ['/v1/classify', '/v1/explain']) {
      const [one, other] = await Promise.all([
        it.post(path, { inputs: texts[1], tau: 0.7 }),
        it.post(path, { input: texts[1], tau: 0.7 }),
      ]);
      expect(one.status).toBe(200);
      expect(other.body).toEqual(one.body);
    }
  });

  test('POST /v1/explain shows what each layer did with each token', async () => {
    const { body } = await it.post('/v1/explain', { inputs: texts[1], tau: 0.7 });
    const explanation = await pyramid.explain(texts[1], { tau: 0.7 });
    expect(body.pieces).toEqual(explanation.pieces);
    expect(body.layers.map(({ kept }: { kept: boolean[] }) => kept)).toEqual(
      explanation.layers.map(({ kept }) => kept),
    );
    expect(body.exit).toBe(explanation.exit);
    expect(await it.post('/v1/explain', { inputs: [] })).toMatchObject({ status: 400 });
  });

  test('GET /v1/models lists the models', async () => {
    const { body } = await it.get('/v1/models');
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual(['mails', 'plain']);
    expect(body.data[0]).toMatchObject({ object: 'model', labels: ['a', 'b', 'c'], tau: 0.7, layers: 4, exits: true });
    const one = await it.get('/v1/models/mails');
    expect(one.body).toMatchObject({ name: 'mails', headKind: 'pooled', shape: { layers: 4 }, device: 'server' });
    expect((await it.get('/v1/models/mails/trace')).status).toBe(204);
    expect((await it.get('/v1/models/mails/report')).status).toBe(204);
    expect((await it.get('/v1/models/mails/examples')).status).toBe(204);
    expect((await it.get('/v1/models/..%2f..%2fetc/trace')).status).toBe(404);
    expect((await it.get('/v1/models/__proto__')).status).toBe(404);
  });

  test('GET /metrics counts texts by the layer that answered and what they cost', async () => {
    const count = async (name: string) => {
      const { body } = await it.get('/metrics');
      return [...body.matchAll(new RegExp(`^${name}(\\{[^}]*\\})? (\\S+)$`, 'gm'))].map(([, labels, value]) => ({
        labels,
        value: Number(value),
      }));
    };
    const sum = (rows: { value: number }[]) => rows.reduce((total, { value }) => total + value, 0);
    const before = sum(await count('te_exits_total'));
    const { body } = await it.post('/v1/classify', { inputs: texts.slice(0, 10) });
    const exits = await count('te_exits_total');
    expect(exits.map(({ labels }) => labels)).toContain('{model="mails",layer="1"}');
    expect(sum(exits)).toBe(before + 10);
    const spent = (await count('te_flops_spent_total'))[0].value;
    expect(spent).toBeGreaterThan(
      body.results.reduce((total: number, { flops }: { flops: number }) => total + flops, 0),
    );
    expect((await count('te_flops_saved_total'))[0].value).toBeGreaterThan(0);
    expect((await count('te_layer_tokens_total')).length).toBe(8);
    expect((await count('te_tau'))[0]).toMatchObject({ labels: '{model="mails"}', value: 0.7 });
    expect((await count('te_queue_size'))[0].value).toBe(0);
    expect((await count('te_queue_texts')).map(({ labels }) => labels)).toContain('{model="mails",state="waiting"}');
    expect(await count('te_queue_level_texts')).toContainEqual({ labels: '{model="mails",level="4"}', value: 0 });
    expect((await count('te_request_failure')).map(({ labels }) => labels)).toContain('{err="MP_BATCH_LARGE"}');
  });

  test('GET /docs shows the description that requests are checked by', async () => {
    const { body } = await it.get('/docs/json');
    expect(body.openapi).toBe('3.1.0');
    expect(Object.keys(body.paths)).toEqual(expect.arrayContaining(['/v1/classify', '/predict', '/classify', '/v2']));
    const json = body.paths['/v1/classify'].post.requestBody.content['application/json'].schema;
    expect(json.required).toEqual(['inputs']);
    expect((await it.get('/docs')).body).toContain('swagger');
  });
});
