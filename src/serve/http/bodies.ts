/**
 * From a request's bytes to its body, alike on every route: what the headers say of them is checked before they are
 * read, compressed bytes are unpacked as they arrive and never beyond the limit, and what is not UTF-8 is refused
 * instead of being altered. Knows no protocol. Source: RFC 9110 on Content-Type and Content-Encoding.
 */
import { isUtf8 } from 'node:buffer';
import { Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { errorCodes, type FastifyRequest } from 'fastify';
import { PyramidError } from '../../errors.ts';
import { tooIntricate } from './json-shape.ts';
import type { App } from './route.ts';

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};
/** How many times its size a stream may be unpacked: texts reach a few dozen, what is made to keep us busy a thousand. */
const MOST_TIMES = 200;
/** US-ASCII is a part of UTF-8. */
const READ_AS_UTF8 = /^(utf-?8|(us-)?ascii)$/i;
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i;

/** A body that is read while it is answered, of any length. */
export const isStream = (body: unknown): body is AsyncIterable<Buffer> => body instanceof Readable;

/**
 * Adds the parser of JSON, and to every route what is asked of a body's headers. `limit`: bytes of a body that is read
 * as a whole, also after it was unpacked. `streams`: the content type of bodies that are not.
 */
export function addBodies(app: App, { limit, streams }: { readonly limit: number; readonly streams: string }): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    let value: unknown;
    try {
      value = readJson(body, limit);
    } catch (error) {
      return done(error as Error);
    }
    done(null, value);
  });
  app.addContentTypeParser('*', async (request: FastifyRequest) => {
    throw otherType(request);
  });
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const { 'content-type': type, 'content-encoding': encoding } = request.headers;
    if (request.is404 || (type === undefined && encoding === undefined)) return done(null, payload);
    const charset = type === undefined ? null : CHARSET.exec(type);
    if (charset && !READ_AS_UTF8.test(charset[1]))
      return done(refuse(`the body's charset is "${charset[1].slice(0, 40)}"`, 'send it as UTF-8'));
    if (encoding === undefined || /^\s*(identity)?\s*$/i.test(encoding)) return done(null, payload);
    const name = encoding.trim().toLowerCase();
    if (!Object.hasOwn(decoders, name))
      return done(
        refuse(
          `Content-Encoding is "${encoding.slice(0, 40)}"`,
          'send the body plain, or compressed with gzip, deflate or br',
        ),
      );
    const isLines = type?.toLowerCase().startsWith(streams);
    done(null, unpacked(payload, name, isLines ? linesBound(limit) : bodyBound(limit)));
  });
}

/** How far compressed bytes are unpacked, and what is said of more. */
interface Bound {
  readonly most: (received: number) => number;
  readonly error: () => Error;
}

const bodyBound = (limit: number): Bound => ({
  most: () => limit,
  error: () => new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE(),
});

const linesBound = (limit: number): Bound => ({
  most: (received) => limit + MOST_TIMES * received,
  error: () =>
    new PyramidError('MP_REQUEST', {
      problem: `the lines unpack to more than ${MOST_TIMES} times their compressed size: send them uncompressed`,
    }),
});

/** The value of a body that is JSON. `limit`: bytes that a body may have. Throws MP_REQUEST. */
export function readJson(body: Buffer, limit: number): unknown {
  const wrong = (problem: string) => new PyramidError('MP_REQUEST', { problem });
  if (body.length === 0) throw wrong('the body is empty, but JSON is expected');
  const tooMuch = tooIntricate(body, limit);
  if (tooMuch !== null) throw wrong(`the body has ${tooMuch}`);
  let value: unknown;
  try {
    value = JSON.parse(utf8(body, 'the body'));
  } catch (error) {
    if (error instanceof PyramidError) throw error;
    throw wrong(`the body is not JSON${placeOf(error)}`);
  }
  if (isPoisoned(value, body))
    throw wrong('the body has a field "__proto__", or "constructor" with "prototype" in it, which is not allowed');
  return value;
}

/** The text of bytes, without a byte order mark. Throws MP_REQUEST, which says where they are not UTF-8. */
export function utf8(bytes: Buffer, what: string): string {
  if (!isUtf8(bytes)) {
    const at = firstFault(bytes);
    const problem = `${what} is not UTF-8: byte ${at + 1} (0x${bytes[at].toString(16).padStart(2, '0')}) is not part of a character`;
    throw new PyramidError('MP_REQUEST', { problem });
  }
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  return bytes.toString('utf8', start);
}

/** Bytes that are looked through one character at a time. */
const STRETCH = 2 ** 16;

/** Of bytes that are not UTF-8, where the first lies that is at fault. */
function firstFault(bytes: Buffer): number {
  for (let from = 0; ; ) {
    let to = Math.min(bytes.length, from + STRETCH);
    // not within a character, where there is one: it has at most three bytes behind its first
    for (let back = 0; back < 3 && to < bytes.length && (bytes[to] & 0xc0) === 0x80; back++) to--;
    const stretch = bytes.subarray(from, to);
    if (!isUtf8(stretch)) return from + firstFaultIn(stretch);
    from = to;
  }
}

function firstFaultIn(bytes: Buffer): number {
  const text = bytes.toString('utf8');
  let at = 0;
  let from = 0;
  for (;;) {
    const to = text.indexOf('\uFFFD', from);
    at += Buffer.byteLength(text.slice(from, to));
    if (bytes.readUIntBE(at, Math.min(3, bytes.length - at)) !== 0xef_bf_bd) return at; // else the text's own U+FFFD
    at += 3;
    from = to + 1;
  }
}

/** Where the parser of JSON says that the fault is; its sentence would repeat the body, and differs between versions. */
function placeOf(error: unknown): string {
  const at = /at position (\d+)/.exec((error as Error).message);
  return at ? ` (at character ${Number(at[1]) + 1})` : '';
}

/** Keys that would reach an object's prototype wherever a value is merged into another. */
function isPoisoned(value: unknown, body: Buffer): boolean {
  // nearly no body has such a word, escaped or not; then there is nothing to look at
  if (!body.includes('__proto__') && !body.includes('constructor') && !body.includes('\\u00')) return false;
  let level = [value];
  while (level.length > 0) {
    const next: unknown[] = [];
    for (const node of level) {
      if (typeof node !== 'object' || node === null) continue;
      if (Object.hasOwn(node, '__proto__')) return true;
      const made = Object.hasOwn(node, 'constructor') ? (node as { constructor: unknown }).constructor : null;
      if (typeof made === 'object' && made !== null && Object.hasOwn(made, 'prototype')) return true;
      for (const inner of Object.values(node)) next.push(inner);
    }
    level = next;
  }
  return false;
}

/** What a request says of its body that the route does not read. */
function otherType({ headers: { 'content-type': given }, routeOptions: { schema } }: FastifyRequest): PyramidError {
  const { content } = (schema?.body ?? {}) as { readonly content?: object };
  const known = content ? Object.keys(content) : ['application/json'];
  const what = given ? `Content-Type is "${given.slice(0, 60)}"` : 'the body has no Content-Type';
  return refuse(what, `send ${known.join(' or ')}, and set the header Content-Type`);
}

const refuse = (what: string, todo: string) => new PyramidError('MP_MEDIA_TYPE', { what, todo });

/**
 * What compressed bytes hold, as they arrive. It ends with MP_REQUEST where they are not what they are said to be, and
 * with the bound's error beyond it. Counts what has arrived in `receivedEncodedLength`, by which Fastify checks
 * Content-Length.
 */
function unpacked(
  payload: Readable,
  name: string,
  { most, error: tooLarge }: Bound,
): Readable & { receivedEncodedLength: number } {
  // begins when it is read: a request that is refused before has nothing unpacked
  const chunks = async function* () {
    const decoder = decoders[name]();
    const gone = () => {
      if (!payload.readableEnded) decoder.destroy(payload.errored ?? new PyramidError('MP_CLIENT_GONE', {}));
    };
    decoder.on('error', ignore); // it is thrown below, but may come before or after that is listened to
    payload.on('data', (chunk: Buffer) => {
      out.receivedEncodedLength += chunk.length;
    });
    payload.once('error', gone);
    payload.once('close', gone);
    payload.pipe(decoder);
    let bytes = 0;
    try {
      for await (const chunk of decoder) {
        bytes += (chunk as Buffer).length;
        if (bytes > most(out.receivedEncodedLength)) throw tooLarge();
        yield chunk;
      }
    } catch (error) {
      if (payload.errored || error instanceof PyramidError || error instanceof errorCodes.FST_ERR_CTP_BODY_TOO_LARGE)
        throw error;
      throw new PyramidError('MP_REQUEST', { problem: `the body is not ${name} data, or ends too early` });
    } finally {
      // not `pipeline`, which would end the connection before the answer is written
      payload.unpipe(decoder);
      payload.resume();
    }
  };
  const out = Object.assign(Readable.from(chunks(), { objectMode: false }), { receivedEncodedLength: 0 });
  return out.on('error', ignore); // Fastify listens no more once it has refused
}

const ignore = () => {};
