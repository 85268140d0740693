/**
 * Floor 0 as a folder keeps it: tensors `pyramid.floor.*`, half precision where that costs nothing, and the object `floor`
 * of config.json's `pyramid`. Read back as untrusted: every size is held against the labels and the vocabulary before a
 * table is made.
 */
import type { StoredTensor } from '../../encoder/index.ts';
import { PyramidError } from '../../errors.ts';
import type { FloorInfo, FloorParts } from './floor-info.ts';
import { outputsFor } from './floor-info.ts';
import { halfBits } from './half.ts';
import { FIGURES } from './overlap.ts';
import { NUMBER } from './piece-kinds.ts';
import { SeenBuckets } from './seen-buckets.ts';

export type FloorDtype = 'F16' | 'F32' | 'U8';

/** A tensor as safetensors writes it, little-endian. */
export interface FloorTensor {
  readonly dtype: FloorDtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** What all names of its tensors begin with. */
export const FLOOR_PREFIX = 'pyramid.floor.';

type Sizes = Readonly<Record<string, readonly [dtype: FloorDtype, ...shape: number[]]>>;

/** Every tensor of a floor, by its name after the prefix. */
function sizesOf({ labels, several, buckets, vocabulary, seen, weighting, pairs }: FloorInfo): Sizes {
  const outputs = outputsFor(labels, several);
  return {
    kinds: ['U8', vocabulary],
    buckets: ['U8', buckets / 8],
    weights: ['F16', seen, outputs],
    bias: ['F32', outputs],
    prior: ['F32', labels],
    ...(weighting !== 'binary' && { idf: ['F16', seen] }),
    ...(pairs && {
      piece_idf: ['F16', vocabulary],
      'overlap.mean': ['F32', FIGURES],
      'overlap.spread': ['F32', FIGURES],
      'overlap.weights': ['F32', 2 * FIGURES, outputs],
    }),
  };
}

/** By full name. Half precision loses nothing that training did not round away before (see src/train/linear). */
export function floorTensors(parts: FloorParts): ReadonlyMap<string, FloorTensor> {
  const { overlap } = parts;
  const data: Readonly<Record<string, Uint8Array | Float32Array | undefined>> = {
    kinds: parts.kinds,
    buckets: parts.bits,
    weights: parts.weights,
    bias: parts.bias,
    prior: parts.prior,
    idf: parts.idf,
    piece_idf: overlap?.pieceIdf,
    'overlap.mean': overlap?.mean,
    'overlap.spread': overlap?.spread,
    'overlap.weights': overlap?.weights,
  };
  return new Map(
    Object.entries(sizesOf(parts.info)).map(([name, [dtype, ...shape]]) => {
      const values = data[name]!;
      const bytes = dtype === 'F16' ? bytesOf(Uint16Array.from(values, halfBits)) : bytesOf(values);
      return [FLOOR_PREFIX + name, { dtype, shape, bytes }];
    }),
  );
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array | Uint16Array | Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** A whole safetensors file with these tensors alone, e.g. for a page that loads floor 0 first. */
export function floorFile(parts: FloorParts): Uint8Array {
  // wider values first, so that all are aligned; then by name, so that equal floors give equal files
  const width = { F32: 0, F16: 1, U8: 2 };
  const tensors = [...floorTensors(parts)].sort(
    ([a, { dtype: x }], [b, { dtype: y }]) => width[x] - width[y] || (a < b ? -1 : 1),
  );
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let offset = 0;
  for (const [name, { dtype, shape, bytes }] of tensors) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
  }
  const text = JSON.stringify(header);
  const encoded = new TextEncoder().encode(text + ' '.repeat((8 - (text.length % 8)) % 8));
  const file = new Uint8Array(8 + encoded.length + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(encoded.length), true);
  file.set(encoded, 8);
  let at = 8 + encoded.length;
  for (const [, { bytes }] of tensors) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

/**
 * Floor 0 of a folder.
 * @param info as `readFloorInfo` gave it
 * @param tensors with whole numbers too (`tensorsOf(file, path, { integers: true })`); others than the floor's are passed over
 * @param path of the file, for messages
 * @throws MP_MODEL_TENSOR_MISSING, MP_MODEL_TENSOR_SHAPE, MP_MODEL_FILE if a value cannot be one of a floor
 */
export function floorFrom(info: FloorInfo, tensors: ReadonlyMap<string, StoredTensor>, path: string): FloorParts {
  const fault = (name: string, problem: string) =>
    new PyramidError('MP_MODEL_FILE', { path, problem: `tensor "${FLOOR_PREFIX}${name}" ${problem}` });
  const data: Record<string, Float32Array> = {};
  for (const [own, [, ...expected]] of Object.entries(sizesOf(info))) {
    const name = FLOOR_PREFIX + own;
    const stored = tensors.get(name);
    if (!stored) throw new PyramidError('MP_MODEL_TENSOR_MISSING', { path, name });
    const { shape } = stored;
    if (shape.length !== expected.length || shape.some((size, i) => size !== expected[i]))
      throw new PyramidError('MP_MODEL_TENSOR_SHAPE', { path, name, found: shape, expected });
    if (!stored.data.every(Number.isFinite)) throw fault(own, 'has values that are not finite');
    data[own] = stored.data;
  }
  const bytes = (name: string, most: number): Uint8Array => {
    if (!data[name].every((value) => Number.isInteger(value) && value >= 0 && value <= most))
      throw fault(name, `has values other than whole numbers from 0 to ${most}`);
    return Uint8Array.from(data[name]);
  };
  const bits = bytes('buckets', 255);
  const { count } = new SeenBuckets(bits);
  if (count !== info.seen) throw fault('buckets', `marks ${count} buckets where config.json has ${info.seen}`);
  const positive = (name: string) => {
    if (!data[name].every((value) => value > 0)) throw fault(name, 'has values that are not above 0');
    return data[name];
  };
  return {
    info,
    kinds: bytes('kinds', NUMBER),
    bits,
    idf: data.idf ? positive('idf') : new Float32Array(0),
    weights: data.weights,
    bias: data.bias,
    prior: positive('prior'),
    overlap: info.pairs
      ? {
          pieceIdf: data.piece_idf,
          mean: data['overlap.mean'],
          spread: positive('overlap.spread'),
          weights: data['overlap.weights'],
        }
      : null,
  };
}
