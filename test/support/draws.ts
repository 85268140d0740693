/** The generator of scripts/make-golden.py: x ← 1664525 x + 1013904223 mod 2³², its upper 24 bits in [−1/2, 1/2). */
export function draws(seed: number): (length: number) => Float32Array {
  let x = seed >>> 0;
  return (length) =>
    Float32Array.from({ length }, () => {
      x = (Math.imul(1664525, x) + 1013904223) >>> 0;
      return (x >>> 8) / 2 ** 24 - 0.5;
    });
}
