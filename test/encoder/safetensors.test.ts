import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readSafetensors,
  readSafetensorsMetadata,
  type StoredTensor,
  writeSafetensors,
} from '../../src/encoder/index.ts';
import { PyramidError } from '../../src/errors.ts';
import { bytesOf, fileOf, safetensorsBytes } from '../support/safetensors-bytes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
const path = join(folder, 'model.safetensors');
const write = (bytes: Uint8Array) => writeFileSync(path, bytes);

const tensor: fc.Arbitrary<StoredTensor> = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }).chain((shape) => {
  const count = shape.reduce((n, dim) => n * dim, 1);
  return fc.float32Array({ minLength: count, maxLength: count }).map((data): StoredTensor => ({ shape, data }));
});

describe('what is written', () => {
  it('reads back bit by bit, for any names, shapes and values (seed 7)', async () => {
    const names = fc.string({ minLength: 1, unit: 'grapheme' }).filter((name) => !name.startsWith('__'));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, tensor, { maxKeys: 6, noNullPrototype: true }), async (tensors) => {
        await writeSafetensors(path, new Map(Object.entries(tensors)));
        const read = await readSafetensors(path);
        expect([...read.keys()].sort()).toEqual(Object.keys(tensors).sort());
        for (const [name, { shape, data }] of Object.entries(tensors)) {
          expect(read.get(name)?.shape).toEqual(shape);
          expect(Buffer.compare(bytesOf(read.get(name)!.data), bytesOf(data))).toBe(0);
        }
      }),
      { seed: 7, numRuns: 100 },
    );
  });

  it('is the same file for the same tensors in any order', async () => {
    const a: StoredTensor = { shape: [2], data: Float32Array.of(1, 2) };
    const b: StoredTensor = { shape: [1, 1], data: Float32Array.of(3) };
    await writeSafetensors(
      path,
      new Map([
        ['a', a],
        ['b', b],
      ]),
    );
    const first = readFileSync(path);
    await writeSafetensors(
      path,
      new Map([
        ['b', b],
        ['a', a],
      ]),
    );
    expect(Buffer.compare(readFileSync(path), first)).toBe(0);
  });

  it('may be part of a larger array', async () => {
    const data = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    await writeSafetensors(path, new Map([['a', { shape: [2], data }]]));
    expect((await readSafetensors(path)).get('a')?.data).toEqual(Float32Array.of(1, 2));
  });

  it('follows the format: a header whose values start on a multiple of eight', async () => {
    await writeSafetensors(path, new Map([['ä', { shape: [1], data: Float32Array.of(0.5) }]]), { format: 'pt' });
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE(0));
    expect((8 + length) % 8).toBe(0);
    expect(JSON.parse(bytes.subarray(8, 8 + length).toString())).toEqual({
      __metadata__: { format: 'pt' },
      ä: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
    });
    expect(bytes.length).toBe(8 + length + 4);
    expect(bytes.readFloatLE(8 + length)).toBe(0.5);
  });
});

describe('a dtype', () => {
  const readAs = async (dtype: string, data: ArrayBufferView, count: number, integers = false) => {
    write(fileOf({ x: { dtype, shape: [count], data } }));
    return (await readSafetensors(path, { integers })).get('x')?.data;
  };

  it('F16 is read exactly: zeros, subnormals, ends of the range, infinities', async () => {
    const halves: [number, number][] = [
      [0x0000, 0],
      [0x8000, -0],
      [0x0001, 2 ** -24],
      [0x8001, -(2 ** -24)],
      [0x03ff, 1023 * 2 ** -24],
      [0x0400, 2 ** -14],
      [0x3c00, 1],
      [0x3c01, 1 + 2 ** -10],
      [0xc000, -2],
      [0x3555, 0.333251953125],
      [0x7bff, 65504],
      [0xfbff, -65504],
      [0x7c00, Number.POSITIVE_INFINITY],
      [0xfc00, Number.NEGATIVE_INFINITY],
      [0x7e00, Number.NaN],
    ];
    const data = Uint16Array.from(halves, ([bits]) => bits);
    expect(await readAs('F16', data, halves.length)).toEqual(Float32Array.from(halves, ([, value]) => value));
  });

  it('F16 is read exactly for every one of its values', async () => {
    const bits = Uint16Array.from({ length: 0x10000 }, (_, i) => i);
    const read = (await readAs('F16', bits, bits.length))!;
    // an independent way: rebuild the float32 bits
    const expected = new Float32Array(bits.length);
    const asBits = new Uint32Array(expected.buffer);
    for (let i = 0; i < bits.length; i++) {
      const sign = (i & 0x8000) << 16;
      let exponent = (i >> 10) & 31;
      let fraction = i & 1023;
      if (exponent === 31) asBits[i] = sign | 0x7f800000 | (fraction << 13);
      else if (exponent === 0 && fraction === 0) asBits[i] = sign;
      else {
        if (exponent === 0) {
          exponent = 1;
          for (; !(fraction & 1024); exponent--) fraction <<= 1;
          fraction &= 1023;
        }
        asBits[i] = sign | ((exponent + 112) << 23) | (fraction << 13);
      }
    }
    let different = 0;
    for (let i = 0; i < bits.length; i++) if (!Object.is(read[i], expected[i])) different++;
    expect(different).toBe(0);
  });

  it('BF16 is read exactly: the upper half of a float32', async () => {
    const halves: [number, number][] = [
      [0x0000, 0],
      [0x8000, -0],
      [0x0001, 2 ** -133],
      [0x807f, -127 * 2 ** -133],
      [0x0080, 2 ** -126],
      [0x3f80, 1],
      [0x3f81, 1.0078125],
      [0xc049, -3.140625],
      [0x7f7f, 255 * 2 ** 120],
      [0x7f80, Number.POSITIVE_INFINITY],
      [0xff80, Number.NEGATIVE_INFINITY],
      [0x7fc0, Number.NaN],
    ];
    const data = Uint16Array.from(halves, ([bits]) => bits);
    expect(await readAs('BF16', data, halves.length)).toEqual(Float32Array.from(halves, ([, value]) => value));
  });

  it('F64 is rounded to the nearest float32, infinities and subnormals kept', async () => {
    const values = [0.1, -1 / 3, 2 ** -149, 2 ** -150, 1e300, Number.NEGATIVE_INFINITY, Number.NaN, -0, 16777217];
    expect(await readAs('F64', Float64Array.from(values), values.length)).toEqual(
      Float32Array.of(
        0.1,
        -1 / 3,
        2 ** -149,
        0,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        Number.NaN,
        -0,
        16777216,
      ),
    );
  });

  it('of integers is passed over, unless it is asked for', async () => {
    const kinds: [string, ArrayBufferView, number[]][] = [
      ['I64', BigInt64Array.of(-1n, 511n), [-1, 511]],
      ['I32', Int32Array.of(-(2 ** 31), 7), [-(2 ** 31), 7]],
      ['I16', Int16Array.of(-32768, 7), [-32768, 7]],
      ['I8', Int8Array.of(-128, 7), [-128, 7]],
      ['U8', Uint8Array.of(255, 7), [255, 7]],
      ['BOOL', Uint8Array.of(1, 0), [1, 0]],
    ];
    for (const [dtype, data, expected] of kinds) {
      expect(await readAs(dtype, data, 2), dtype).toBeUndefined();
      expect(await readAs(dtype, data, 2, true), dtype).toEqual(Float32Array.from(expected));
    }
  });

  it('of two bytes may leave the next tensor at an odd multiple', async () => {
    write(
      fileOf({
        half: { dtype: 'F16', shape: [1], data: Uint16Array.of(0x3c00) },
        byte: { dtype: 'U8', shape: [1], data: Uint8Array.of(1) },
        whole: { dtype: 'F32', shape: [2], data: Float32Array.of(1.5, -2) },
      }),
    );
    expect((await readSafetensors(path)).get('whole')?.data).toEqual(Float32Array.of(1.5, -2));
  });
});

describe('a faulty file is MP_MODEL_FILE in one sentence:', () => {
  const values = bytesOf(Float32Array.of(1, 2, 3, 4));
  const entry = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
  const second = { dtype: 'F32', shape: [2], data_offsets: [8, 16] };
  const sound = safetensorsBytes({ a: entry, b: second }, values);
  const headerEnd = sound.length - values.length;

  const problem = async (bytes: Uint8Array): Promise<string> => {
    write(bytes);
    const error = await readSafetensors(path).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(PyramidError);
    const { code, message } = error as PyramidError;
    expect(code).toBe('MP_MODEL_FILE');
    const ending = '; the file is truncated or corrupt, copy it again';
    expect(message.startsWith(`${path}: `) && message.endsWith(ending) && !message.includes('\n')).toBe(true);
    return message.slice(path.length + 2, -ending.length);
  };

  it('none, when a tensor is of a dtype that is not known: it is passed over', async () => {
    for (const dtype of ['F4', 'F8_E4M3FNUZ', 'constructor', '__proto__']) {
      write(safetensorsBytes({ a: { ...entry, dtype, shape: [3] }, b: second }, values));
      expect([...(await readSafetensors(path)).keys()], dtype).toEqual(['b']);
    }
  });

  it('a Git LFS pointer in its place', async () => {
    write(new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 133\n'));
    await expect(readSafetensors(path)).rejects.toMatchObject({
      code: 'MP_MODEL_FILE',
      message: `${path}: it is a Git LFS pointer, not the file itself; run "git lfs pull" in the cloned repository`,
    });
  });

  it('none, when it is sound', async () => {
    write(sound);
    expect([...(await readSafetensors(path)).keys()]).toEqual(['a', 'b']);
  });

  it('cut at any byte', async () => {
    for (let length = 0; length < sound.length; length++) {
      const found = await problem(sound.subarray(0, length));
      if (length < 8) expect(found).toBe(`it is ${length} bytes long, too short for a safetensors header`);
      else if (length < headerEnd)
        expect(found).toBe(`its header claims ${headerEnd - 8} bytes, the file has ${length}`);
      else if (length < headerEnd + 8)
        expect(found).toBe(`tensor "a" ends at byte 8, but only ${length - headerEnd} bytes of values are there`);
      else expect(found).toBe(`tensor "b" ends at byte 16, but only ${length - headerEnd} bytes of values are there`);
    }
  });

  it('with bytes after its last tensor', async () => {
    expect(await problem(safetensorsBytes({ a: entry }, values))).toBe(
      'its tensors end at byte 8, but 16 bytes of values are there',
    );
  });

  it.each<[string, number]>([
    ['more than the file', 10_000],
    ['more than any header', 2 ** 40],
    ['more than a safe integer', 2 ** 63],
  ])('whose header claims %s', async (_, length) => {
    expect(await problem(safetensorsBytes({ a: entry, b: second }, values, { length }))).toMatch(
      /^its header claims \d+ bytes, the file has \d+$/,
    );
  });

  it.each<[string, unknown, string]>([
    ['empty', '', 'its header is not JSON'],
    ['not JSON', '{"a": ', 'its header is not JSON'],
    ['not text', '\u0000\u0001', 'its header is not JSON'],
    ['null', null, 'its header is not a JSON object'],
    ['a list', [entry], 'its header is not a JSON object'],
    ['a number', 7, 'its header is not a JSON object'],
  ])('whose header is %s', async (_, header, expected) => {
    expect(await problem(safetensorsBytes(header, values))).toBe(expected);
  });

  it('whose header is no UTF-8', async () => {
    const bytes = safetensorsBytes({ a: entry, b: second }, values);
    bytes[10] = 0xff;
    expect(await problem(bytes)).toBe('its header is not JSON');
  });

  it.each<[string, unknown, string]>([
    ['nothing', null, 'tensor "a" has the unknown dtype undefined'],
    ['no dtype', { ...entry, dtype: undefined }, 'tensor "a" has the unknown dtype undefined'],
    ['a dtype that is a number', { ...entry, dtype: 4 }, 'tensor "a" has the unknown dtype 4'],
    [
      'an unknown dtype and an end before its start',
      { ...entry, dtype: 'F4', data_offsets: [8, 0] },
      'tensor "a" ends at byte 0, before its start at 8',
    ],
    [
      'an unknown dtype and an end past the file',
      { ...entry, dtype: 'F4', data_offsets: [0, 24] },
      'tensor "a" ends at byte 24, but only 16 bytes of values are there',
    ],
    ['no shape', { ...entry, shape: undefined }, 'tensor "a" has no shape or offsets in whole numbers'],
    ['no offsets', { ...entry, data_offsets: null }, 'tensor "a" has no shape or offsets in whole numbers'],
    ['one offset', { ...entry, data_offsets: [8] }, 'tensor "a" has no shape or offsets in whole numbers'],
    ['offsets as text', { ...entry, data_offsets: ['0', '8'] }, 'tensor "a" has no shape or offsets in whole numbers'],
    ['broken offsets', { ...entry, data_offsets: [0.5, 8.5] }, 'tensor "a" has no shape or offsets in whole numbers'],
    ['a negative start', { ...entry, data_offsets: [-8, 0] }, 'tensor "a" has no shape or offsets in whole numbers'],
    ['negative sizes', { ...entry, shape: [-1, -2] }, 'tensor "a" has no shape or offsets in whole numbers'],
    ['a broken size', { ...entry, shape: [0.5, 4] }, 'tensor "a" has no shape or offsets in whole numbers'],
    ['an end before its start', { ...entry, data_offsets: [8, 0] }, 'tensor "a" has -8 bytes but its shape needs 8'],
    ['too few bytes', { ...entry, data_offsets: [0, 4] }, 'tensor "a" has 4 bytes but its shape needs 8'],
    ['too many bytes', { ...entry, shape: [1] }, 'tensor "a" has 8 bytes but its shape needs 4'],
    [
      'sizes too large',
      { ...entry, shape: [2 ** 40, 2 ** 40] },
      'tensor "a" has 8 bytes but its shape needs 4.835703278458517e+24',
    ],
    [
      'an end past the file',
      { ...entry, data_offsets: [16, 24] },
      'tensor "a" ends at byte 24, but only 16 bytes of values are there',
    ],
    [
      'a place within another',
      { ...entry, data_offsets: [4, 12] },
      'tensor "a" starts at byte 4, apart from the one before it, which ends at 0',
    ],
    [
      'the place of another',
      { ...entry, data_offsets: [8, 16] },
      'tensor "a" starts at byte 8, apart from the one before it, which ends at 0',
    ],
  ])('whose tensor has %s', async (_, faulty, expected) => {
    expect(await problem(safetensorsBytes({ a: faulty, b: second }, values))).toBe(expected);
  });

  it('whose tensors overlap', async () => {
    const wide = { dtype: 'F32', shape: [3], data_offsets: [0, 12] };
    expect(await problem(safetensorsBytes({ b: second, a: wide }, values))).toBe(
      'tensor "b" starts at byte 8, within the one before it, which ends at 12',
    );
  });
});

it.each([
  ['tensors', readSafetensors],
  ['metadata', readSafetensorsMetadata],
])('a file that is not there is MP_FILE_MISSING (%s)', async (_, read) => {
  const absent = join(folder, 'absent.safetensors');
  await expect(read(absent)).rejects.toMatchObject({
    code: 'MP_FILE_MISSING',
    message: `${absent}: no such weights file; check the path`,
  });
});

it('metadata is read as it was written, and is empty where there is none', async () => {
  await writeSafetensors(path, new Map([['a', { shape: [], data: Float32Array.of(1) }]]), { step: '7' });
  expect(await readSafetensorsMetadata(path)).toEqual({ step: '7' });
  write(fileOf({ x: { dtype: 'F32', shape: [1], data: Float32Array.of(1) } }));
  expect(await readSafetensorsMetadata(path)).toEqual({});
  write(new Uint8Array(3));
  await expect(readSafetensorsMetadata(path)).rejects.toMatchObject({ code: 'MP_MODEL_FILE' });
});
