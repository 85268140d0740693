import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tensorsOf } from '../../../src/encoder/safetensors.ts';
import { PyramidError } from '../../../src/errors.ts';
import {
  byToken,
  Floor,
  type FloorParts,
  floorFile,
  floorFrom,
  readFloorInfo,
  secondOf,
} from '../../../src/pyramid/floor/index.ts';
import { trainFloor } from '../../../src/train/linear/index.ts';
import { drawnTexts, jobOf, VOCABULARY } from '../../support/floor-data.ts';

const four = trainFloor(jobOf(drawnTexts(60, 4), 4)).parts;
const two = trainFloor(jobOf(drawnTexts(60, 2), 2)).parts;
const pairs = trainFloor(jobOf(drawnTexts(60, 2, { pairs: true }), 2)).parts;
const floors = { 'four labels': four, 'two labels': two, pairs };
const fits = (parts: FloorParts) => ({ labels: parts.info.labels, vocabulary: VOCABULARY });

const fileOf = (bytes: Uint8Array) => ({
  size: bytes.length,
  read: async (from: number, to: number) => bytes.slice(from, to),
  close: async () => {},
});
const readBack = async (parts: FloorParts): Promise<FloorParts> => {
  const info = readFloorInfo(JSON.parse(JSON.stringify(parts.info)), fits(parts), 'config.json');
  return floorFrom(info, await tensorsOf(fileOf(floorFile(parts)), 'f', { integers: true }), 'f');
};

const drawnIds = fc.array(fc.integer({ min: 0, max: VOCABULARY - 1 }), { minLength: 1, maxLength: 60 });

describe.each(Object.entries(floors))('floor 0 of %s', (_, parts) => {
  test('has logits that are the bias and the sum of its contributions', () => {
    const floor = new Floor(parts);
    let known = 0;
    fc.assert(
      fc.property(drawnIds, drawnIds, (a, b) => {
        const ids = Int32Array.from([...a, 0, ...b]);
        const second = parts.info.pairs ? a.length + 1 : ids.length;
        const z = floor.logits(ids, second);
        const made = floor.contributions(ids, second);
        expect(made === undefined).toBe(z === undefined);
        if (!z) return;
        known++;
        for (let c = 0; c < z.length; c++) {
          const sum = made!.reduce((total, { logits }) => total + logits[c], floor.bias[c]);
          expect(sum).toBeCloseTo(z[c], 5); // the table holds products in float32
        }
        const tokens = byToken(made!, ids.length, z.length);
        const figures = made!.filter(({ figure }) => figure);
        const all = tokens.reduce((total, value, i) => (i % z.length === 0 ? total + value : total), floor.bias[0]);
        expect(figures.reduce((total, { logits }) => total + logits[0], all)).toBeCloseTo(z[0], 5);
      }),
    );
    expect(known).toBeGreaterThan(50);
  });

  test('read back from a folder has the same logits, bit for bit', async () => {
    const floor = new Floor(parts);
    const again = new Floor(await readBack(parts));
    expect(again.info).toEqual(parts.info);
    for (const text of drawnTexts(30, 2, { seed: 9, pairs: parts.info.pairs }))
      expect(again.logits(text.ids, secondOf(text))).toEqual(floor.logits(text.ids, secondOf(text)));
  });
});

describe('a text that floor 0 knows nothing of', () => {
  test.each([
    ['empty', []],
    ['of special tokens only', [0, 0]],
    ['of unknown pieces only', [0, 1, 1, 0]],
  ])('%s has no logits and no contributions', (_, ids) => {
    for (const parts of Object.values(floors)) {
      const floor = new Floor(parts);
      expect(floor.logits(Int32Array.from(ids))).toBeUndefined();
      expect(floor.contributions(Int32Array.from(ids))).toBeUndefined();
    }
  });

  test('of n-grams that training never saw has none either', () => {
    const texts = drawnTexts(40, 2).map((text) => ({ ...text, ids: text.ids.map((id) => Math.min(id, 40)) }));
    const floor = new Floor(trainFloor(jobOf(texts, 2)).parts);
    expect(floor.logits(Int32Array.of(60))).toBeUndefined();
    expect(floor.logits(Int32Array.of(60, 40))).toBeDefined();
  });
});

test('a bigram does not reach over a special token, and nothing is read beyond maxTokens', () => {
  const floor = new Floor(four);
  const [, x, y] = drawnTexts(60, 4)[0].ids; // a bigram that training saw
  const spans = (...ids: number[]) =>
    floor.contributions(Int32Array.from(ids))!.flatMap((one) => one.spans.map(({ from, to }) => to - from));
  expect(spans(x, y).sort()).toEqual([1, 1, 2]);
  expect(spans(x, 0, y)).toEqual([1, 1]);
  const short = new Floor({ ...four, info: { ...four.info, maxTokens: 3 } });
  expect(short.logits(Int32Array.of(0, 9, 10, 11, 12, 13))).toEqual(floor.logits(Int32Array.of(0, 9, 10, 11)));
});

test('a pair of which only single pieces are read has no bigram among its contributions, and the same ones each time', () => {
  const texts = drawnTexts(60, 2, { pairs: true });
  const floor = new Floor(trainFloor({ ...jobOf(texts, 2), settings: { bigrams: false, minRows: 1 } }).parts);
  const spans = () =>
    floor.contributions(texts[0].ids, secondOf(texts[0]))!.flatMap((one) => one.spans.map(({ from, to }) => to - from));
  const first = spans();
  expect(first.length).toBeGreaterThan(3);
  expect(new Set(first)).toEqual(new Set([1]));
  expect(spans()).toEqual(first);
});

test('logits are written where the caller asks, and a text does not change the next one', () => {
  const floor = new Floor(four);
  const into = new Float64Array(4);
  const long = Int32Array.from({ length: 3000 }, (_, i) => 2 + (i % 70));
  const before = floor.logits(Int32Array.of(9, 10, 9));
  expect(floor.logits(long, long.length, into)).toBe(into);
  expect(floor.logits(Int32Array.of(9, 10, 9))).toEqual(before);
});

describe('a stored floor that does not fit', () => {
  const read = (change: Record<string, unknown>, given = fits(four)) =>
    readFloorInfo({ ...four.info, ...change }, given, 'config.json');

  test.each([
    [{ labels: 3 }, 'pyramid.floor.labels is 3, the model has 4'],
    [{ vocabulary: 81 }, 'pyramid.floor.vocabulary is 81, the tokenizer has 80 pieces'],
    [{ format: 2 }, 'pyramid.floor.format is 2, this version reads 1'],
    [{ buckets: 1000 }, 'pyramid.floor.buckets is 1000, not a power of two from 32 to 262144'],
    [{ weighting: 'bm25' }, 'pyramid.floor.weighting is "bm25", not tfidf or tf or binary'],
    [{ sum: { weight: -1, priorShare: 0 } }, 'pyramid.floor.sum is'],
    [{ temperature: 0 }, 'pyramid.floor.temperature is 0, not a number above 0'],
  ])('%j is refused in a sentence', (change, sentence) => {
    expect(() => read(change)).toThrow(sentence);
    expect(() => read(change)).toThrow(PyramidError);
  });

  test('has tensors of another size, none at all, or another number of buckets: refused by name', async () => {
    const tensors = await tensorsOf(fileOf(floorFile(four)), 'f', { integers: true });
    const taken = (name: string, shape: number[], data: Float32Array) =>
      new Map(tensors).set(`pyramid.floor.${name}`, { shape, data });
    const shorter = taken('weights', [four.info.seen - 1, 4], four.weights.subarray(4));
    expect(() => floorFrom(four.info, shorter, 'f')).toThrow(
      /"pyramid.floor.weights" is \[\d+, 4\] but config.json requires/,
    );
    const without = new Map(tensors);
    without.delete('pyramid.floor.idf');
    expect(() => floorFrom(four.info, without, 'f')).toThrow('there is no tensor "pyramid.floor.idf"');
    const none = taken('buckets', [512], new Float32Array(512));
    expect(() => floorFrom(four.info, none, 'f')).toThrow('marks 0 buckets where config.json has');
    const infinite = taken('bias', [4], Float32Array.of(0, Number.POSITIVE_INFINITY, 0, 0));
    expect(() => floorFrom(four.info, infinite, 'f')).toThrow('values that are not finite');
    const kind = taken('kinds', [VOCABULARY], new Float32Array(VOCABULARY).fill(7));
    expect(() => floorFrom(four.info, kind, 'f')).toThrow('whole numbers from 0 to 2');
  });
});
