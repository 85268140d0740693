/**
 * A file as text, a stretch at a time, gunzipped where its name ends in .gz. Text that is not UTF-8 is an error with
 * its line rather than a row of replacement characters.
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { PyramidError } from '../errors.ts';

/**
 * The decoded stretches, without a byte-order mark.
 * @throws MP_DATA_ROW at bytes that are not UTF-8, MP_DATA_FILE if it cannot be gunzipped
 */
export async function* utf8Stream(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  const decode = (bytes?: Uint8Array): string => {
    try {
      const text = decoder.decode(bytes, { stream: bytes !== undefined });
      line += countNewlines(text);
      return text;
    } catch (error) {
      const at = line + (bytes ? goodLines(bytes) : 0);
      const problem = 'the text is not UTF-8 (save the file as UTF-8)';
      throw new PyramidError('MP_DATA_ROW', { path, line: at, problem }, { cause: error });
    }
  };
  for await (const bytes of byteStream(path)) yield decode(bytes);
  const rest = decode();
  if (rest) yield rest;
}

/**
 * The lines of a file, without their ends (`\n` or `\r\n`); no line after a final end.
 * @throws as `utf8Stream`
 */
export async function* utf8Lines(path: string): AsyncGenerator<string> {
  let rest: string[] = [];
  for await (const text of utf8Stream(path)) {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      yield withoutReturn(rest.join('') + text.slice(start, end));
      rest = [];
      start = end + 1;
    }
    rest.push(text.slice(start));
  }
  const last = rest.join('');
  if (last) yield withoutReturn(last);
}

/**
 * A file's bytes, gunzipped where its name ends in .gz.
 * @throws MP_DATA_FILE if it cannot be gunzipped
 */
export async function* byteStream(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  if (!path.endsWith('.gz')) {
    yield* file;
    return;
  }
  const bytes = createGunzip();
  file.on('error', (error) => bytes.destroy(error));
  try {
    yield* file.pipe(bytes);
  } catch (error) {
    const problem = `it cannot be gunzipped (${(error as Error).message})`;
    throw new PyramidError('MP_DATA_FILE', { path, problem }, { cause: error });
  } finally {
    file.destroy();
  }
}

const withoutReturn = (line: string) => (line.endsWith('\r') ? line.slice(0, -1) : line);

export function countNewlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** How many lines end before the first one that cannot be decoded, in a stretch that cannot. */
function goodLines(bytes: Uint8Array): number {
  let start = 0;
  // it may begin inside a character of the stretch before
  while (start < 3 && (bytes[start] & 0xc0) === 0x80) start++;
  for (let count = 0; ; count++) {
    const end = bytes.indexOf(10, start);
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(start, end < 0 ? undefined : end), {
        stream: end < 0,
      });
    } catch {
      return count;
    }
    if (end < 0) return 0;
    start = end + 1;
  }
}
