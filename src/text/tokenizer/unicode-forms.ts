/**
 * What Hugging Face's Rust tokenizers take for a letter, a mark, white space and a normal form. Their tables are of
 * several Unicode versions, older than JavaScript's: characters that came later are none of these there, and have to
 * stay so here. Compared code point by code point with tokenizers 0.22 and 0.23. Knows nothing of tokenizers.
 */

/** '7fd 897-89f' as the inside of a character class. */
export const ranges = (list: string) => list.replace(/[0-9a-f]+/g, '\\u{$&}').replaceAll(' ', '');

// not \w of the regex crate
const LATER_WORD_LETTERS =
  '88f c5c cdc 1acf-1add 1ae0-1aeb a7ce-a7cf a7d2 a7d4 a7f1 10940-10959 10ec5-10ec7 10efa-10efb 11b60-11b67 11db0-11ddb 11de0-11de9 16ea0-16eb8 16ebb-16ed3 16ff2-16ff6 187f8-187ff 18d09-18d1e 18d80-18df2 1e6c0-1e6de 1e6e0-1e6f5 1e6fe-1e6ff 2b73a-2b73f 2cea2-2cead 323b0-33479';
// no marks for StripAccents
const LATER_MARKS =
  '7fd 897-89f 8ca-8d3 9fe afa-aff b55 c04 c3c cf3 d00 d3b-d3c d81 eba ece 1715 180f 1abf-1add 1ae0-1aeb 1cf7 1df6-1dfa a82c a8ff 10d24-10d27 10d69-10d6d 10eab-10eac 10efa-10eff 10f46-10f50 10f82-10f85 11070 11073-11074 110c2 11145-11146 111c9 111ce-111cf 11241 1133b 113b8-113c0 113c2 113c5 113c7-113ca 113cc-113d0 113d2 113e1-113e2 1145e 1182c-1183a 11930-11935 11937-11938 1193b-1193e 11940 11942-11943 119d1-119d7 119da-119e0 119e4 11a01-11a0a 11a33-11a39 11a3b-11a3e 11a47 11a51-11a5b 11a8a-11a99 11b60-11b67 11d31-11d36 11d3a 11d3c-11d3d 11d3f-11d45 11d47 11d8a-11d8e 11d90-11d91 11d93-11d97 11ef3-11ef6 11f00-11f01 11f03 11f34-11f3a 11f3e-11f42 11f5a 13440 13447-13455 1611e-1612f 16f4f 16f7f-16f87 16fe4 16ff0-16ff1 1cf00-1cf2d 1cf30-1cf46 1e08f 1e130-1e136 1e2ae 1e2ec-1e2ef 1e4ec-1e4ef 1e5ee-1e5ef 1e6e3 1e6e6 1e6ee-1e6ef 1e6f5';
const FORMER_MARKS = '1cf2-1cf3';
// without a decomposition, a composition or a combining class
const LATER_IN_FORMS =
  '7fd 897-89f 8ca-8d3 9fe afa-aff b55 c04 c3c cf3 d00 d3b-d3c d81 eba ece 1715 180f 1abf-1add 1ae0-1aeb 1cf7 1df6-1dfa 32ff a7f1-a7f4 a82c a8ff ab69 105c9 105d2 105da 105e4 10781-10785 10787-107b0 107b2-107ba 10d24-10d27 10d69-10d6d 10eab-10eac 10efa-10eff 10f46-10f50 10f82-10f85 11070 11073-11074 110c2 11145-11146 111c9 111ce-111cf 11241 1133b 11382-11385 1138b 1138e 11390-11391 113b8-113c0 113c2 113c5 113c7-113ca 113cc-113d0 113d2 113e1-113e2 1145e 1182c-1183a 11930-11935 11937-11938 1193b-1193e 11940 11942-11943 119d1-119d7 119da-119e0 119e4 11a01-11a0a 11a33-11a39 11a3b-11a3e 11a47 11a51-11a5b 11a8a-11a99 11b60-11b67 11d31-11d36 11d3a 11d3c-11d3d 11d3f-11d45 11d47 11d8a-11d8e 11d90-11d91 11d93-11d97 11ef3-11ef6 11f00-11f01 11f03 11f34-11f3a 11f3e-11f42 11f5a 13440 13447-13455 1611e-1612f 16d63 16d67-16d6a 16f4f 16f7f-16f87 16fe4 16ff0-16ff1 1ccd6-1ccf9 1cf00-1cf2d 1cf30-1cf46 1e030-1e06d 1e08f 1e130-1e136 1e2ae 1e2ec-1e2ef 1e4ec-1e4ef 1e5ee-1e5ef 1e6e3 1e6e6 1e6ee-1e6ef 1e6f5 1f16c 1fbf0-1fbf9';

// insides of character classes (flag v)
export const WHITE_SPACE = '[\\s\\x85]--[\\ufeff]';
export const WORD_LETTER = `[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]--[${ranges(LATER_WORD_LETTERS)}]`;
export const MARK = `[\\p{M}${ranges(FORMER_MARKS)}]--[${ranges(LATER_MARKS)}]`;

const later = new RegExp(`[${ranges(LATER_IN_FORMS)}]`, 'v');
const aroundLater = new RegExp(`([${ranges(LATER_IN_FORMS)}])`, 'v');

export type NormalForm = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

/** A text in a normal form; characters that are newer than the tables stay, and nothing moves past them. */
export function normalForm(text: string, form: NormalForm): string {
  if (!later.test(text)) return text.normalize(form);
  const parts = text.split(aroundLater); // a later character at each odd place
  return parts.map((part, i) => (i % 2 === 0 ? part.normalize(form) : part)).join('');
}

/** Lower case, letter by letter: JavaScript alone looks at the neighbours of a capital sigma. */
export const lowerCase = (text: string): string => text.replaceAll('Σ', 'σ').toLowerCase();

const halves = /\p{Cs}/gu;

/** Halves of surrogate pairs, which no encoded text has, become U+FFFD. */
export const wellFormed = (text: string): string => text.replace(halves, '\ufffd');
