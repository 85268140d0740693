/**
 * A request's bytes as the Open Inference Protocol packs them: JSON alone, or JSON and after it the binary data of the
 * tensors that say so, where the header Inference-Header-Content-Length gives the length of the JSON. Knows nothing of what the tensors mean. Source: the binary data extension.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { PyramidError } from '../../errors.ts';
import type { RequestInput } from './oip-schemas.ts';

const wrong = (what: string, todo: string): PyramidError => new PyramidError('MP_USAGE', { what, todo });
const brief = (name: string): string => (name.length > 60 ? `${name.slice(0, 60)}…` : name);

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
        throw wrong(`input "${brief(name)}" has no data`, 'give data, or binary_data_size and the bytes');
      strings = data.flat();
    } else {
      if (offset + size > tail.length)
        throw wrong(
          `input "${brief(name)}" has the binary_data_size ${size} where ${tail.length - offset} bytes are left`,
          'give the number of bytes that follow the JSON for it',
        );
      strings = unpack(tail.subarray(offset, offset + size), name);
      offset += size;
    }
    const count = shape.reduce((product, side) => product * side, 1);
    if (count !== strings.length)
      throw wrong(
        `input "${brief(name)}" has the shape [${shape.join(', ')}] and ${strings.length} elements`,
        'make them agree',
      );
    return strings;
  });
  if (offset !== tail.length)
    throw wrong(
      `${tail.length - offset} bytes of the body belong to no input`,
      'give a binary_data_size for each input',
    );
  return all;
}

/** Strings, each behind its length. */
function unpack(bytes: Buffer, name: string): string[] {
  const strings: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = at + 4 <= bytes.length ? bytes.readUInt32LE(at) : Number.NaN;
    if (!(at + 4 + length <= bytes.length))
      throw wrong(
        `the binary data of input "${brief(name)}" ends inside an element`,
        'give each as 4 bytes of length and UTF-8',
      );
    const element = bytes.subarray(at + 4, at + 4 + length);
    if (!isUtf8(element)) throw wrong(`element ${strings.length} of input "${brief(name)}" is not UTF-8`, 'give text');
    strings.push(element.toString('utf8'));
    at += 4 + length;
  }
  return strings;
}
