/**
 * Evaluates a trace at one tau: accuracy, FLOPs and speed-up in both counts, exits and tokens by layer, and all of them by
 * text length (figure 1). A pure function; it runs nothing.
 */
import { PyramidError } from '../errors.ts';
import { assertTau } from '../pyramid/exits/exit-rule.ts';
import { pearson, spearman } from './correlation.ts';
import { hammingLoss, macroF1OfSets, microF1 } from './label-sets.ts';
import { accuracy, f1, macroF1 } from './metrics.ts';
import { actualOf, type CountOptions, exitOf, type Outcome, outcomes } from './outcomes.ts';
import { explained } from './quality.ts';
import type { Trace } from './trace.ts';

/** One figure in both counts: as the paper counts, and as the engine computes. */
export interface BothCounts {
  readonly paper: number;
  readonly actual: number;
}

/** As `BothCounts`; null where a count has nothing to compare. */
export type SpeedUps = { readonly [C in keyof BothCounts]: number | null };

/** Figures of all texts at one tau. */
export interface Summary {
  /** Texts. */
  readonly n: number;
  /** The dial; null is off. */
  readonly tau: number | null;
  /** From 0 to 1. Where a text may have any number of labels, a right answer is exactly its set. NaN where it has a number. */
  readonly accuracy: number;
  /** F1 of label 1 where there are two labels, else null. */
  readonly f1: number | null;
  /** Mean of the labels' F1, where a text has one or any number of them. */
  readonly macroF1: number;
  /** Where a text may have any number of labels: F1 over all decisions, one a text and label. */
  readonly microF1?: number;
  /** Share of decisions that are wrong, where a text may have any number of labels. */
  readonly hammingLoss?: number;
  /**
   * Where a text has a number, as the four below: the share of the numbers' variance that the answers explain (R², 0 or less where
   * they are no better than the mean).
   */
  readonly r2?: number;
  /** Correlation of numbers and answers, −1 to 1. */
  readonly pearson?: number;
  /** Correlation of their ranks, −1 to 1. */
  readonly spearman?: number;
  /** Mean square of the differences of numbers and answers. */
  readonly meanSquaredError?: number;
  /** Of the numbers themselves. */
  readonly standardDeviation?: number;
  /** 10⁹ operations, mean over the texts. */
  readonly gflops: BothCounts;
  /**
   * Operations of the dense model over those used, summed over the texts. null where the count has none to compare: no layer ran
   * (as the paper counts), or there is no network.
   */
  readonly speedup: SpeedUps;
  /** Mean layer at which a text answers, floor 0 as 0. */
  readonly meanExit: number;
}

/** What a trace is worth at one tau: how good the answers are, and what they cost. */
export interface Judgement extends Summary {
  /** [L+1]: mean tokens that enter layer 1, then those that pruning leaves after each layer, exits aside. */
  readonly tokensByLayer: readonly number[];
  /** [L]: how many texts answer at each layer. */
  readonly exitsByLayer: readonly number[];
  /** How many texts floor 0 answers, before the network; null where the model has none. */
  readonly exitsAtFloor: number | null;
  /** The same by the length of the texts. */
  readonly byLength: readonly LengthBucket[];
}

/** Texts of `from` to `to` tokens, both included; `to` null is without end. Figures are null where n is 0. */
export interface LengthBucket {
  readonly from: number;
  readonly to: number | null;
  readonly n: number;
  readonly accuracy: number | null;
  readonly speedup: SpeedUps | null;
  /** The share of all (token, layer) pairs that pruning leaves out after layers 1..L, exits aside. */
  readonly pruned: number | null;
  readonly meanExit: number | null;
}

/** Figure 1's buckets, in tokens. */
export const lengthBuckets: readonly { readonly from: number; readonly to: number | null }[] = [
  { from: 1, to: 35 },
  { from: 36, to: 70 },
  { from: 71, to: null },
];

/** Throws MP_TAU_RANGE, and MP_USAGE for a tau where there are no exit heads. */
export function judge(trace: Trace, tau: number | null, options: CountOptions = {}): Judgement {
  needExits(trace, tau);
  return judgeOutcomes(trace, outcomes(trace, options), tau);
}

/** Throws MP_TAU_RANGE, and MP_USAGE for a tau where there are no exit heads. */
export function needExits(trace: Trace, tau: number | null): void {
  assertTau(tau);
  if (tau !== null && trace.headKind === 'none' && !trace.floor) {
    throw new PyramidError('MP_USAGE', {
      what: `tau is ${tau}, but the model has no exit heads`,
      todo: 'leave tau out, or train with --method fastbert or mp',
    });
  }
}

/** Of the outcomes of the trace's texts; tau is not checked again. */
export function judgeOutcomes(trace: Omit<Trace, 'entries'>, all: readonly Outcome[], tau: number | null): Judgement {
  const exitsByLayer = new Array<number>(trace.shape.layers).fill(0);
  let atFloor = 0;
  for (const outcome of all) {
    const exit = exitOf(outcome, tau);
    if (exit === 0) atFloor++;
    else exitsByLayer[exit - 1]++;
  }
  return {
    ...summarize(all, tau, trace.labels.length),
    tokensByLayer: Array.from({ length: trace.shape.layers + 1 }, (_, l) => mean(all.map(({ tokens }) => tokens[l]))),
    exitsByLayer,
    exitsAtFloor: trace.floor ? atFloor : null,
    byLength: lengthBuckets.map(({ from, to }) => {
      const inside = all.filter(({ length }) => length >= from && length <= (to ?? Number.POSITIVE_INFINITY));
      if (inside.length === 0) return { from, to, n: 0, accuracy: null, speedup: null, pruned: null, meanExit: null };
      const { n, accuracy, speedup, meanExit } = summarize(inside, tau, trace.labels.length);
      return {
        from,
        to,
        n,
        accuracy: Number.isNaN(accuracy) ? null : accuracy,
        speedup,
        pruned: prunedShare(inside),
        meanExit,
      };
    }),
  };
}

/** The figures of `all` at `tau`; tau is not checked again. */
export function summarize(all: readonly Outcome[], tau: number | null, labels: number): Summary {
  const exits = all.map((outcome) => exitOf(outcome, tau));
  const paper = sum(all.map((outcome, i) => outcome.paper[exits[i]]));
  const actual = sum(all.map((outcome, i) => actualOf(outcome, exits[i], tau)));
  const dense = sum(all.map((outcome) => outcome.dense));
  return {
    n: all.length,
    tau,
    ...rightness(all, exits, labels),
    gflops: { paper: paper / all.length / 1e9, actual: actual / all.length / 1e9 },
    speedup: { paper: ratio(dense, paper), actual: ratio(dense, actual) },
    meanExit: mean(exits),
  };
}

/** How right the answers at the exits [n] are. */
function rightness(all: readonly Outcome[], exits: readonly number[], labels: number) {
  const truth = all.map(({ label }) => label);
  const predicted = all.map((outcome, i) => outcome.predicted[exits[i]]);
  if (!all[0]?.target)
    return {
      accuracy: accuracy(truth, predicted),
      f1: labels === 2 ? f1(truth, predicted) : null,
      macroF1: macroF1(truth, predicted),
    };
  const wanted = all.map(({ target }) => target!.truth);
  const answers = all.map(({ target }, i) => target!.answers[exits[i]]);
  if (!all[0].target.isNumber)
    return {
      accuracy: accuracy(truth, predicted),
      f1: null,
      macroF1: macroF1OfSets(wanted, answers),
      microF1: microF1(wanted, answers),
      hammingLoss: hammingLoss(wanted, answers),
    };
  const [x, y] = [wanted, answers].map((rows) => rows.map(([value]) => value));
  const middle = mean(x);
  return {
    accuracy: Number.NaN,
    f1: null,
    macroF1: Number.NaN,
    r2: explained(x, y),
    pearson: pearson(x, y),
    spearman: spearman(x, y),
    meanSquaredError: mean(x.map((value, i) => (value - y[i]) ** 2)),
    standardDeviation: Math.sqrt(mean(x.map((value) => (value - middle) ** 2))),
  };
}

function prunedShare(all: readonly Outcome[]): number {
  const left = sum(all.map(({ tokens }) => sum(tokens.slice(1))));
  const whole = sum(all.map(({ tokens, length }) => length * (tokens.length - 1)));
  return whole === 0 ? 0 : 1 - left / whole;
}

const ratio = (dense: number, used: number): number | null => (dense > 0 && used > 0 ? dense / used : null);

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;
