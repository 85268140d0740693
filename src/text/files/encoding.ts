/**
 * Which encoding a text has, from its first bytes: what its byte-order mark says, else UTF-8. UTF-16 without a mark and
 * UTF-32 are told apart so that a message can name them. Knows nothing of files.
 */
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

type Found = { readonly encoding: Encoding; readonly problem: null } | { readonly problem: string };

const MARKS: readonly (readonly [mark: readonly number[], found: Found])[] = [
  // the longer one first: it begins as the mark of UTF-16
  [[0xff, 0xfe, 0, 0], { problem: 'the text is UTF-32' }],
  [[0, 0, 0xfe, 0xff], { problem: 'the text is UTF-32' }],
  [[0xef, 0xbb, 0xbf], { encoding: 'utf-8', problem: null }],
  [[0xff, 0xfe], { encoding: 'utf-16le', problem: null }],
  [[0xfe, 0xff], { encoding: 'utf-16be', problem: null }],
];
/** Bytes that are looked at for a text without a mark. */
const LOOKED_AT = 1024;

const begins = (bytes: Uint8Array, mark: readonly number[]) => mark.every((byte, i) => bytes[i] === byte);

/** Whether more bytes are needed to tell: the few there are begin a mark. */
export const mayBecomeMark = (bytes: Uint8Array): boolean =>
  MARKS.some(([mark]) => bytes.length < mark.length && begins(bytes, mark.slice(0, bytes.length)));

export function encodingOf(bytes: Uint8Array): Found {
  const marked = MARKS.find(([mark]) => begins(bytes, mark));
  if (marked) return marked[1];
  const start = bytes.subarray(0, LOOKED_AT);
  const zeros = [0, 0];
  for (let i = 0; i < start.length; i++) if (start[i] === 0) zeros[i % 2]++;
  const pairs = start.length / 2;
  // letters of Latin scripts have a zero beside each in UTF-16, whichever way round; UTF-8 has none in a text
  const [few, many] = [Math.min(...zeros), Math.max(...zeros)];
  if (pairs >= 2 && many > 0.3 * pairs && few < 0.05 * pairs) {
    return { problem: 'the text seems to be UTF-16 without a byte-order mark' };
  }
  return { encoding: 'utf-8', problem: null };
}

/** How many lines end before the first character that cannot be decoded, in a stretch that has one. */
export function newlinesBeforeFault(bytes: Uint8Array, encoding: string): number {
  if (encoding !== 'utf-8') {
    const text = new TextDecoder(encoding).decode(bytes);
    return text.slice(0, Math.max(text.indexOf('\ufffd'), 0)).split('\n').length - 1;
  }
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
