/** How floor 0 and the network answer together, at every exit and the last layer: z_l + w (z_0 − k log π). Two experts; k takes off the prior that both count. */
import type { FloorSum } from './floor-info.ts';

/**
 * The sum's logits, [C], into `into` (which may be `network`).
 * @param floor z_0; undefined where it knows nothing, and adds nothing
 * @param logPrior log π [C]
 */
export function sumLogits(
  network: ArrayLike<number>,
  floor: ArrayLike<number> | undefined,
  { weight, priorShare }: FloorSum,
  logPrior: ArrayLike<number>,
  into: Float64Array | Float32Array | number[],
): void {
  for (let c = 0; c < network.length; c++)
    into[c] = floor ? network[c] + weight * (floor[c] - priorShare * logPrior[c]) : network[c];
}

/** log π of a floor's prior. */
export const logPrior = (prior: ArrayLike<number>): Float64Array => Float64Array.from(prior, Math.log);
