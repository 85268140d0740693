/** Writes safetensors files by hand, sound or not, for the reader to be held against. */
export interface RawTensor {
  readonly dtype: unknown;
  readonly shape: unknown;
  readonly data_offsets: unknown;
}

/** Header length, header, values; each may be given wrongly. */
export function safetensorsBytes(
  header: unknown,
  values: Uint8Array,
  { length = null as number | null } = {},
): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + values.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  bytes.set(text, 8);
  bytes.set(values, 8 + text.length);
  return bytes;
}

export const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** One file of tensors of any dtype, side by side. */
export function fileOf(
  tensors: Readonly<Record<string, { dtype: string; shape: number[]; data: ArrayBufferView }>>,
): Uint8Array {
  const header: Record<string, RawTensor> = {};
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [end, end + data.byteLength] };
    parts.push(bytesOf(data));
    end += data.byteLength;
  }
  return safetensorsBytes(header, new Uint8Array(Buffer.concat(parts)));
}
