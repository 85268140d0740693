import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readJson } from '../../src/serve/http/bodies.ts';
import { tooIntricate } from '../../src/serve/http/json-shape.ts';
import { canMeasureTurns, longestTurn } from '../support/longest-turn.ts';

const LIMIT = 2_000_000;
const look = (text: string) => tooIntricate(Buffer.from(text), LIMIT);

describe('a body is parsed only', () => {
  test('if it is not nested without an end', () => {
    expect(look(`${'['.repeat(64)}${' '.repeat(20_000)}${']'.repeat(64)}`)).toBeNull();
    expect(look(`${'['.repeat(65)}${' '.repeat(20_000)}${']'.repeat(65)}`)).toBe('lists and objects more than 64 deep');
    expect(look('[{"a":'.repeat(10_000))).toContain('deep');
  });

  test('if it has a bounded number of values and keys', () => {
    const list = (n: number) => `[${'"",'.repeat(n)}""]`;
    expect(look(list(49_000))).toBeNull();
    expect(look(list(50_000))).toBe('more than 50000 values and keys');
    expect(tooIntricate(Buffer.from(list(90_000)), 4_000_000)).toBeNull(); // more bytes may have more of them
  });

  test('which brackets, commas and colons inside its strings do not add to', () => {
    expect(look(JSON.stringify({ inputs: '[{,:"\\'.repeat(200_000) }))).toBeNull();
    expect(look(JSON.stringify({ inputs: ['\\', '\\\\', `${'['.repeat(30_000)}\\"`] }))).toBeNull();
  });

  test('and what JSON.stringify makes of values is counted as they are', () => {
    const [pad, any] = [' '.repeat(17_000), fc.jsonValue({ maxDepth: 5 })];
    fc.assert(
      fc.property(any, (value) => {
        let [depth, values] = [0, 0];
        const visit = (one: unknown, at: number): void => {
          if (typeof one !== 'object' || one === null) return;
          depth = Math.max(depth, at);
          const inner = Array.isArray(one) ? one : Object.values(one);
          // a bracket, a comma between two, a colon after each key
          values += 1 + Math.max(0, inner.length - 1) + (Array.isArray(one) ? 0 : inner.length);
          for (const next of inner) visit(next, at + 1);
        };
        visit(value, 1);
        const wrap = '['.repeat(64 - depth);
        const text = wrap + JSON.stringify(value) + ']'.repeat(64 - depth) + pad;
        expect(look(text)).toBeNull();
        if (depth > 0) expect(look(`[${text}]`)).toContain('deep');
        const rest = 50_000 - values - (64 - depth);
        expect(look(`${text}${','.repeat(rest)}`)).toBeNull();
        expect(look(`${text}${','.repeat(rest + 1)}`)).toContain('values');
      }),
    );
  });
});

const size = 1_900_000;
const HOSTILE = {
  'brackets that are never closed': '['.repeat(size),
  'lists in lists': `{"inputs":${'['.repeat(size / 2)}${']'.repeat(size / 2)}}`,
  'objects in objects': `${'{"a":'.repeat(size / 6)}1${'}'.repeat(size / 6)}`,
  'empty objects': `{"inputs":[${'{},'.repeat(size / 3)}{}]}`,
  numbers: `{"inputs":[${'1,'.repeat(size / 2)}1]}`,
  'keys, none twice': `{"inputs":{${Array.from({ length: size / 12 }, (_, i) => `"k${i}":1`).join(',')}}}`,
  'as many keys as may be': `{"inputs":{${Array.from({ length: 24_000 }, (_, i) => `"k${i}":1`).join(',')}}}`,
  'as many texts as may be': `{"inputs":[${'"text","'.repeat(24_000)}"]}`,
  'one text': JSON.stringify({ inputs: 'a'.repeat(size) }),
  'one text, each character escaped': `{"inputs":"${'\\"'.repeat(size / 2)}"}`,
  'no UTF-8 at its end': `${'\ufffd'.repeat(size / 3)}`,
};

test.skipIf(!canMeasureTurns).each(Object.entries(HOSTILE))(
  'no body of two megabytes holds the event loop for 50 ms: %s',
  async (name, text) => {
    const body = Buffer.concat([Buffer.from(text), Buffer.from(name.startsWith('no UTF-8') ? [0xff] : [])]);
    expect(body.length).toBeLessThan(LIMIT);
    const { longestMs } = await longestTurn(async () => {
      try {
        readJson(body, LIMIT);
      } catch (error) {
        expect(error).toMatchObject({ code: 'MP_REQUEST' });
      }
    });
    expect(longestMs).toBeLessThan(50);
  },
);
