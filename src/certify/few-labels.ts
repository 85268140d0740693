/**
 * A certificate from few labels. Only texts on which an early and the full answer differ can lose anything: with U the texts on which
 * any setting of the path does, δ(θ) = P(U) · E[D(θ) | U]. P(U) is bounded on texts without labels, and a person labels a sample of U.
 * The labels may fail with α/2, the bound of U at the path's end with α/4; and where a setting's own U is small enough no label is
 * needed, which may fail with α/4 too.
 */
import { PyramidError } from '../errors.ts';
import { exitOf, type Outcome, outcomes } from '../evaluate/outcomes.ts';
import type { Trace } from '../evaluate/trace.ts';
import { knownOptions } from '../option.ts';
import type { Risk } from '../pyramid/folder/certificate.ts';
import { binomialUpper } from './binomial.ts';
import { type Certified, factsAt, testOptions } from './certify.ts';
import { DIAL } from './dial.ts';
import { fixedSequence } from './fixed-sequence.ts';
import { fullAnswers, lossesAt, needDial } from './losses.ts';
import { readingOrder } from './reading-order.ts';
import { bounded, isRejected, type TestOptions } from './risk-test.ts';
import { rowsNeeded } from './rows-needed.ts';

/** What is to be promised, and how many labels there may be. */
export interface FewLabelsOptions {
  /** What is to be certified with them; `net-drop` where left out. Disagreement needs no labels: `certify` has it. */
  readonly risk?: Exclude<Risk, 'disagreement'>;
  /** ε, above 0 and below 1: 0.01 is one point. */
  readonly maxRisk: number;
  /** 1 − α, above 0 and below 1; 0.95 where left out. */
  readonly confidence?: number;
  /** The most texts that a person will label. */
  readonly budget: number;
  /** Of the sample. The same seed, texts and options give the same sample. */
  readonly seed: number;
  /** The fast end of the path, set before the texts were seen; found from the budget where left out. */
  readonly end?: number;
}

/** Which texts a person should label. */
export interface LabelPlan {
  /** The fast end of the path that the labels are for; null where even the slowest setting differs too often. */
  readonly end: number | null;
  /** Share of the texts that are in U, and the bound of P(U) with confidence 1 − α/4. */
  readonly differing: { readonly estimate: number; readonly upper: number };
  /** Indices of the texts to be labelled, at most `budget`: a uniform sample of U in a seeded order. */
  readonly texts: readonly number[];
}

/**
 * How far from 0 the mean of a sample of n is bounded, times √n, where gains and losses are as many: what the fast end is cut by.
 * Measured with the bets of betting.ts; a wrong figure costs labels or speed, never the promise.
 */
const SPREAD = 2.8;

/**
 * Which texts of `trace` are worth a label; its own labels are not read. The fast end is cut so that U is no larger than a budget of
 * labels can certify: to t = ε √budget / 2.8. Throws MP_USAGE.
 */
export function textsWorthLabelling(trace: Trace, given: FewLabelsOptions): LabelPlan {
  const known = checked(given);
  needOneLabel(trace);
  return planOf(trace, outcomes(trace), known);
}

/**
 * Certifies along the path up to the plan's end, from the labels of its texts: index of the text → index of the label. Every text of
 * the plan needs one: those that a person skipped are not a chance sample. Throws MP_USAGE.
 */
export function certifyFewLabels(
  trace: Trace,
  labels: ReadonlyMap<number, number>,
  given: FewLabelsOptions,
): Certified {
  const known = checked(given);
  const { risk, options, seed } = known;
  needOneLabel(trace);
  const all = outcomes(trace);
  const plan = planOf(trace, all, known);
  const missing = plan.texts.filter((i) => labels.get(i) === undefined).length;
  if (missing > 0)
    throw new PyramidError('MP_USAGE', {
      what: `${missing} of the ${plan.texts.length} texts to be labelled have no label`,
      todo: 'label all of them: those that were skipped may be the hard ones',
    });
  const sample = plan.texts.map((i) => ({ ...all[i], label: labels.get(i)! }));
  const full = fullAnswers(sample);
  const share = plan.differing.upper;
  const within: TestOptions = { maxRisk: Math.min(1 - 1e-9, options.maxRisk / share), alpha: options.alpha / 2 };
  const path = plan.end === null ? [] : DIAL.filter((setting) => setting <= plan.end!);
  const firstAt = all.map(firstDiffering);
  const ownShare = (setting: number) => shareUpTo(firstAt, path[setting], options);
  // a setting on which no more texts differ than may lose has nothing left to show
  const isSafe = (setting: number) =>
    ownShare(setting) <= options.maxRisk ||
    (sample.length > 0 && isRejected(risk, lossesAt(sample, full, path[setting], risk), within));
  const last = fixedSequence(path.length, isSafe);
  const tau = last < 0 ? null : path[last];
  const bound = () => {
    const own = ownShare(last);
    if (sample.length === 0) return { estimate: 0, upper: own };
    const { estimate, upper } = bounded(risk, lossesAt(sample, full, tau, risk), within);
    return { estimate: estimate * plan.differing.estimate, upper: Math.max(0, Math.min(own, upper * share)) };
  };
  return {
    certificate: {
      format: 1,
      risk,
      against: 'network',
      maxRisk: options.maxRisk,
      confidence: 1 - options.alpha,
      ...factsAt(all, tau, options),
      labelled: sample.length,
      seed,
      tau,
      atTau: tau === null ? { estimate: 0, upper: 0 } : bound(),
    },
    rowsNeeded:
      tau === null && sample.length === known.budget
        ? rowsNeeded(risk, lossesAt(sample, full, path[0], risk), within)
        : null,
  };
}

interface Checked extends Pick<FewLabelsOptions, 'budget' | 'seed' | 'end'> {
  readonly risk: Risk;
  readonly options: TestOptions;
}

function checked(given: FewLabelsOptions): Checked {
  const known = knownOptions(given, ['risk', 'maxRisk', 'confidence', 'budget', 'seed', 'end']);
  const { risk = 'net-drop', maxRisk, confidence = 0.95, budget, seed, end } = known;
  if (!(Number.isSafeInteger(budget) && budget > 0))
    throw new PyramidError('MP_USAGE', { what: `the budget is ${budget} labels`, todo: 'give a whole number above 0' });
  return { risk, options: testOptions({ risk, maxRisk, confidence }), budget, seed, end };
}

function planOf(trace: Trace, all: readonly Outcome[], { options, budget, seed, end: given }: Checked): LabelPlan {
  const n = all.length;
  const { maxRisk } = options;
  const firstAt = all.map(firstDiffering);
  const differing = (end: number) => firstAt.filter((first) => first <= end).length;
  const upperAt = (end: number) => shareUpTo(firstAt, end, options);
  let end = given ?? null;
  let upper = 1;
  if (end !== null) upper = upperAt(end);
  else {
    // U grows along the path, so with t fixed beforehand the first end whose U is larger passes with probability α/4 at most: t
    // itself is the bound, wherever the cut falls
    const t = Math.min(1, Math.max(maxRisk, (maxRisk * Math.sqrt(budget)) / SPREAD));
    const last = fixedSequence(DIAL.length, (setting) => upperAt(DIAL[setting]) <= t);
    end = last < 0 ? null : DIAL[last];
    upper = end === null ? 1 : t;
  }
  if (end === null) return { end, differing: { estimate: differing(DIAL[0]) / n, upper }, texts: [] };
  const inside = readingOrder(trace, seed).filter((i) => firstAt[i] <= end);
  return { end, differing: { estimate: inside.length / n, upper }, texts: inside.slice(0, budget) };
}

/** The bound of P(U) with confidence 1 − α/4, U of the path up to `end`; `firstAt`: of each text where it first differs. */
const shareUpTo = (firstAt: readonly number[], end: number, { alpha }: TestOptions): number =>
  binomialUpper(firstAt.filter((first) => first <= end).length, firstAt.length, alpha / 4);

/** The first setting of the dial at which a text's answer is not its full one; without end where there is none. */
function firstDiffering(outcome: Outcome): number {
  const full = outcome.predicted[exitOf(outcome, null)];
  return DIAL.find((tau) => outcome.predicted[exitOf(outcome, tau)] !== full) ?? Number.POSITIVE_INFINITY;
}

/** A person is asked for one label a text. Throws MP_USAGE. */
function needOneLabel(trace: Trace): void {
  needDial(trace);
  if (trace.answers)
    throw new PyramidError('MP_USAGE', {
      what: 'the file of texts to label has one label a text, and the model answers with any number of labels',
      todo: 'certify it with --calibration rows',
    });
}
