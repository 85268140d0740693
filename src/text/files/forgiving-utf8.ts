/**
 * UTF-8 whose faults spoil the lines they are in, and no others: such a line is decoded with replacement characters and told of,
 * so that a reader of rows can leave it out and go on. Knows nothing of rows and files.
 */
import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';

/** What is wrong with the text of a file's line. */
export const notDecoded = (encoding: string) => `the text is not ${encoding.toUpperCase()} (convert it to UTF-8)`;
export const NOT_UTF8 = notDecoded('utf-8');

/** A line that is not UTF-8, or a piece of one. */
export interface Utf8Fault {
  /** From 1. */
  readonly line: number;
  /** Where it begins: bytes of the decoded text, as UTF-8, before it. A byte-order mark is none of them. */
  readonly at: number;
  /** Bytes that the decoded text has, as UTF-8, more than what was decoded. */
  readonly extra: number;
}

export class ForgivingUtf8 {
  readonly encoding = 'utf-8';
  readonly #onFault: (fault: Utf8Fault) => void;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #held: Uint8Array = new Uint8Array(0); // a character that is not yet whole
  #isFirst = true;
  #line = 1;
  #at = 0;

  constructor(onFault: (fault: Utf8Fault) => void) {
    this.#onFault = onFault;
  }

  /** The text of the next bytes; without, of those that were held back. Each fault is told of before its text is given. */
  decode(bytes?: Uint8Array): string {
    let all = this.#held.length > 0 ? Buffer.concat([this.#held, bytes ?? new Uint8Array(0)]) : (bytes ?? this.#held);
    const held = bytes ? unfinished(all) : 0;
    this.#held = all.slice(all.length - held);
    all = all.subarray(0, all.length - held);
    if (this.#isFirst && all.length > 0) {
      this.#isFirst = false;
      if (all[0] === 0xef && all[1] === 0xbb && all[2] === 0xbf) all = all.subarray(3);
    }
    return isUtf8(all) ? this.#good(all) : this.#byLine(all);
  }

  #good(bytes: Uint8Array): string {
    this.#at += bytes.length;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, end + 1)) this.#line++;
    return this.#decoder.decode(bytes);
  }

  #byLine(bytes: Uint8Array): string {
    let text = '';
    for (let start = 0; start < bytes.length; ) {
      const newline = bytes.indexOf(10, start);
      const end = newline < 0 ? bytes.length : newline + 1;
      const line = bytes.subarray(start, end);
      start = end;
      if (isUtf8(line)) {
        text += this.#good(line);
        continue;
      }
      const decoded = this.#decoder.decode(line);
      const length = Buffer.byteLength(decoded);
      this.#onFault({ line: this.#line, at: this.#at, extra: length - line.length });
      this.#at += length;
      if (newline >= 0) this.#line++;
      text += decoded;
    }
    return text;
  }
}

/** Bytes at the end that may begin a character whose others are still to come. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
