/**
 * The elements of a JSON array as texts, one at a time, so that a file of any size is read in little memory. Only where
 * an element ends is found here; whether it is JSON is for JSON.parse to say (which, unlike the stream parsers there
 * are, keeps a key called `__proto__` a key).
 */
import { PyramidError } from '../../errors.ts';
import { LONGEST_ROW, tooLong } from './table.ts';

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const isOpening = (code: number) => code === 91 || code === 123; // [ {
const isClosing = (code: number) => code === 93 || code === 125; // ] }

/**
 * @param path names the file in messages
 * @throws MP_DATA_FILE where the text is no array, or ends before it does; MP_DATA_ROW for an element longer than
 *   `LONGEST_ROW`
 */
export async function* arrayElements(source: AsyncIterable<string>, path: string): AsyncGenerator<string> {
  const wrong = (what: string) =>
    new PyramidError('MP_DATA_FILE', { path, problem: `the array is not JSON (${what})` });
  let count = 0;
  let depth = 0; // 0: before the array, 1: in it, more: in an element
  let inString = false;
  let escaped = false; // the character before was a backslash in a string
  let ended = false;
  let element: string[] = []; // its pieces from earlier stretches
  let length = 0;
  for await (const text of source) {
    let start = 0;
    /** The element up to `end`; null where there are only blanks. */
    const take = (end: number): string | null => {
      element.push(text.slice(start, end));
      const whole = element.join('').trim();
      element = [];
      length = 0;
      start = end + 1;
      return whole || null;
    };
    for (let i = 0; i < text.length; i++) {
      if (inString) {
        // most of a file is in strings: their ends are looked for, not walked to
        const from = i;
        i = text.indexOf('"', from);
        const before = backslashes(text, i < 0 ? text.length : i, from);
        const odd: boolean = (before.count + (before.toStart && escaped ? 1 : 0)) % 2 === 1;
        escaped = i < 0 && odd;
        if (i < 0) break;
        inString = odd;
        continue;
      }
      const code = text.charCodeAt(i);
      if (ended) {
        if (text.slice(i).trim() !== '') throw wrong('text follows it');
        break;
      }
      if (depth === 0) {
        if (/\s/.test(text[i])) continue;
        if (text[i] !== '[') throw wrong('it does not begin with [');
        depth = 1;
        start = i + 1;
      } else if (code === QUOTE) inString = true;
      else if (isOpening(code)) depth++;
      else if (isClosing(code)) {
        depth--;
        if (depth > 0) continue;
        const last = take(i);
        if (last !== null) yield last;
        else if (count > 0) throw wrong('there is a comma before its end');
        ended = true;
      } else if (code === COMMA && depth === 1) {
        const next = take(i);
        if (next === null) throw wrong(`there is nothing before the comma after row ${count}`);
        count++;
        yield next;
      }
    }
    if (depth === 0 || ended) continue;
    element.push(text.slice(start));
    length += text.length - start;
    if (length > LONGEST_ROW) throw new PyramidError('MP_DATA_ROW', { path, line: count + 1, problem: tooLong('row') });
  }
  if (!ended) throw wrong('it ends before its last bracket');
}

/** Backslashes that stand right before `end`, back to `from` at most, and whether they reach it. */
function backslashes(text: string, end: number, from: number): { readonly count: number; readonly toStart: boolean } {
  let at = end;
  while (at > from && text.charCodeAt(at - 1) === BACKSLASH) at--;
  return { count: end - at, toStart: at === from };
}
