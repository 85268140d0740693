/**
 * The safetensors format: eight bytes of header length, a JSON header, the values
 * (https://github.com/huggingface/safetensors#format). F32, F16 and BF16 are read as float32; we write F32. Knows
 * nothing of disks: safetensors-file.ts does.
 */
import { PyramidError } from '../errors.ts';
import type { FolderFile } from '../folder.ts';

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};
const MAX_HEADER = 100 * 1024 * 1024;

/**
 * All floating-point tensors of a file. Integer tensors (position ids of old checkpoints) are passed over, unless
 * `integers` asks for them as numbers. `path` is for messages. Throws MP_MODEL_FILE.
 */
export async function tensorsOf(
  file: FolderFile,
  path: string,
  { integers = false } = {},
): Promise<Map<string, StoredTensor>> {
  const { header, start } = await readHeader(file, path);
  const available = file.size - start;
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__');
  for (const [name, entry] of entries) checkEntry(path, name, entry, available);
  checkPlaces(path, entries, available);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of entries) {
    if (!integers && !entry.dtype.includes('F')) continue;
    const [from, to] = entry.data_offsets;
    // a buffer of its own for each tensor, so that typed arrays over it are aligned
    const bytes = await file.read(start + from, start + to);
    tensors.set(name, { shape: entry.shape, data: toFloat32(entry.dtype, bytes) });
  }
  return tensors;
}

/** The `__metadata__` strings of a file's header. Throws MP_MODEL_FILE. */
export async function metadataOf(file: FolderFile, path: string): Promise<Record<string, string>> {
  const { header } = await readHeader(file, path);
  return (header.__metadata__ ?? {}) as unknown as Record<string, string>;
}

async function readHeader(file: FolderFile, path: string): Promise<{ header: Record<string, Entry>; start: number }> {
  const { size } = file;
  const fault = (problem: string, cause?: unknown) => new PyramidError('MP_MODEL_FILE', { path, problem }, { cause });
  if (size < 8) throw fault(`it is ${size} bytes long, too short for a safetensors header`);
  const prefix = await file.read(0, 8);
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (length > MAX_HEADER || 8 + length > size) throw fault(`its header claims ${length} bytes, the file has ${size}`);
  const text = await file.read(8, 8 + length);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch (cause) {
    throw fault('its header is not JSON', cause);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw fault('its header is no JSON object');
  return { header: header as Record<string, Entry>, start: 8 + length };
}

function checkEntry(path: string, name: string, entry: Entry, available: number): void {
  const fault = (problem: string) =>
    new PyramidError('MP_MODEL_FILE', { path, problem: `tensor "${name}" ${problem}` });
  if (!Object.hasOwn(BYTES, entry?.dtype)) throw fault(`has the unknown dtype ${JSON.stringify(entry?.dtype)}`);
  if (!areSizes(entry.shape) || !areSizes(entry.data_offsets) || entry.data_offsets.length !== 2)
    throw fault('has no shape or no offsets in whole numbers');
  const [from, to] = entry.data_offsets;
  const expected = entry.shape.reduce((n, dim) => n * dim, BYTES[entry.dtype]);
  if (to - from !== expected) throw fault(`takes ${to - from} bytes where its shape needs ${expected}`);
  if (to > available) throw fault(`ends at byte ${to}, but only ${available} bytes of values are there`);
}

const areSizes = (list: unknown): boolean =>
  Array.isArray(list) && list.every((size) => Number.isSafeInteger(size) && size >= 0);

/** The format has every byte belong to exactly one tensor. */
function checkPlaces(path: string, entries: readonly (readonly [string, Entry])[], available: number): void {
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
        `tensor "${name}" starts at byte ${from}, ${from < end ? 'within' : 'apart from'} the one before it, which ends at ${end}`,
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
