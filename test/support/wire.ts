/**
 * Reads protobuf messages by their wire format alone (https://protobuf.dev/programming-guides/encoding/), knowing no
 * schema: the values of each field number, in order. Independent of what writes them.
 */
export type Fields = ReadonlyMap<number, readonly (bigint | Uint8Array)[]>;

export function readMessage(bytes: Uint8Array): Fields {
  const fields = new Map<number, (bigint | Uint8Array)[]>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const slice = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new Error('the message ends within a field');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    let value: bigint | Uint8Array;
    switch (tag & 7) {
      case 0:
        value = varint();
        break;
      case 1:
        value = slice(8);
        break;
      case 2:
        value = slice(Number(varint()));
        break;
      case 5:
        value = BigInt(view.getUint32(at, true));
        at += 4;
        break;
      default:
        throw new Error(`wire type ${tag & 7}`);
    }
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value]);
  }
  return fields;
}

export const messagesOf = (fields: Fields, number: number): Fields[] =>
  (fields.get(number) ?? []).map((value) => readMessage(value as Uint8Array));
export const stringsOf = (fields: Fields, number: number): string[] =>
  (fields.get(number) ?? []).map((value) => new TextDecoder().decode(value as Uint8Array));
export const numberOf = (fields: Fields, number: number): number | undefined => {
  const value = fields.get(number)?.at(-1);
  return value === undefined ? undefined : Number(value);
};
/** Repeated whole numbers, packed or not. */
export const numbersOf = (fields: Fields, number: number): number[] =>
  (fields.get(number) ?? []).flatMap((value) => {
    if (typeof value === 'bigint') return [Number(value)];
    const found: number[] = [];
    for (let at = 0; at < value.length; ) {
      let n = 0n;
      let shift = 0n;
      let byte: number;
      do {
        byte = value[at++];
        n |= BigInt(byte & 0x7f) << shift;
        shift += 7n;
      } while (byte >= 0x80);
      found.push(Number(n));
    }
    return found;
  });
