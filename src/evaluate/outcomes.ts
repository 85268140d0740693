/**
 * The answer and cost of each text of a trace at each layer: computed once, then read for every tau. Only this file
 * combines a trace with the FLOPs counts.
 */
import { targetAnswered } from '../pyramid/exits/answer-rule.ts';
import { exitLayer, type Tau, type Uncertainty, uncertaintiesOf, uncertaintyOf } from '../pyramid/exits/exit-rule.ts';
import { exitLogits, temperatureAt, tempered } from '../pyramid/exits/sum.ts';
import { type ActualFlopsOptions, actualFlops, denseFlops, paperFlops } from '../pyramid/flops.ts';
import { argmax } from '../pyramid/logits.ts';
import type { NetworkShape } from '../pyramid/shape.ts';
import type { Trace } from './trace.ts';
import { ruleOf } from './trace-lines.ts';

/** Which layers the engine peeks at, see `actualFlops`. */
export type Peeks = ActualFlopsOptions['peeks'];

/** One text. Entry l of a list by exit is for layer l, entry 0 for floor 0. */
export interface Outcome {
  /** The true one; of texts with any number of labels the number of their set, see `predicted`. */
  readonly label: number;
  /** Where a text has no one label: what it has, and what is answered at each exit [L+1], [C] of 0 and 1 or [1] of a number. */
  readonly target?: Target;
  readonly length: number;
  readonly tokens: readonly number[];
  /** Unknown pieces of the text; null where the trace does not say. */
  readonly unknown: number | null;
  /** [L], entry l−1 for layer l: null where there is no head, and at the last layer, which always answers. */
  readonly uncertainty: readonly (Uncertainty | null)[];
  /** Floor 0's; null where it is not asked. */
  readonly floorUncertainty: Uncertainty | null;
  /**
   * [L+1], by exit: the label answered; −1 where there is none to ask. A set of labels has a number of its own within the trace, so
   * that equal numbers are equal sets. Of numbers nothing is said: 0.
   */
  readonly predicted: readonly number[];
  /** [L+1], by exit: FLOPs when answering there, as the paper counts. */
  readonly paper: readonly number[];
  /** [L+1], by exit: FLOPs when answering there, as computed, each head on the way asked. */
  readonly actual: readonly number[];
  /** FLOPs as computed when early exit is off and no head but the main classifier is asked. */
  readonly actualWithoutExits: number;
  /** FLOPs of the dense model that speed-ups are over. */
  readonly dense: number;
}

export interface Target {
  readonly isNumber: boolean;
  readonly truth: readonly number[];
  readonly answers: readonly (readonly number[])[];
}

export interface CountOptions {
  /** Which layers the engine peeks at, for the actual count; all where left out. */
  readonly peeks?: Peeks;
  /** The network that speed-ups are over: a half-depth student's is its teacher. The trace's own where left out. */
  readonly dense?: NetworkShape;
}

export function outcomes(trace: Trace, { peeks = 'all', dense = trace.shape }: CountOptions = {}): Outcome[] {
  const { shape, headKind, pairs, floor: sum = null, temperatures } = trace;
  const rule = ruleOf(trace);
  const sets = new Map<string, number>();
  const numberOf = (set: readonly number[]): number => {
    const key = set.join();
    const known = sets.get(key) ?? sets.size;
    sets.set(key, known);
    return known;
  };
  return trace.entries.map(({ label: own, target: truth, length, tokens, unknown = null, logits, floor = null }) => {
    const exits = exitLogits(logits, floor, sum);
    const byExit = [exits.floor ?? [], ...exits.layers];
    const [, ...asked] = byExit.map((row) => row.length > 0);
    const hasFloor = exits.floor !== null;
    const atExit = (value: (exit: number) => number, otherwise: number) =>
      byExit.map((row, exit) => (row.length > 0 ? value(exit) : otherwise));
    let [label, predicted] = [own, (exit: number) => argmax(byExit[exit])];
    let target: Target | undefined;
    if (rule.problemType !== 'single_label_classification' && truth) {
      // thresholds are of scores with their temperature
      const answers = byExit.map((row, exit) =>
        row.length > 0 ? targetAnswered(rule, tempered(row, temperatureAt(temperatures, exit))) : [],
      );
      const isNumber = rule.problemType === 'regression';
      target = { isNumber, truth, answers };
      [label, predicted] = isNumber ? [0, () => 0] : [numberOf(truth), (exit) => numberOf(answers[exit])];
    }
    return {
      label,
      ...(target && { target }),
      length,
      tokens,
      unknown,
      uncertainty: uncertaintiesOf(exits.layers, rule),
      floorUncertainty: exits.floor && uncertaintyOf(rule, exits.floor, null),
      predicted: atExit(predicted, -1),
      paper: byExit.map((_, exit) => paperFlops(shape, tokens, exit)),
      actual: atExit(
        (exit) => actualFlops(shape, tokens, exit, { headKind, pairs, peeks, asked, floor: hasFloor }),
        Number.NaN,
      ),
      actualWithoutExits: actualFlops(shape, tokens, shape.layers, {
        headKind: 'none',
        pairs,
        peeks,
        floor: hasFloor,
      }),
      dense: denseFlops(dense, length),
    };
  });
}

/** The layer at which the text answers, 0 for floor 0. */
export const exitOf = ({ uncertainty, floorUncertainty }: Outcome, tau: Tau): number =>
  exitLayer(uncertainty, tau, floorUncertainty);

/** FLOPs of the text as computed, when it answers at `exit` under `tau`. */
export function actualOf(outcome: Outcome, exit: number, tau: number | null): number {
  return tau === null ? outcome.actualWithoutExits : outcome.actual[exit];
}
