import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { halfBits, halfValue } from '../../../src/pyramid/floor/half.ts';
import { HashTable } from '../../../src/pyramid/floor/hash-table.ts';
import {
  bucketsFor,
  FIRST,
  hashOf,
  inSpace,
  MODULUS,
  MOST_IDS,
  modulo,
  SECOND,
  SPACES,
} from '../../../src/pyramid/floor/hashing.ts';
import { SeenBuckets } from '../../../src/pyramid/floor/seen-buckets.ts';

const id = fc.integer({ min: 0, max: MOST_IDS - 1 });

describe('a hash of token ids', () => {
  test('is what whole numbers of any size give', () => {
    fc.assert(
      fc.property(id, fc.option(id, { nil: -1 }), fc.constantFrom(...Object.values(SPACES)), (first, second, space) => {
        const exact =
          (BigInt(FIRST) * BigInt(first + 1) + BigInt(SECOND) * BigInt(second + 1) + BigInt(space)) % BigInt(MODULUS);
        expect(inSpace(hashOf(first, second), space)).toBe(Number(exact));
      }),
      { numRuns: 2000 },
    );
  });

  test('is exact where a quotient could be rounded up', () => {
    for (const factor of [1, 2, 3, 1000, 2 ** 18, 2 ** 19 - 1]) {
      for (const rest of [-1, 0, 1]) {
        const x = factor * MODULUS + rest;
        expect(modulo(x)).toBe(Number(BigInt(x) % BigInt(MODULUS)));
      }
    }
    expect(FIRST * MOST_IDS + SECOND * MOST_IDS).toBeLessThan(2 ** 50);
  });

  test('has fewer buckets for many labels, so that all weights are 2^24 at most', () => {
    expect([2, 64, 65, 128, 1000].map(bucketsFor)).toEqual([2 ** 18, 2 ** 18, 2 ** 17, 2 ** 17, 2 ** 14]);
  });
});

test('a hash table has each key once, and forgets the text before', () => {
  const table = new HashTable();
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 400 }), (keys) => {
      table.clear(keys.length);
      const counts = new Int32Array(table.keys.length);
      table.countAll(
        Int32Array.from(keys, (key) => key + 64),
        keys.length,
        63,
        counts,
      ); // the bits above are passed over
      const found = Array.from(table.keys.subarray(0, table.size), (key, i) => [key, counts[i]]);
      const expected = new Map<number, number>();
      for (const key of keys) expected.set(key, (expected.get(key) ?? 0) + 1);
      expect(found).toEqual([...expected]);
    }),
  );
});

test('a seen bucket has its place among the seen ones, and any other none', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 96, maxLength: 96 }), (flags) => {
      const seen = SeenBuckets.of(flags.map(Number));
      let row = 0;
      for (const [bucket, flag] of flags.entries()) expect(seen.rowOf(bucket)).toBe(flag ? row++ : -1);
      expect(seen.count).toBe(row);
      expect(new SeenBuckets(seen.bits).bits).toEqual(seen.bits);
    }),
  );
});

test('half precision rounds to the nearest, ties to even, and reads back', () => {
  for (let bits = 0; bits < 0x7c00; bits += 13) {
    const value = halfValue(bits);
    expect(halfBits(value)).toBe(bits);
    if (bits === 0x7bff) continue;
    const next = halfValue(bits + 1);
    expect(halfBits((value + next) / 2)).toBe(bits % 2 === 0 ? bits : bits + 1);
    expect(halfBits(-(value * 0.4 + next * 0.6))).toBe(0x8000 | (bits + 1));
  }
  expect([65_519, 65_520, -1e9, 0].map(halfBits)).toEqual([0x7bff, 0x7c00, 0xfc00, 0]);
});
