/**
 * How much there is to a JSON text, looked at before it is parsed: two megabytes of brackets hold the event loop for tenths of a
 * second, the same of text hold it for two milliseconds. Knows nothing of what a body is for.
 */

/** Values of a small body: parsing them takes a few milliseconds at most, so nobody looks. */
const FREE_BYTES = 16 * 1024;
/** Lists and objects within one another: the routes' own have at most six. */
const MOST_DEPTH = 64;
/** Values and keys for each so many bytes that a body may have: the shortest texts in a list have one in five. */
const BYTES_A_VALUE = 40;
/** Values and keys that any body may have. */
const FREE_VALUES = 50_000;

/**
 * What is too much of a JSON text, as the rest of a sentence ("the body has …"); null: it can be parsed in a moment. `limit`:
 * bytes that a body may have. What is no JSON may be passed as if it were: the parser says so.
 */
export function tooIntricate(json: Buffer, limit: number): string | null {
  if (json.length <= FREE_BYTES) return null;
  const mostValues = Math.max(FREE_VALUES, Math.floor(limit / BYTES_A_VALUE));
  let [depth, values] = [0, 0];
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case QUOTE:
        at = endOfString(json, at);
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        values++;
        if (++depth > MOST_DEPTH) return `lists and objects more than ${MOST_DEPTH} deep`;
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth--;
        break;
      case COMMA:
      case COLON:
        if (++values > mostValues) return `more than ${mostValues} values and keys`;
    }
  }
  return null;
}

const [QUOTE, BACKSLASH, COMMA, COLON] = ['"', '\\', ',', ':'].map((character) => character.charCodeAt(0));
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = ['[', ']', '{', '}'].map((one) => one.charCodeAt(0));

/** Where the string that begins at `from` has its closing quote; the last byte where it has none. */
function endOfString(json: Buffer, from: number): number {
  const first = json.indexOf(QUOTE, from + 1);
  if (first < 0) return json.length - 1;
  if (json[first - 1] !== BACKSLASH) return first;
  for (let at = from + 1; at < json.length; at++) {
    if (json[at] === BACKSLASH) at++;
    else if (json[at] === QUOTE) return at;
  }
  return json.length - 1;
}
