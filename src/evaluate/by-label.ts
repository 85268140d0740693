/**
 * Precision, recall and F1 of each label, their means, and which labels are taken for which: what scikit-learn's
 * classification_report prints, with 0 where it divides by zero. Of a trace at one tau. Pure functions.
 */
import { exitOf, outcomes } from './outcomes.ts';
import type { Trace } from './trace-lines.ts';

/** From 0 to 1. */
export interface Rates {
  /** Of the rows that were given the label, the share that have it. */
  readonly precision: number;
  /** Of the rows that have the label, the share that were given it. */
  readonly recall: number;
  readonly f1: number;
}

export interface LabelFigures extends Rates {
  readonly label: string;
  /** Rows that have it. */
  readonly support: number;
  /** Rows that were given it. */
  readonly answered: number;
}

export interface Confusion {
  /** What the rows have. */
  readonly label: string;
  /** What they were given instead. */
  readonly answered: string;
  readonly rows: number;
}

export interface ByLabel {
  /** In the model's order. */
  readonly labels: readonly LabelFigures[];
  /** Over all decisions, one a row and label, where a row may have any number of labels; else left out: each of it is the accuracy. */
  readonly micro?: Rates;
  /** Mean over the labels that rows have or were given. */
  readonly macro: Rates;
  /** The same, each label counted by its support. */
  readonly weighted: Rates;
  /** Most rows first. Left out where a row may have any number of labels: none stands in the place of another. */
  readonly confusions?: readonly Confusion[];
}

/** null: the trace's rows have numbers. */
export function byLabel(trace: Trace, tau: number | null): ByLabel | null {
  if (trace.answers?.problemType === 'regression') return null;
  const all = outcomes(trace);
  const exits = all.map((outcome) => exitOf(outcome, tau));
  const { labels } = trace;
  if (trace.answers)
    return byLabelOfSets(
      labels,
      all.map(({ target }) => target!.truth),
      all.map(({ target }, i) => target!.answers[exits[i]]),
    );
  const [truth, answers] = [all.map(({ label }) => label), all.map(({ predicted }, i) => predicted[exits[i]])];
  const oneHot = (own: number) => labels.map((_, label) => Number(label === own));
  const { micro: _, ...figures } = byLabelOfSets(labels, truth.map(oneHot), answers.map(oneHot));
  return { ...figures, confusions: confusions(labels, truth, answers) };
}

/** `truth` and `answers` [rows, C] of 0 and 1. */
function byLabelOfSets(
  labels: readonly string[],
  truth: readonly (readonly number[])[],
  answers: readonly (readonly number[])[],
): ByLabel & { readonly micro: Rates } {
  const counts = labels.map((_, c) => {
    const count = (is: (row: number) => boolean) => truth.reduce((sum, _row, i) => sum + Number(is(i)), 0);
    return {
      right: count((i) => truth[i][c] === 1 && answers[i][c] === 1),
      support: count((i) => truth[i][c] === 1),
      answered: count((i) => answers[i][c] === 1),
    };
  });
  const figures = counts.map((count, c) => ({ label: labels[c], ...rates(count), ...of(count) }));
  const met = figures.filter(({ support, answered }) => support + answered > 0);
  const total = (key: keyof Count) => counts.reduce((sum, count) => sum + count[key], 0);
  return {
    labels: figures,
    micro: rates({ right: total('right'), support: total('support'), answered: total('answered') }),
    macro: mean(met, () => 1),
    weighted: mean(met, ({ support }) => support),
  };
}

interface Count {
  readonly right: number;
  readonly support: number;
  readonly answered: number;
}

const of = ({ support, answered }: Count) => ({ support, answered });

function rates({ right, support, answered }: Count): Rates {
  const ratio = (whole: number) => (whole === 0 ? 0 : right / whole);
  return {
    precision: ratio(answered),
    recall: ratio(support),
    f1: right === 0 ? 0 : (2 * right) / (support + answered),
  };
}

function mean(figures: readonly LabelFigures[], weightOf: (figures: LabelFigures) => number): Rates {
  const whole = figures.reduce((sum, each) => sum + weightOf(each), 0);
  const of = (key: keyof Rates) =>
    whole === 0 ? 0 : figures.reduce((sum, each) => sum + weightOf(each) * each[key], 0) / whole;
  return { precision: of('precision'), recall: of('recall'), f1: of('f1') };
}

function confusions(
  labels: readonly string[],
  truth: readonly number[],
  answers: readonly number[],
): readonly Confusion[] {
  const rows = new Map<number, number>();
  for (const [i, label] of truth.entries()) {
    if (label === answers[i]) continue;
    const pair = label * labels.length + answers[i];
    rows.set(pair, (rows.get(pair) ?? 0) + 1);
  }
  return [...rows]
    .sort(([a, left], [b, right]) => right - left || a - b)
    .map(([pair, count]) => ({
      label: labels[Math.floor(pair / labels.length)],
      answered: labels[pair % labels.length],
      rows: count,
    }));
}
