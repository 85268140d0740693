/**
 * What each text of a trace would answer, and cost, at each layer: computed once, then read for every tau. This is
 * the only place where a trace meets the FLOPs counts.
 */
import { type ActualFlopsOptions, actualFlops, denseFlops, type NetworkShape, paperFlops } from '../pyramid/flops.ts';
import { argmax, uncertainty } from '../pyramid/uncertainty.ts';
import type { Trace } from './trace.ts';

/** Which layers the engine peeks at, see `actualFlops`. */
export type Peeks = ActualFlopsOptions['peeks'];

/** One text; arrays are by layer, entry l−1 for layer l. */
export interface Outcome {
  readonly label: number;
  readonly length: number;
  readonly tokens: readonly number[];
  /** In [0, 1]; Infinity where there is no head, −Infinity at the last layer, which always answers. */
  readonly uncertainty: readonly number[];
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
  const last = shape.layers - 1;
  return trace.entries.map(({ label, length, tokens, logits }) => {
    const asked = logits.map((row) => row.length > 0);
    const byLayer = <T>(value: (layer: number) => T, otherwise: T) =>
      logits.map((_, i) => (asked[i] ? value(i + 1) : otherwise));
    return {
      label,
      length,
      tokens,
      uncertainty: logits.map((row, i) =>
        i === last ? Number.NEGATIVE_INFINITY : asked[i] ? uncertainty(row) : Number.POSITIVE_INFINITY,
      ),
      predicted: byLayer((layer) => argmax(logits[layer - 1]), -1),
      paper: logits.map((_, i) => paperFlops(shape, tokens, i + 1)),
      actual: byLayer((layer) => actualFlops(shape, tokens, layer, { headKind, pairs, peeks, asked }), Number.NaN),
      actualWithoutExits: actualFlops(shape, tokens, shape.layers, { headKind: 'none', pairs, peeks }),
      dense: denseFlops(dense, length),
    };
  });
}

/** The layer, from 1, at which the text answers; the same as `exitLayer` on its logits. */
export function exitOf(outcome: Outcome, tau: number | null): number {
  return tau === null ? outcome.uncertainty.length : outcome.uncertainty.findIndex((u) => u <= tau) + 1;
}

/** FLOPs of the text as computed, when it answers at `exit` under `tau`. */
export function actualOf(outcome: Outcome, exit: number, tau: number | null): number {
  return tau === null ? outcome.actualWithoutExits : outcome.actual[exit - 1];
}
