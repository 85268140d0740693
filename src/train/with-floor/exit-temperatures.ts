/**
 * A temperature for each exit: one factor T_l on its logits, so that its scores are as sure as they are right. It changes no answer,
 * and not where a text leaves: leaving by tempered scores was slower (docs/results/earlier-exits.md). Fitted by log-loss on rows that the network and floor 0 have not learned from, once
 * w and k are chosen; floor 0's own comes from its left-out folds. Which rows those are is the caller's.
 */
import type { Trace } from '../../evaluate/index.ts';
import { exitLogits, temperatureAt } from '../../pyramid/exits/sum.ts';
import { type Truth, temperatureOf } from '../linear/index.ts';

/** As it is stored: no row tells it more exactly. */
const DIGITS = 4;

/**
 * T [L], each the one at which the exit's mean log-loss on the trace's rows is least, from 1/20 to 20; null where there is no layer.
 * Those of the trace itself are not looked at, but where an exit was not asked: it keeps what it has. Few rows are enough for
 * one number, so that none is held to be beyond noise: with 100 rows that left sums too sure that a fit put right.
 */
export function fitTemperatures(trace: Trace): readonly number[] | null {
  const { shape, floor: sum = null, temperatures: before, answers, entries } = trace;
  if (shape.layers === 0 || answers?.problemType === 'regression') return null;
  const exits = entries.map(({ logits, floor = null }) => exitLogits(logits, floor, sum).layers);
  const truth: Truth = answers
    ? { shares: entries.flatMap(({ target }) => target!) }
    : entries.map(({ label }) => label);
  return Array.from({ length: shape.layers }, (_, i) => {
    if (exits[0][i].length === 0) return temperatureAt(before, i + 1);
    const rows = Float64Array.from(exits.flatMap((layers) => layers[i]));
    return Number(temperatureOf(rows, truth, shape.labels).toPrecision(DIGITS));
  });
}

/** The trace of a model with these temperatures. */
export function withTemperatures({ temperatures: _, ...trace }: Trace, temperatures: readonly number[] | null): Trace {
  return temperatures === null ? trace : { ...trace, temperatures };
}
