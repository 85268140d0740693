/**
 * The letters that byte-level BPE writes bytes with: a printable byte of Latin-1 is itself, the others are the letters from
 * U+0100 on, so that a blank is 'Ġ'. Source: Radford et al. 2019 (GPT-2's bytes_to_unicode).
 */
const isPrintable = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;

/** [256] */
const LETTERS: readonly string[] = (() => {
  let others = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : 0x100 + others++));
})();

const encoder = new TextEncoder();

/** The UTF-8 bytes of a text, a letter each. */
export function byteLetters(text: string): string {
  let result = '';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) {
      for (const byte of encoder.encode(text.slice(i))) result += LETTERS[byte];
      return result;
    }
    result += LETTERS[code];
  }
  return result;
}
