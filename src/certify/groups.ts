/**
 * Who pays for the speed: the drop at a setting by true label, by exit and by length. A promise is about the mean over all texts,
 * and a small group may lose more. Intervals are each group's own; a table of many has some that miss.
 */
import { lengthBuckets } from '../evaluate/judge.ts';
import { exitOf, type Outcome, outcomes } from '../evaluate/outcomes.ts';
import type { Trace } from '../evaluate/trace.ts';
import { knownOptions } from '../option.ts';
import { bettingLower, bettingUpper } from './betting.ts';
import { testOptions } from './certify.ts';
import { fullAnswers, lossesAt, needDial } from './losses.ts';
import { readingOrder } from './reading-order.ts';
import { betsFor, total } from './risk-test.ts';

/** How the intervals are made. */
export interface GroupOptions {
  /** Of each interval by itself; 0.95 where left out. */
  readonly confidence?: number;
  /** Of the order in which rows are read; 0 where left out. */
  readonly seed?: number;
  /** [n]: the answers that count as full, as indices of labels; the network's own, run to the end, where left out. */
  readonly reference?: readonly number[];
}

/** What a group of rows loses. */
export interface GroupDrop {
  /** What the group has in common. */
  readonly by: 'label' | 'exit' | 'length';
  /** A label's name; an exit, 0 for floor 0; tokens, as "36 to 70". */
  readonly group: string;
  /** Rows in it. */
  readonly n: number;
  /** The net drop of the group, −1 to 1; null where it has no row. */
  readonly drop: number | null;
  /** The betting interval (two-sided) that the group's drop is in; −1 and 1 where nothing is known. */
  readonly lower: number;
  /** See `lower`. */
  readonly upper: number;
}

/** Bets made for a drop of about so much. */
const USUAL_RISK = 0.01;

/** All groups, labels first, then exits and lengths; groups without rows are kept, so that nobody takes them for safe. */
export function dropByGroup(trace: Trace, tau: number | null, given: GroupOptions = {}): GroupDrop[] {
  const { confidence = 0.95, seed = 0, reference } = knownOptions(given, ['confidence', 'seed', 'reference']);
  needDial(trace);
  const { alpha } = testOptions({ risk: 'net-drop', maxRisk: USUAL_RISK, confidence });
  // half of α a side
  const bets = betsFor({ maxRisk: USUAL_RISK, alpha: alpha / 2 });
  const all = outcomes(trace);
  const losses = lossesAt(all, fullAnswers(all, reference), tau, 'net-drop');
  const order = readingOrder(trace, seed);
  const drop = (by: GroupDrop['by'], group: string, isIn: (outcome: Outcome) => boolean): GroupDrop => {
    const inside = Int8Array.from(
      order.filter((i) => isIn(all[i])),
      (i) => losses[i],
    );
    const n = inside.length;
    if (n === 0) return { by, group, n, drop: null, lower: -1, upper: 1 };
    const found = total(inside) / n;
    // bets look at rows one by one, and may leave the mean of few rows outside; a wider interval holds as well
    const lower = Math.min(found, bettingLower(inside, bets));
    return { by, group, n, drop: found, lower, upper: Math.max(found, bettingUpper(inside, bets)) };
  };
  const firstExit = trace.floor ? 0 : 1;
  return [
    ...trace.labels.map((name, label) =>
      drop('label', name, ({ label: own, target }) => (target ? target.truth[label] === 1 : own === label)),
    ),
    ...Array.from({ length: trace.shape.layers + 1 - firstExit }, (_, i) =>
      drop('exit', String(i + firstExit), (outcome) => exitOf(outcome, tau) === i + firstExit),
    ),
    ...lengthBuckets.map(({ from, to }) =>
      drop('length', to === null ? `${from} and more` : `${from} to ${to}`, ({ length }) => {
        return length >= from && length <= (to ?? Number.POSITIVE_INFINITY);
      }),
    ),
  ];
}
