/**
 * A request's bytes as the Open Inference Protocol packs them: JSON alone, or JSON and after it the binary data of the
 * tensors that say so, where the header Inference-Header-Content-Length gives the length of the JSON; either may be
 * compressed. Knows nothing of what the tensors mean. Source: the binary data extension.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { errorCodes } from 'fastify';
import { PyramidError } from '../../errors.ts';
import type { RequestInput } from './oip-schemas.ts';

const decompress = { gzip: promisify(gunzip), deflate: promisify(inflate) };

const wrong = (what: string, todo: string): PyramidError => new PyramidError('MP_USAGE', { what, todo });

/** The body as it was before its Content-Encoding, at most `limit` bytes. Throws MP_USAGE, and Fastify's 413. */
export async function decoded(body: Buffer, encoding: string | undefined, limit: number): Promise<Buffer> {
  if (encoding === undefined || encoding === 'identity') return body;
  if (encoding !== 'gzip' && encoding !== 'deflate')
    throw wrong(`the body's Content-Encoding is "${encoding}"`, 'send it as it is, or with gzip or deflate');
  try {
    return await decompress[encoding](body, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE();
    throw wrong(`the body is not ${encoding} data`, 'compress it again, or send it as it is');
  }
}

/** The JSON's part of the body, and what follows it. Throws MP_USAGE. */
export function headAndTail(body: Buffer, headers: IncomingHttpHeaders): { head: Buffer; tail: Buffer } {
  const given = headers['inference-header-content-length'];
  if (given === undefined) return { head: body, tail: body.subarray(body.length) };
  const length = typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
  if (!(length <= body.length))
    throw wrong(
      `Inference-Header-Content-Length is "${String(given).slice(0, 20)}" and the body has ${body.length} bytes`,
      'give the length of the JSON in bytes',
    );
  return { head: body.subarray(0, length), tail: body.subarray(length) };
}

/**
 * The strings of each BYTES input, in the inputs' order: out of its `data`, or out of the binary data, where each is 4
 * bytes of length (little-endian) and UTF-8. Throws MP_USAGE.
 */
export function stringsOf(inputs: readonly RequestInput[], tail: Buffer): string[][] {
  let offset = 0;
  const all = inputs.map((input) => {
    const { name, shape, parameters, data } = input;
    const size = parameters?.binary_data_size;
    let strings: string[];
    if (size === undefined) {
      if (data === undefined)
        throw wrong(`input "${name}" has no data`, 'give data, or binary_data_size and the bytes');
      strings = data.flat();
    } else {
      if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || offset + size > tail.length)
        throw wrong(
          `input "${name}" has the binary_data_size ${size} where ${tail.length - offset} bytes are left`,
          'give the number of bytes that follow the JSON for it',
        );
      strings = unpack(tail.subarray(offset, offset + size), name);
      offset += size;
    }
    const count = shape.reduce((product, side) => product * side, 1);
    if (count !== strings.length)
      throw wrong(
        `input "${name}" has the shape [${shape.join(', ')}] and ${strings.length} elements`,
        'make them agree',
      );
    return strings;
  });
  if (offset !== tail.length)
    throw wrong(`${tail.length - offset} bytes of the body belong to no input`, 'give each binary_data_size');
  return all;
}

/** Strings, each behind its length. */
function unpack(bytes: Buffer, name: string): string[] {
  const strings: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = at + 4 <= bytes.length ? bytes.readUInt32LE(at) : Number.NaN;
    if (!(at + 4 + length <= bytes.length))
      throw wrong(
        `the binary data of input "${name}" ends inside an element`,
        'give each as 4 bytes of length and UTF-8',
      );
    const element = bytes.subarray(at + 4, at + 4 + length);
    if (!isUtf8(element)) throw wrong(`element ${strings.length} of input "${name}" is no UTF-8`, 'give text');
    strings.push(element.toString('utf8'));
    at += 4 + length;
  }
  return strings;
}
