import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nearest } from '../src/nearest.ts';
import {
  choiceOption,
  flagOption,
  integerOption,
  numberOption,
  readOption,
  textOption,
  toNumber,
} from '../src/option.ts';
import { resolveTrainOptions } from '../src/train/options/resolve.ts';

const common = { group: 'g', help: 'h' };
const integer = integerOption({ ...common, default: 5, min: 1, max: 10 });
const above = numberOption({ ...common, default: 1, min: 0, above: true });
const maybe = numberOption<number | null>({ ...common, default: null, min: 0, max: 1 });

describe('an option', () => {
  test('takes exactly the numbers of its range, as numbers and as text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: -20, max: 20 }), fc.double()), (n) => {
        const inside = Number.isInteger(n) && n >= 1 && n <= 10;
        expect(integer.read(n)).toBe(inside ? n : undefined);
        expect(integer.read(String(n))).toBe(inside ? n : undefined);
        expect(above.read(n) !== undefined).toBe(n > 0 && Number.isFinite(n));
        expect(maybe.read(n) !== undefined).toBe(n >= 0 && n <= 1);
      }),
    );
  });

  test.each(['', ' ', '0x10', '1e', 'NaN', 'Infinity', '1,5', '--1', '١', [], {}, true, undefined])(
    'does not take %j for a number',
    (raw) => expect(toNumber(raw)).toBeUndefined(),
  );

  test.each([
    ['1', 1],
    ['-.5', -0.5],
    ['+2.', 2],
    ['1e-4', 1e-4],
    [' 7 ', 7],
  ])('takes "%s" for the number it is', (raw, value) => expect(toNumber(raw)).toBe(value));

  test('is null only where null is its default', () => {
    expect(maybe.read(null)).toBeNull();
    expect(integer.read(null)).toBeUndefined();
  });

  test('reads texts, choices and flags, and nothing that resembles them', () => {
    const choice = choiceOption({ ...common, default: 'a', choices: ['a', 'b'] as const });
    expect(['b', 'B', '', 1].map(choice.read)).toEqual(['b', undefined, undefined, undefined]);
    const flag = flagOption({ ...common, default: false });
    expect([true, 'true', false, 'no', 1].map(flag.read)).toEqual([true, true, false, undefined, undefined]);
    const text = textOption({ ...common, default: 'x' });
    expect(['y', '', 3].map(text.read)).toEqual(['y', undefined, undefined]);
  });

  test('says where a wrong value stood, what it was and what would be right', () => {
    expect(() => readOption(integer, 11, 'run.yaml: n')).toThrow(
      'run.yaml: n is "11": give a whole number from 1 to 10',
    );
    expect(() => readOption(above, 'x', '--x')).toThrow('--x is "x": give a number above 0');
  });
});

describe('the nearest name', () => {
  test.each([
    ['bachSize', 'batchSize'],
    ['batch_size', 'batchSize'],
    ['BATCH-SIZE', 'batchSize'],
    ['sede', 'seed'],
    ['colour', null],
  ])('to %s is %s', (word, expected) => expect(nearest(word, ['batchSize', 'seed', 'learningRate'])).toBe(expected));
});

describe("the library's training options", () => {
  const given = { train: 'a.csv', out: 'x' };

  test('take a number or a word where both are offered', () => {
    expect(['auto', '0.02', 0, 1].map((delta) => resolveTrainOptions({ ...given, delta } as object).delta)).toEqual([
      'auto',
      0.02,
      0,
      1,
    ]);
    for (const delta of ['automatic', -0.1, 1.1, null, true])
      expect(() => resolveTrainOptions({ ...given, delta } as object)).toThrow(/delta.*a number from 0 to 1, or auto/);
  });

  test('are completed with the defaults and left as they were given otherwise', () => {
    expect(resolveTrainOptions({ ...given, batchSize: 7, seed: undefined })).toMatchObject({
      ...given,
      batchSize: 7,
      seed: 0,
      learningRate: 5e-4, // from scratch
    });
    expect(resolveTrainOptions({ ...given, model: 'models/bert' }).learningRate).toBe(5e-5);
  });

  test('are named as the caller wrote them when they are wrong', () => {
    const call = (more: object) => () => resolveTrainOptions({ ...given, ...more });
    expect(call({ batchSize: 0 })).toThrow('batchSize is "0": give a whole number from 1 to 4096');
    expect(call({ bachSize: 3 })).toThrow('there is no option "bachSize"; did you mean "batchSize"?');
    expect(call({ out: undefined })).toThrow('out is missing; give the folder to write the model to');
    expect(call({ heads: 3 })).toThrow('hiddenSize 128 is not a multiple of heads 3');
    expect(call({ epochs: { regular: 1, soft: -1, hard: 0, heads: 0 } })).toThrow('epochs is');
  });
});
