/**
 * The safetensors format: eight bytes of header length, a JSON header, the values
 * (https://github.com/huggingface/safetensors#format). F64, F32, F16 and BF16 are read as float32; we write F32. The
 * header is checked against the file's size before anything is read. Knows nothing of disks: safetensors-file.ts does.
 */

import { quoted } from '../errors/kind.ts';
import { PyramidError } from '../errors.ts';
import { checkFetched, type FolderFile } from '../folder.ts';

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a file's header says of one tensor. */
export interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** In bytes, from where the values begin. */
  readonly data_offsets: readonly [number, number];
}

/** A file whose header was read and held against its size; values are read one tensor at a time. */
export interface TensorFile {
  readonly path: string;
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** Of the header. */
  readonly headerBytes: number;
  readonly metadata: unknown;
  /** As float32; the dtype must be one that is read. */
  read(entry: TensorEntry): Promise<StoredTensor>;
}

/** Bytes of a value. Of a dtype that is not listed the header is believed, as long as its place is within the file. */
const BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};
const FLOATS: readonly string[] = ['F64', 'F32', 'F16', 'BF16'];
const INTEGERS: readonly string[] = ['I64', 'I32', 'I16', 'I8', 'U8', 'BOOL'];

/** 24 layers have 40 kB of it. A longer one takes seconds and hundreds of megabytes to parse. */
const MAX_HEADER = 8 * 2 ** 20;

export const isFloat = ({ dtype }: TensorEntry): boolean => FLOATS.includes(dtype);

/**
 * All floating-point tensors of a file. Others (position ids of old checkpoints, quantised tensors) are passed over;
 * `integers` asks for whole numbers too. `path` is for messages. Throws MP_MODEL_FILE.
 */
export async function tensorsOf(
  file: FolderFile,
  path: string,
  { integers = false } = {},
): Promise<Map<string, StoredTensor>> {
  const { entries, read } = await openTensors(file, path);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of entries) {
    if (isFloat(entry) || (integers && INTEGERS.includes(entry.dtype))) tensors.set(name, await read(entry));
  }
  return tensors;
}

/** The `__metadata__` strings of a file's header. Throws MP_MODEL_FILE. */
export async function metadataOf(file: FolderFile, path: string): Promise<Record<string, string>> {
  const { metadata } = await openTensors(file, path);
  return (metadata ?? {}) as Record<string, string>;
}

/** Reads the header alone. Throws MP_MODEL_FILE if it does not fit the file's own size. */
export async function openTensors(file: FolderFile, path: string): Promise<TensorFile> {
  const { header, start } = await readHeader(file, path);
  const { __metadata__: metadata, ...tensors } = header;
  const available = file.size - start;
  const entries = Object.entries(tensors);
  for (const [name, entry] of entries) checkEntry(path, name, entry, available);
  checkPlaces(path, entries, available);
  return {
    path,
    entries: new Map(entries),
    headerBytes: start,
    metadata,
    async read({ dtype, shape, data_offsets: [from, to] }) {
      // a buffer of its own for each tensor, so that typed arrays over it are aligned
      const bytes = await file.read(start + from, start + to);
      return { shape, data: toFloat32(dtype, bytes) };
    },
  };
}

async function readHeader(
  file: FolderFile,
  path: string,
): Promise<{ header: Record<string, TensorEntry>; start: number }> {
  const { size } = file;
  const fault = (problem: string, cause?: unknown) => new PyramidError('MP_MODEL_FILE', { path, problem }, { cause });
  const beginning = await file.read(0, Math.min(size, 64));
  checkFetched(path, beginning);
  if (size < 8) throw fault(`it is ${size} bytes long, too short for a safetensors header`);
  const length = Number(new DataView(beginning.buffer).getBigUint64(0, true));
  if (8 + length > size) throw fault(`its header claims ${length} bytes, the file has ${size}`);
  if (length > MAX_HEADER) throw fault(`its header claims ${length} bytes, more than the maximum of ${MAX_HEADER}`);
  const text = await file.read(8, 8 + length);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch (cause) {
    throw fault('its header is not JSON', cause);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw fault('its header is not a JSON object');
  return { header: header as Record<string, TensorEntry>, start: 8 + length };
}

function checkEntry(path: string, name: string, entry: TensorEntry, available: number): void {
  const fault = (problem: string) =>
    new PyramidError('MP_MODEL_FILE', { path, problem: `tensor ${quoted(name)} ${problem}` });
  if (typeof entry?.dtype !== 'string') throw fault(`has the unknown dtype ${quoted(entry?.dtype)}`);
  if (!areSizes(entry.shape) || !areSizes(entry.data_offsets) || entry.data_offsets.length !== 2)
    throw fault('has no shape or offsets in whole numbers');
  const [from, to] = entry.data_offsets;
  if (Object.hasOwn(BYTES, entry.dtype)) {
    const expected = entry.shape.reduce((n, dim) => n * dim, BYTES[entry.dtype]);
    if (to - from !== expected) throw fault(`has ${to - from} bytes but its shape needs ${expected}`);
  } else if (to < from) throw fault(`ends at byte ${to}, before its start at ${from}`);
  if (to > available) throw fault(`ends at byte ${to}, but only ${available} bytes of values are there`);
}

const areSizes = (list: unknown): boolean =>
  Array.isArray(list) && list.every((size) => Number.isSafeInteger(size) && size >= 0);

/** The format has every byte belong to exactly one tensor. */
function checkPlaces(path: string, entries: readonly (readonly [string, TensorEntry])[], available: number): void {
  const fault = (problem: string) => new PyramidError('MP_MODEL_FILE', { path, problem });
  let end = 0;
  for (const [
    name,
    {
      data_offsets: [from, to],
    },
  ] of [...entries].sort(([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1])) {
    if (from !== end)
      throw fault(
        `tensor ${quoted(name)} starts at byte ${from}, ${from < end ? 'within' : 'apart from'} the one before it, which ends at ${end}`,
      );
    end = to;
  }
  if (end !== available) throw fault(`its tensors end at byte ${end}, but ${available} bytes of values are there`);
}

function toFloat32(dtype: string, bytes: Uint8Array<ArrayBuffer>): Float32Array {
  const { buffer } = bytes;
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F64':
      return Float32Array.from(new Float64Array(buffer));
    case 'BF16': {
      const half = new Uint16Array(buffer);
      const bits = new Uint32Array(half.length);
      for (let i = 0; i < half.length; i++) bits[i] = half[i] << 16;
      return new Float32Array(bits.buffer);
    }
    case 'F16': {
      const half = new Uint16Array(buffer);
      halves ??= Float32Array.from({ length: 0x10000 }, (_, bits) => halfToFloat(bits));
      const values = new Float32Array(half.length);
      for (let i = 0; i < half.length; i++) values[i] = halves[half[i]];
      return values;
    }
    case 'I64':
      return Float32Array.from(new BigInt64Array(buffer), Number);
    case 'I32':
      return Float32Array.from(new Int32Array(buffer));
    case 'I16':
      return Float32Array.from(new Int16Array(buffer));
    case 'I8':
      return Float32Array.from(new Int8Array(buffer));
    default:
      return Float32Array.from(bytes);
  }
}

/**
 * Whether all values are finite. A product with 0 is 0 but for infinities and NaN, and their sum stays one: four sums side by
 * side take a tenth of a second for a hundred million values, a question for each value three times that.
 */
export function areFinite(data: Float32Array): boolean {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = data.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    a += data[i] * 0;
    b += data[i + 1] * 0;
    c += data[i + 2] * 0;
    d += data[i + 3] * 0;
  }
  for (let i = whole; i < data.length; i++) a += data[i] * 0;
  return a + b + c + d === 0;
}

/** All 65,536 values of F16, made when a file first holds some: one look each instead of a power of two. */
let halves: Float32Array | null = null;

/** IEEE 754 binary16 by its bits. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** What a file of float32 tensors begins with, and their names in the order of their values: sorted, so that equal tensors give equal files. */
export function headerBytes(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Record<string, string>,
): { readonly bytes: Uint8Array; readonly names: readonly string[] } {
  const names = [...tensors.keys()].sort();
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const name of names) {
    const { shape, data } = tensors.get(name)!;
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  let text = JSON.stringify(header);
  text += ' '.repeat((8 - (new TextEncoder().encode(text).length % 8)) % 8); // values start on a multiple of eight
  const encoded = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + encoded.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(encoded.length), true);
  bytes.set(encoded, 8);
  return { bytes, names };
}
