/**
 * The one figure by which answers are judged and tau is chosen: accuracy where a text has one label, micro F1 where it may have any
 * number, the share of the variance explained (R²) where it has a number: a correlation would not see that numbers are on another
 * scale. Beside it what each row moves it by, from which its spread follows.
 */
import { exitOf, type Outcome } from './outcomes.ts';

export interface Quality {
  /** From 0 to 1; R² below 0 where answers are worse than the mean. */
  readonly value: number;
  /** [n], mean about 0: what each row moves the figure by (its influence function). The standard error is their deviation / √n. */
  readonly influence: Float64Array;
}

/** Names for people, of the figures of a `Summary`. */
export const QUALITY_NAMES = {
  accuracy: 'accuracy',
  microF1: 'micro F1',
  r2: 'share of the variance explained',
} as const;
export type QualityName = keyof typeof QUALITY_NAMES;

/** The figures that a summary has, as far as one of them is meant. */
export interface QualityFigures {
  readonly accuracy: number;
  readonly microF1?: number;
  readonly r2?: number;
}

export const qualityName = ({ microF1, r2 }: Omit<QualityFigures, 'accuracy'>): QualityName =>
  r2 !== undefined ? 'r2' : microF1 !== undefined ? 'microF1' : 'accuracy';

export const qualityOf = (figures: QualityFigures): number => figures[qualityName(figures)]!;

/** Of the answers at `tau`, for rows that have no one label. */
export function targetQuality(all: readonly Outcome[], tau: number | null): Quality {
  const pairs = all.map((outcome): readonly [readonly number[], readonly number[]] => {
    const { truth, answers } = outcome.target!;
    return [truth, answers[exitOf(outcome, tau)]];
  });
  return all[0].target!.isNumber ? explainedQuality(pairs) : microF1Quality(pairs);
}

/** Σ 2 TP / Σ (2 TP + FP + FN): a ratio of means, whose rows move it by (2 TP − F1 (2 TP + FP + FN)) / mean denominator. */
export function microF1Quality(pairs: readonly (readonly [readonly number[], readonly number[]])[]): Quality {
  const n = pairs.length;
  const hits = new Float64Array(n);
  const sizes = new Float64Array(n);
  for (const [i, [truth, answer]] of pairs.entries())
    for (let c = 0; c < truth.length; c++) {
      hits[i] += 2 * truth[c] * answer[c];
      sizes[i] += truth[c] + answer[c];
    }
  const size = sum(sizes);
  if (size === 0) return { value: 0, influence: new Float64Array(n) };
  const value = sum(hits) / size;
  return { value, influence: hits.map((hit, i) => (hit - value * sizes[i]) / (size / n)) };
}

/**
 * R² = 1 − Σ (y − ŷ)² / Σ (y − ȳ)²: 1 less a ratio of means, whose rows move it by ((1 − R²) (y − ȳ)² − (y − ŷ)²) / variance. 0 where
 * the numbers never change.
 */
function explainedQuality(pairs: readonly (readonly [readonly number[], readonly number[]])[]): Quality {
  const n = pairs.length;
  const mean = sum(pairs.map(([truth]) => truth[0])) / n;
  const spreads = pairs.map(([truth]) => (truth[0] - mean) ** 2);
  const errors = pairs.map(([truth, answer]) => (truth[0] - answer[0]) ** 2);
  const variance = sum(spreads) / n;
  if (variance === 0) return { value: 0, influence: new Float64Array(n) };
  const left = sum(errors) / n / variance;
  return {
    value: 1 - left,
    influence: Float64Array.from(errors, (error, i) => (left * spreads[i] - error) / variance),
  };
}

/** R² of numbers and answers [n]. */
export const explained = (truth: readonly number[], predicted: readonly number[]): number =>
  explainedQuality(truth.map((value, i) => [[value], [predicted[i]]])).value;

/** Mean 0 and variance 1; all 0 where there is no variance. */
export function standardised(values: readonly number[]): Float64Array {
  const mean = sum(values) / values.length;
  const spread = Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / values.length);
  return Float64Array.from(values, (value) => (spread > 0 ? (value - mean) / spread : 0));
}

const sum = (values: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
};
