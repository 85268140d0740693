/**
 * Requests to every route that takes a body, as somebody would send them who means ill or has a fault in a client: good
 * ones that are changed in their values, their text, their bytes, their headers or their address. Made by fast-check, so
 * that a seed gives the same ones and what fails is made small.
 */
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type BodyRoute, bodyRoutes } from './body-routes.ts';

export interface Mutated {
  readonly route: BodyRoute;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

const pack = (...texts: string[]) =>
  Buffer.concat(
    texts.flatMap((text) => [Buffer.from(Uint32Array.of(Buffer.byteLength(text)).buffer), Buffer.from(text)]),
  );
const tensor = { name: 'text', shape: [2], datatype: 'BYTES', data: ['w1', 'w2 w3'] };

/** Good bodies with every field that a route knows. */
const bodies: Readonly<Record<string, readonly unknown[]>> = {
  '/v1/classify': [
    { inputs: 'w1 w2', tau: 0.5, topK: 2, deadlineMs: 60_000, truncate: 'left', model: 'mails' },
    { inputs: ['w1', { text: 'w1', pair: 'w2' }, 'w3'], tau: null },
  ],
  '/v1/explain': [{ input: { text: 'w1 w5', pair: 'w2' }, tau: 0.3, deadlineMs: 60_000, model: 'mails' }],
  '/predict': [
    { inputs: ['w1', ['w2', 'w3'], { text: 'w1', text_pair: 'w4' }], truncate: false, raw_scores: true },
    { inputs: 'w1', parameters: { top_k: 2, function_to_apply: 'sigmoid' }, truncation_direction: 'Left' },
  ],
  '/': [{ inputs: ['w1', 'w2'], parameters: {}, options: { use_cache: true } }],
  '/v2/models/mails/infer': [
    {
      id: '7',
      parameters: { tau: 0.5, timeout: 60_000_000, binary_data_output: true },
      inputs: [tensor, { ...tensor, name: 'text_pair' }],
      outputs: [
        { name: 'scores', parameters: { classification: 2 } },
        { name: 'exit', parameters: { binary_data: true } },
      ],
    },
    { inputs: [{ name: 'text', shape: [2, 1], datatype: 'BYTES', parameters: { binary_data_size: 14 } }] },
  ],
  '/classify': [
    { input: ['w1', 'w2'], model: 'mails', truncate_prompt_tokens: -1, truncation_side: 'right', use_activation: true },
    { input: 'w1', activation: false, add_special_tokens: true, user: 'me' },
  ],
};
const lines = [['w1 w2', { text: 'w1', pair: 'w2', id: 1 }, { text: 'w3', id: 'x' }], ['w1']];

/** JSON that a field may not expect. */
const hostile = [
  ...['null', 'true', '0', '-1', '-0', '0.5', '1e999', '-1e999', '1e-999', '2147483648', '9007199254740993', '1.5'],
  ...['""', '" "', '"w1"', '"\\ud800"', '"\\u0000"', '"__proto__"', '"constructor"', '"off"', '"-1"', '"\\u2028\\n"'],
  ...['[]', '{}', '[[]]', '[null]', '{"":""}', '[1,2,3]', '["w1","w2"]', '{"text":"w1"}', '{"__proto__":{"a":1}}'],
  ...['{"constructor":{"prototype":{}}}', '{"toString":1,"valueOf":null}', '{"a":1,"a":2}', '{"length":1e9}'],
  ...[
    '['.repeat(3000) + ']'.repeat(3000),
    `${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`,
    JSON.stringify('w1 '.repeat(700)),
  ],
  ...[`"${'\\u0041'.repeat(400)}"`, `[${'"w1",'.repeat(40)}"w1"]`, `[${'1,'.repeat(500)}1]`, '01', 'NaN', "'w1'", ''],
];
const names = [
  '__proto__',
  'constructor',
  'toString',
  'inputs',
  'input',
  'text',
  'pair',
  'tau',
  'id',
  'model',
  '',
  'x',
];
const bytes = [
  [0xff],
  [0xc0, 0xaf],
  [0xed, 0xa0, 0x80],
  [0],
  [0xef, 0xbb, 0xbf],
  [10],
  [13],
  [0x22],
  [0x5c],
  [0x7b],
  [0xe2, 0x80],
];
const types = [
  'application/json',
  'application/x-ndjson',
  'APPLICATION/JSON',
  'application/json; charset=utf-16',
  'text/plain',
  '',
];
const queries = [
  '?tau=off',
  '?tau=1e999',
  '?model=mails',
  '?model=%00',
  '?topK=2&topK=3',
  '?__proto__[a]=1',
  '?truncate=',
  '?%ff=%ff',
];
const encoders = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync } as const;
const tails = [pack('w1', 'w2'), Buffer.from([2, 0, 0, 0, 0x77]), Buffer.from([255, 255, 255, 255]), Buffer.alloc(0)];

const at = <T>(list: readonly T[], i: number): T => list[i % list.length];

/** The value with one place of it changed: what stands there becomes a hostile one, goes, or gets another name. */
function changeValue(value: unknown, where: number, how: number, raw: string[]): unknown {
  const places: { readonly holder: Record<string, unknown>; readonly key: string }[] = [];
  const root = { value: structuredClone(value) };
  const visit = (holder: Record<string, unknown>) => {
    for (const key of Object.keys(holder)) {
      places.push({ holder, key });
      if (typeof holder[key] === 'object' && holder[key] !== null) visit(holder[key] as Record<string, unknown>);
    }
  };
  visit(root);
  const { holder, key } = at(places, where);
  const isNamed = !Array.isArray(holder) && holder !== (root as object);
  if (how % 8 === 0 && isNamed) delete holder[key];
  else if (how % 8 === 1 && isNamed)
    Object.defineProperty(holder, at(names, how >> 3), {
      value: holder[key],
      enumerable: true,
      configurable: true,
      writable: true,
    });
  else {
    raw.push(at(hostile, how));
    holder[key] = `@@${raw.length - 1}@@`;
  }
  return root.value;
}

const written = (value: unknown, raw: readonly string[]): string =>
  (JSON.stringify(value) ?? '').replace(/"@@(\d+)@@"/g, (_, i) => raw[Number(i)]);

/** Bytes with a few of them lost, doubled, moved or replaced. */
function changeBytes(given: Buffer, where: number, how: number): Buffer {
  const from = given.length === 0 ? 0 : where % given.length;
  const [head, rest] = [given.subarray(0, from), given.subarray(from)];
  const some = rest.subarray(0, 1 + ((how >> 3) % 9));
  switch (how % 5) {
    case 0:
      return head;
    case 1:
      return Buffer.concat([head, rest.subarray(some.length)]);
    case 2:
      return Buffer.concat([head, some, rest]);
    case 3:
      return Buffer.concat([head, Buffer.from(at(bytes, how >> 3)), rest]);
    default:
      return Buffer.concat([head, Buffer.from(at(bytes, how >> 3)), rest.subarray(1)]);
  }
}

const rarely = <T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: some });
const edit = fc.record({ where: fc.nat(500), how: fc.nat(500) });

export const mutatedRequest: fc.Arbitrary<Mutated> = fc
  .record({
    route: fc.constantFrom(...bodyRoutes),
    which: fc.nat(3),
    values: fc.array(edit, { maxLength: 2 }),
    cuts: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(edit, { maxLength: 3 }) },
    ),
    type: rarely(fc.constantFrom(...types)),
    encoding: rarely(fc.constantFrom('gzip', 'deflate', 'br', 'zstd')),
    isPacked: fc.boolean(),
    isCutLater: fc.boolean(),
    query: rarely(fc.constantFrom(...queries)),
    binary: fc.option(fc.record({ tail: fc.constantFrom(...tails), off: fc.constantFrom(0, 0, 0, 0, -1, 1, 3) }), {
      freq: 2,
    }),
  })
  .map(({ route, which, values, cuts, type, encoding, isPacked, isCutLater, query, binary }) => {
    const isLines = route.type === 'application/x-ndjson';
    const raw: string[] = [];
    let value: unknown = isLines ? at(lines, which) : at(bodies[route.path], which);
    for (const { where, how } of values) value = changeValue(value, where, how, raw);
    let payload: Buffer = Buffer.from(
      isLines && Array.isArray(value) ? value.map((line) => written(line, raw)).join('\n') : written(value, raw),
    );
    const headers: Record<string, string> = { 'content-type': type ?? route.type };
    if (binary && route.path.startsWith('/v2/')) {
      headers['inference-header-content-length'] = String(payload.length + binary.off);
      payload = Buffer.concat([payload, binary.tail]);
    }
    const cut = () => {
      for (const { where, how } of cuts) payload = changeBytes(payload, where, how);
    };
    if (!isCutLater) cut();
    if (encoding !== null) {
      headers['content-encoding'] = encoding;
      if (isPacked && encoding !== 'zstd') payload = encoders[encoding](payload);
    }
    if (isCutLater) cut();
    return { route, url: route.path + (query ?? ''), headers, payload };
  });
