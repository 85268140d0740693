/** Which distances share a row of disentangled attention's table. In a file of its own: counts of operations read it, and no graph. */
import type { Disentangled } from './form.ts';

/**
 * The bucket of a distance: up to half of `buckets` each has its own; from there on buckets grow with the logarithm, and that
 * of `span` − 1 is `buckets` − 1. It has the distance's sign.
 */
export function distanceBucket(distance: number, { buckets, span }: Disentangled): number {
  const size = Math.abs(distance);
  const middle = Math.floor(buckets / 2);
  if (size <= middle) return distance;
  // in float32, as PyTorch has it
  const log = (x: number) => Math.fround(Math.log(Math.fround(x)));
  const share = Math.fround(log(size / middle) / log((span - 1) / middle));
  return Math.sign(distance) * (Math.ceil(Math.fround(share * (middle - 1))) + middle);
}
