/**
 * What the exits answer by: the network's logits, and what floor 0 (src/pyramid/floor, a linear model of n-grams) adds to them.
 *   exit l answers by z_l + w (z_0 − k log π), the last layer too, and floor 0 by itself by s z_0;
 *   the scores that people see are softmax(T_l · that): T_l changes neither an answer nor where a text leaves.
 * z_l are the network's own logits, z_0 floor 0's; π are the shares of the labels among the rows that trained floor 0.
 * Both experts count the prior, and k takes it off once. w and k are one number each for all exits.
 * Engine, training, evaluation and page call this file, and no other puts these together.
 */
import { type FloorParts, priorLogits } from '../floor/index.ts';
import type { Logits } from '../logits.ts';

/** T [L], above 0: the inverse temperatures of layers 1 to L, as s is floor 0's. Left out: all are 1. */
export type ExitTemperatures = readonly number[] | undefined;

/** T_l of an exit; 1 of floor 0, whose s is in its answer already. */
export const temperatureAt = (temperatures: ExitTemperatures, exit: number): number => temperatures?.[exit - 1] ?? 1;

/** T · logits, [C]: what an exit's scores are the softmax of. Uncertainties, which tau is compared with, are of the logits themselves. */
export const tempered = (logits: readonly number[], temperature: number): readonly number[] =>
  temperature === 1 ? logits : logits.map((z) => temperature * z);

/** How floor 0's logits enter an exit. */
export interface ExitSum {
  /** w, 0 or more; 0: floor 0 adds nothing. */
  readonly weight: number;
  /** [C]: k log π; k log π / (1 − π) where a text may have any number of labels. */
  readonly prior: readonly number[];
  /** s, above 0: the inverse temperature of floor 0's own answer. */
  readonly scale: number;
}

/** As a folder keeps it. */
export const exitSum = ({
  info: { sum, temperature, several },
  prior,
}: Pick<FloorParts, 'info' | 'prior'>): ExitSum => ({
  weight: sum.weight,
  prior: Array.from(priorLogits(prior, several), (log) => sum.priorShare * log),
  scale: temperature,
});

/** Floor 0's own answer as logits, s z_0: [C]. */
export const floorAnswer = ({ scale }: ExitSum, z0: Logits): number[] => Array.from(z0, (z) => scale * z);

/** w (z_0 − k log π): [C], what is added to the logits of each exit of one text. */
export const addend = ({ weight, prior }: ExitSum, z0: Logits): number[] =>
  Array.from(z0, (z, i) => weight * (z - prior[i]));

/** As `addend`; null where floor 0 adds nothing: there is none, the text has no feature, or w is 0. */
export const addendOf = (sum: ExitSum | null, z0: Logits | null): number[] | null =>
  sum === null || z0 === null || sum.weight === 0 ? null : addend(sum, z0);

/** z_l + addend, [C]; z_l itself where a text has no addend, and [] where the exit was not asked. */
export const summed = (logits: readonly number[], add: readonly number[] | null): readonly number[] =>
  add === null ? logits : logits.map((z, i) => z + add[i]);

/** z_l + the addend of z_0, into `into` [C] (which may be `network`), for many rows; undefined: no feature. */
export function sumInto(
  network: ArrayLike<number>,
  z0: ArrayLike<number> | undefined,
  { weight, prior }: { readonly weight: number; readonly prior: ArrayLike<number> },
  into: Float64Array | Float32Array | number[],
): void {
  for (let c = 0; c < network.length; c++) into[c] = network[c] + (z0 ? weight * (z0[c] - prior[c]) : 0);
}

/** The logits that each exit of one text answers by. */
export interface ExitLogits {
  /** [C] of floor 0; null where it was not asked: the model has none, or the text has no feature. */
  readonly floor: readonly number[] | null;
  /** [L] of [C]: layers 1 to L; [] where an exit was not asked. */
  readonly layers: readonly (readonly number[])[];
}

/** From the parts, the network's logits [L] of [C] and floor 0's [C], to what the exits answer by. */
export function exitLogits(logits: readonly (readonly number[])[], z0: Logits | null, sum: ExitSum | null): ExitLogits {
  if (sum === null || z0 === null) return { floor: null, layers: logits };
  const add = addendOf(sum, z0);
  return { floor: floorAnswer(sum, z0), layers: logits.map((row) => summed(row, add)) };
}
