/**
 * Bytes as text and as lines, whatever they come from: a file (gunzipped where its name ends in .gz), standard input.
 * UTF-8, or UTF-16 where a byte-order mark says so. Text that cannot be decoded is an error with its line, or a line that is
 * told of, rather than a row of replacement characters; a line has a longest length, so that no input fills the memory.
 */
import { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { createGunzip } from 'node:zlib';
import { PyramidError } from '../../errors.ts';
import { bytesOf } from '../../storage/stored-bytes.ts';
import { unreadable } from './data-file.ts';
import { encodingOf, mayBecomeMark, newlinesBeforeFault } from './encoding.ts';
import { type FilePart, partBytes } from './file-part.ts';
import { ForgivingUtf8, notDecoded, type Utf8Fault } from './forgiving-utf8.ts';
import { LONGEST_ROW, tooLong } from './table.ts';

type OnFault = (fault: Utf8Fault) => void;

/** A file's text, or a part's. @throws as `decoded`, MP_DATA_FILE if it cannot be gunzipped */
export const fileText = (path: string, part?: FilePart, onFault?: OnFault): AsyncGenerator<string> =>
  decoded(part ? partBytes(path, part) : fileBytes(path), path, onFault);

/** A file's lines, or a part's; null for one that is not UTF-8. @throws as `lines`, MP_DATA_FILE if it cannot be gunzipped */
export async function* fileLines(path: string, part?: FilePart): AsyncGenerator<string | null> {
  const faulty = new Set<number>();
  let line = 0;
  const source = part ? partBytes(path, part) : fileBytes(path);
  for await (const text of lines(source, path, (fault) => faulty.add(fault.line)))
    yield faulty.delete(++line) ? null : text;
}

/**
 * The decoded stretches, without a byte-order mark. `path` names the source in messages. `onFault`: told of each line that is
 * not UTF-8, before its text, in which replacement characters stand; without it such a line is an error.
 * @throws MP_DATA_ROW at bytes that are not UTF-8 (or what the mark says), MP_DATA_FILE for UTF-16 without a mark
 */
export async function* decoded(
  source: AsyncIterable<Uint8Array | string>,
  path: string,
  onFault?: OnFault,
): AsyncGenerator<string> {
  let decoder: TextDecoder | ForgivingUtf8 | null = null;
  let held = new Uint8Array(0); // the beginning, while it may become a byte-order mark
  let line = 1;
  const decode = (bytes?: Uint8Array): string => {
    try {
      const text =
        decoder instanceof ForgivingUtf8
          ? decoder.decode(bytes)
          : decoder!.decode(bytes, { stream: bytes !== undefined });
      line += countNewlines(text);
      return text;
    } catch (error) {
      const at = line + (bytes ? newlinesBeforeFault(bytes, decoder!.encoding) : 0);
      const problem = notDecoded(decoder!.encoding);
      throw new PyramidError('MP_DATA_ROW', { path, line: at, problem }, { cause: error });
    }
  };
  for await (const piece of source) {
    let bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    if (decoder === null) {
      if (held.length > 0) bytes = Buffer.concat([held, bytes]);
      if (mayBecomeMark(bytes)) {
        held = bytes.slice();
        continue;
      }
      decoder = decoderOf(bytes, path, onFault);
    }
    const text = decode(bytes);
    if (text) yield text;
  }
  if (decoder === null && held.length > 0) {
    decoder = decoderOf(held, path, onFault);
    yield decode(held);
  }
  if (decoder === null) return;
  const rest = decode();
  if (rest) yield rest;
}

function decoderOf(start: Uint8Array, path: string, onFault?: OnFault): TextDecoder | ForgivingUtf8 {
  const found = encodingOf(start);
  if (found.problem !== null) {
    throw new PyramidError('MP_DATA_FILE', { path, problem: found.problem, todo: 'save it as UTF-8' });
  }
  if (onFault && found.encoding === 'utf-8') return new ForgivingUtf8(onFault);
  return new TextDecoder(found.encoding, { fatal: true });
}

/**
 * The lines, without their ends (`\n` or `\r\n`, nothing else); no line after a final end.
 * @throws as `decoded`; MP_DATA_ROW for a line longer than `LONGEST_ROW`
 */
export async function* lines(
  source: AsyncIterable<Uint8Array | string>,
  path: string,
  onFault?: OnFault,
): AsyncGenerator<string> {
  let rest: string[] = [];
  let restLength = 0;
  let line = 1;
  for await (const text of decoded(source, path, onFault)) {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      yield withoutReturn(rest.length > 0 ? rest.join('') + text.slice(start, end) : text.slice(start, end));
      rest = [];
      restLength = 0;
      line++;
      start = end + 1;
    }
    if (start === text.length) continue;
    rest.push(text.slice(start));
    restLength += text.length - start;
    if (restLength > LONGEST_ROW) throw new PyramidError('MP_DATA_ROW', { path, line, problem: tooLong('line') });
  }
  if (rest.length > 0) yield withoutReturn(rest.join(''));
}

/**
 * A file's bytes, gunzipped where its name ends in .gz.
 * @throws MP_FILE_MISSING if it cannot be read, MP_DATA_FILE if it cannot be gunzipped
 */
export async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  const isPacked = path.toLowerCase().endsWith('.gz');
  const file = isPacked ? Readable.from(bytesOf(path)) : null;
  try {
    if (file) {
      const bytes = createGunzip();
      file.on('error', (error) => bytes.destroy(error));
      yield* file.pipe(bytes);
    } else {
      yield* bytesOf(path);
    }
  } catch (error) {
    if (error instanceof PyramidError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    // zlib's own codes begin with Z_, those of the file system with E
    if (code.startsWith('E')) throw unreadable(path, code, error);
    const problem = `it cannot be gunzipped (${message})`;
    throw new PyramidError('MP_DATA_FILE', { path, problem }, { cause: error });
  } finally {
    file?.destroy();
  }
}

const withoutReturn = (line: string) => (line.endsWith('\r') ? line.slice(0, -1) : line);

export function countNewlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
