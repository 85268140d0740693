/**
 * The strength of the penalty (scikit-learn's C) by log-loss on left-out folds, and the temperature that those same
 * predictions ask for. Neighbours of the first one are tried while they are better; each fold starts from its own weights
 * for the neighbour.
 */
import { foldsOf } from './folds.ts';
import { lbfgs } from './lbfgs.ts';
import { isSeveral, meanLogLoss, rowsOf, type Truth } from './log-loss.ts';
import { Logistic, logitsOf, parametersFor, shareOf, type WeightedTargets } from './logistic.ts';
import type { Matrix } from './matrix.ts';
import { temperatureOf } from './temperature.ts';

/** Factors of about 3. Beyond the last the log-loss of AG News falls by another 1.5 %, accuracy stays, and time triples. */
export const STRENGTHS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100] as const;

export interface StrengthOptions {
  readonly folds: number;
  readonly seed: number;
  /** Of STRENGTHS, the first one that is tried. */
  readonly start: number;
  /** Tries these alone, where given. */
  readonly strengths?: readonly number[];
  readonly onFold?: (done: number) => void;
}

export interface ChosenStrength {
  readonly strength: number;
  /** Mean over the left-out rows. */
  readonly logLoss: number;
  readonly accuracy: number;
  /** s */
  readonly temperature: number;
  /** Of everything that was tried, by rising strength. */
  readonly tried: readonly { readonly strength: number; readonly logLoss: number; readonly accuracy: number }[];
}

/** Enough to tell strengths apart; the final weights are found more closely. */
const TOLERANCE = 5e-4;
const MOST_ITERATIONS = 60;

/** Rows with labels are left out fold by fold; where there are none, rows with scores are, and judged by their largest. */
export function chooseStrength(matrix: Matrix, targets: WeightedTargets, options: StrengthOptions): ChosenStrength {
  const { labelCount } = targets;
  const several = targets.positives !== null;
  const judged = several
    ? personsRows(targets)
    : targets.labels.some((label) => label >= 0)
      ? targets.labels
      : hardened(targets);
  const fold = foldsOf(judged, options.folds, options.seed);
  const all = Int32Array.from(fold.keys());
  const parts = Array.from({ length: options.folds }, (_, f) => ({
    learned: all.filter((i) => fold[i] !== f),
    left: all.filter((i) => fold[i] === f),
    weights: new Float32Array(parametersFor(matrix.columns, targets)),
  })).filter(({ left }) => left.length > 0);
  const order = parts.flatMap(({ left }) => [...left]);
  const truth: Truth = several
    ? { shares: Float64Array.from(order.flatMap((i) => severalOf(targets, i))) }
    : order.map((i) => judged[i]);
  let done = 0;
  const results = new Map<number, { readonly logits: Float64Array; readonly logLoss: number }>();
  const tryOne = (strength: number): number => {
    const known = results.get(strength);
    if (known) return known.logLoss;
    const logits = new Float64Array(order.length * labelCount);
    let at = 0;
    for (const { learned, left, weights } of parts) {
      const logistic = new Logistic(matrix, targets, learned, strength);
      const settings = { tolerance: TOLERANCE, maxIterations: MOST_ITERATIONS };
      lbfgs((w, gradient) => logistic.evaluate(w, gradient), weights, logistic.curvature(), settings);
      const found = logitsOf(matrix, weights, labelCount, left, several);
      logits.set(found, at);
      at += found.length;
      options.onFold?.(++done);
    }
    const logLoss = meanLogLoss(logits, truth, labelCount);
    results.set(strength, { logits, logLoss });
    return logLoss;
  };
  const best = options.strengths ? lowest(options.strengths, tryOne) : walk(options.start, tryOne);
  const { logits, logLoss } = results.get(best)!;
  const accuracyOf = (z: Float64Array) => rightShare(z, truth, labelCount);
  return {
    strength: best,
    logLoss,
    accuracy: accuracyOf(logits),
    temperature: temperatureOf(logits, truth, labelCount),
    tried: [...results]
      .map(([strength, { logits, logLoss }]) => ({ strength, logLoss, accuracy: accuracyOf(logits) }))
      .sort((a, b) => a.strength - b.strength),
  };
}

function lowest(strengths: readonly number[], lossOf: (strength: number) => number): number {
  const losses = strengths.map(lossOf);
  return strengths[losses.indexOf(Math.min(...losses))];
}

/** Less of the log-loss than this is not worth a weaker penalty, nor the time to find it. */
const WORTH = 0.005;

/** Log-loss falls, then rises along the strengths: from the start in the direction in which it falls. */
function walk(start: number, lossOf: (strength: number) => number): number {
  const first = STRENGTHS.indexOf(start as (typeof STRENGTHS)[number]);
  if (first < 0) throw new Error(`internal: no strength ${start} to start from`);
  const climb = (step: 1 | -1): number => {
    let at = first;
    for (;;) {
      const next = STRENGTHS[at + step];
      if (next === undefined || lossOf(next) > lossOf(STRENGTHS[at]) * (1 - WORTH)) return at;
      at += step;
    }
  };
  const up = climb(1);
  return STRENGTHS[up === first ? climb(-1) : up];
}

/** The label with the largest score. */
function hardened(targets: WeightedTargets): Int32Array {
  return targets.labels.map((_, i) => {
    let best = 0;
    for (let c = 1; c < targets.labelCount; c++) if (shareOf(targets, i, c) > shareOf(targets, i, best)) best = c;
    return best;
  });
}

/** Rows that persons have labelled are left out in turn, all others are always learned from; where there are none, all are. */
const personsRows = ({ labels, labelled }: WeightedTargets): Int32Array =>
  labels.map((_, i) => (labelled === 0 || i < labelled ? 0 : -1));

const severalOf = ({ at, shares, labelCount }: WeightedTargets, i: number): number[] =>
  Array.from(shares.subarray(at[i], at[i] + labelCount));

/** Share of rows whose largest logit is their label's; where a row may have any number of labels, of rows whose set is right. */
export function rightShare(logits: ArrayLike<number>, truth: Truth, classes: number): number {
  const rows = rowsOf(truth, classes);
  if (isSeveral(truth)) {
    const { shares } = truth;
    let wrong = 0;
    for (let i = 0; i < rows; i++)
      for (let at = i * classes; at < (i + 1) * classes; at++)
        if (logits[at] >= 0 !== shares[at] >= 0.5) {
          wrong++;
          break;
        }
    return 1 - wrong / rows;
  }
  const labels = truth;
  let right = 0;
  for (let i = 0; i < labels.length; i++) {
    let best = 0;
    for (let c = 1; c < classes; c++) if (logits[i * classes + c] > logits[i * classes + best]) best = c;
    if (best === labels[i]) right++;
  }
  return right / labels.length;
}
