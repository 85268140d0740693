/**
 * The answer and cost of each text of a trace at each layer: computed once, then read for every tau. Only this file
 * combines a trace with the FLOPs counts.
 */
import { exitLayer, type Tau, type Uncertainty, uncertaintiesOf } from '../pyramid/exits/exit-rule.ts';
import { type ActualFlopsOptions, actualFlops, denseFlops, paperFlops } from '../pyramid/flops.ts';
import { argmax } from '../pyramid/logits.ts';
import type { NetworkShape } from '../pyramid/shape.ts';
import type { Trace } from './trace.ts';

/** Which layers the engine peeks at, see `actualFlops`. */
export type Peeks = ActualFlopsOptions['peeks'];

/** One text; arrays are by layer, entry l−1 for layer l. */
export interface Outcome {
  readonly label: number;
  readonly length: number;
  readonly tokens: readonly number[];
  /** null where there is no head, and at the last layer, which always answers. */
  readonly uncertainty: readonly (Uncertainty | null)[];
  /** The label answered; −1 where there is no head. */
  readonly predicted: readonly number[];
  /** FLOPs when answering there, as the paper counts. */
  readonly paper: readonly number[];
  /** FLOPs when answering there, as computed, each head on the way asked. */
  readonly actual: readonly number[];
  /** FLOPs as computed when early exit is off and no head but the main classifier is asked. */
  readonly actualWithoutExits: number;
  /** FLOPs of the dense model that speed-ups are over. */
  readonly dense: number;
}

export interface CountOptions {
  /** Which layers the engine peeks at, for the actual count; all where left out. */
  readonly peeks?: Peeks;
  /** The network that speed-ups are over: a half-depth student's is its teacher. The trace's own where left out. */
  readonly dense?: NetworkShape;
}

export function outcomes(trace: Trace, { peeks = 'all', dense = trace.shape }: CountOptions = {}): Outcome[] {
  const { shape, headKind, pairs } = trace;
  return trace.entries.map(({ label, length, tokens, logits }) => {
    const asked = logits.map((row) => row.length > 0);
    const byLayer = <T>(value: (layer: number) => T, otherwise: T) =>
      logits.map((_, i) => (asked[i] ? value(i + 1) : otherwise));
    return {
      label,
      length,
      tokens,
      uncertainty: uncertaintiesOf(logits),
      predicted: byLayer((layer) => argmax(logits[layer - 1]), -1),
      paper: logits.map((_, i) => paperFlops(shape, tokens, i + 1)),
      actual: byLayer((layer) => actualFlops(shape, tokens, layer, { headKind, pairs, peeks, asked }), Number.NaN),
      actualWithoutExits: actualFlops(shape, tokens, shape.layers, { headKind: 'none', pairs, peeks }),
      dense: denseFlops(dense, length),
    };
  });
}

/** The layer, from 1, at which the text answers. */
export const exitOf = (outcome: Outcome, tau: Tau): number => exitLayer(outcome.uncertainty, tau);

/** FLOPs of the text as computed, when it answers at `exit` under `tau`. */
export function actualOf(outcome: Outcome, exit: number, tau: number | null): number {
  return tau === null ? outcome.actualWithoutExits : outcome.actual[exit - 1];
}
