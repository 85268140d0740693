/**
 * SentencePiece's table of normal forms ("precompiled_charsmap") as a function: what stands in for a character, or for a
 * character and the marks on it. Source: SentencePiece and Hugging Face's Rust tokenizers (Precompiled), quirks included: of
 * the forms that begin a cluster the shortest counts, and what of a short cluster stands behind it is dropped.
 */
import type { JsonPart } from './json-part.ts';
import type { Normalize } from './normalizers.ts';
import { ranges } from './unicode-forms.ts';

/** Clusters of fewer bytes are looked up as a whole, any other character by character. */
const SHORT = 6;
/** What a form may be, and how much longer a text may grow. */
const LONGEST_FORM = 64;

// by the reference's tables of grapheme clusters: of those that are shorter than SHORT these rules are all that counts
const EXTEND = `[[\\p{Gr_Ext}\\p{Mc}\\p{EMod}\\u200d\\u0e33\\u0eb3]--[${ranges('102b-102c 1038 1062-1064 1067-106d 1083 1087-108c 108f 109a-109c 1a61 1a63-1a64 aa7b aa7d 11720-11721')}]]`;
const PREPENDED = '[\\u0600-\\u0605\\u06dd\\u070f]';
const CONTROL = `[[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]--[\\u200c\\u200d\\u0600-\\u0605\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u{110bd}\\u{110cd}\\u{e0020}-\\u{e007f}]]`;
const clusters = new RegExp(
  `\\r\\n|${PREPENDED}*(?:\\p{ExtPict}(?:${EXTEND}*\\u200d\\p{ExtPict})*|[^${CONTROL}])${EXTEND}*|[^]`,
  'gv',
);
const special = new RegExp(`\\r\\n|${PREPENDED}|${EXTEND}`, 'v');
const plainAscii = /^[\x20-\x7e]*$/;

/** @throws MP_MODEL_FILE for a table that is none */
export function charsmap(part: JsonPart): Normalize {
  const table = new Table(part);
  // by code point, as they come
  const forms = new Map<number, string>();
  const formOf = (character: string): string => {
    const code = character.codePointAt(0)!;
    let form = forms.get(code);
    if (form === undefined) {
      form = table.formOf(character) ?? character;
      forms.set(code, form);
    }
    return form;
  };
  const oneByOne = (text: string): string => {
    let result = '';
    for (const character of text) result += formOf(character);
    return result;
  };
  const asciiStays = Array.from({ length: 0x5f }, (_, i) => String.fromCharCode(0x20 + i)).every(
    (c) => formOf(c) === c,
  );

  return (text) => {
    if (asciiStays && plainAscii.test(text)) return text;
    if (!special.test(text)) return oneByOne(text);
    return text.replace(clusters, (cluster) => {
      if (cluster.length === 1) return formOf(cluster);
      const form = utf8Length(cluster) < SHORT ? table.formOf(cluster) : null;
      return form ?? oneByOne(cluster);
    });
  };
}

const encoder = new TextEncoder();
const utf8Length = (text: string): number => encoder.encode(text).length;

/** A tree of bytes in a double array (Aoe 1989, as Darts-clone lays it out), and the forms that its leaves point to. */
class Table {
  readonly #units: Uint32Array;
  readonly #forms: Uint8Array;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(part: JsonPart) {
    const key = 'precompiled_charsmap';
    const damaged = (problem: string) => part.damaged(`${part.at(key)} ${problem}`);
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = Uint8Array.from(atob(part.text(key)), (c) => c.charCodeAt(0));
    } catch {
      throw damaged('is not base64');
    }
    const size = bytes.length < 4 ? 0 : new DataView(bytes.buffer).getUint32(0, true);
    if (size < 4 || size % 4 !== 0 || 4 + size > bytes.length) throw damaged('is shorter than it says');
    const view = new DataView(bytes.buffer, 4, size);
    this.#units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 * i, true));
    this.#forms = bytes.subarray(4 + size);
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(this.#forms);
    } catch {
      throw damaged('has forms that are no text');
    }
  }

  /** The form of the shortest beginning of `text` that has one, or null. */
  formOf(text: string): string | null {
    const units = this.#units;
    let node = offset(units[0]);
    for (const byte of encoder.encode(text)) {
      if (byte === 0) return null;
      node = (node ^ byte) >>> 0;
      if (node >= units.length) return null;
      const unit = units[node];
      if ((unit & LABEL) >>> 0 !== byte) return null;
      node = (node ^ offset(unit)) >>> 0;
      if (!((unit >>> 8) & 1)) continue;
      return node < units.length ? this.#form(units[node] & VALUE) : null;
    }
    return null;
  }

  #form(at: number): string {
    let end = at;
    while (end < this.#forms.length && end - at < LONGEST_FORM && this.#forms[end] !== 0) end++;
    return this.#decoder.decode(this.#forms.subarray(at, end));
  }
}

const LABEL = 0x800000ff;
const VALUE = 0x7fffffff;
const offset = (unit: number): number => ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0;
