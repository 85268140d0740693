/** What a run trains: the network's parameters, its exit heads, its thresholds. Stages change it in place. */
import { type EncoderConfig, type Parameters, type StoredTensor, withoutNetwork } from '../encoder/index.ts';
import type { ProblemType } from '../problem-type.ts';
import { type HeadSettings, headSettings } from '../pyramid/exits/exits.ts';
import { THRESHOLDS } from '../pyramid/network.ts';

export interface ModelState {
  readonly config: EncoderConfig;
  readonly parameters: Parameters;
  /** Exit heads' tensors; empty before there are any. */
  heads: Parameters;
  headSettings: HeadSettings;
  /** Δ_1 … Δ_L; null before the soft stage. */
  thresholds: Float32Array | null;
}

/** A learnt tensor by its checkpoint name. */
export function tensorOf({ parameters, heads, thresholds }: ModelState, name: string): StoredTensor {
  if (name === THRESHOLDS && thresholds) return { shape: [thresholds.length], data: thresholds };
  const found = parameters.get(name) ?? heads.get(name);
  if (!found) throw new Error(`internal: the network has no ${name}`);
  return found;
}

export const NO_HEADS = headSettings('none', false);

/** In the place of a network where floor 0 is all there is. */
export const noNetwork = (
  labels: readonly string[],
  { vocabularySize }: { readonly vocabularySize: number },
  problemType: ProblemType,
): ModelState => ({
  config: withoutNetwork(labels, vocabularySize, problemType),
  parameters: new Map(),
  heads: new Map(),
  headSettings: NO_HEADS,
  thresholds: null,
});

/** A copy that can be trained on without changing its origin (methods share their first stages). */
export function copyState(state: ModelState): ModelState {
  const copy = (parameters: Parameters): Parameters =>
    new Map([...parameters].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
  return {
    ...state,
    parameters: copy(state.parameters),
    heads: copy(state.heads),
    thresholds: state.thresholds?.slice() ?? null,
  };
}
