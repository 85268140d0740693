/** Numbers rounded to half precision (IEEE 754 binary16, to the nearest, ties to even), as bits and back. */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The bits of `value` in half precision; ±infinity from 65,520 on. */
export function halfBits(value: number): number {
  float[0] = value;
  const whole = bits[0];
  const sign = (whole >>> 16) & 0x8000;
  const size = whole & 0x7fffffff;
  if (size >= 0x7f800000) return sign | (size > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (size >= 0x477ff000) return sign | 0x7c00;
  if (size < 0x38800000) {
    // subnormal: a multiple of 2^-24; the sum with 1.5 · 2^23 rounds as the hardware does
    const steps = Math.abs(value) * 2 ** 24 + 1.5 * 2 ** 52 - 1.5 * 2 ** 52;
    return sign | steps;
  }
  const rounded = size + 0xfff + ((size >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** The value of bits in half precision. */
export function halfValue(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** In place: each number as half precision keeps it. */
export function roundToHalf(values: Float32Array): Float32Array {
  for (let i = 0; i < values.length; i++) values[i] = halfValue(halfBits(values[i]));
  return values;
}
