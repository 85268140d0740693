/**
 * When to answer "unsure": the lowest score at which, of the answers that are given, at least the asked share is right. Selective
 * classification (Geifman and El-Yaniv 2017, https://arxiv.org/abs/1705.08500), certified by testing scores from strict to
 * lenient. A pure function of a trace of rows that have trained or chosen nothing, neither the model nor its tau.
 */
import { PyramidError } from '../errors.ts';
import type { ScoredAnswer } from '../evaluate/calibration-error.ts';
import { exitOf, outcomes } from '../evaluate/outcomes.ts';
import type { Trace } from '../evaluate/trace.ts';
import { exitLogits, temperatureAt, tempered } from '../pyramid/exits/sum.ts';
import type { Abstention } from '../pyramid/folder/abstention.ts';
import { softmax } from '../pyramid/logits.ts';
import { binomialPValue, binomialUpper } from './binomial.ts';
import { DIAL } from './dial.ts';
import { fallback } from './fallback.ts';

/** All but the fingerprint, which only the folder knows. */
export type AbstentionFacts = Omit<Abstention, 'settings'>;

export interface AbstentionOptions {
  /** To be promised of the answers that are given, above 0 and below 1. */
  readonly accuracy: number;
  /** 1 − α, above 0 and below 1; 0.95 where left out. */
  readonly confidence?: number;
}

/** Least scores from strict to lenient, the dial's own steps: frozen before any row is seen. */
export const SCORES: readonly number[] = DIAL.map((doubt) => Number((1 - doubt).toFixed(6)));

/**
 * Where tests begin, each with an even share of α: strict scores answer too few rows to be certified by few rows, so that a
 * path from the strictest alone would end at its first step.
 */
const STARTS: readonly number[] = [0.99, 0.95, 0.8, 0.5];

/**
 * `rowsNeeded`: where nothing is certified, about how many rows like these would be enough; null where more rows would not help.
 * Throws MP_USAGE where there are no rows, or a value is out of its range.
 */
export function certifyAbstention(
  trace: Trace,
  tau: number | null,
  { accuracy, confidence = 0.95 }: AbstentionOptions,
): { readonly abstention: AbstentionFacts | null; readonly rowsNeeded: number | null } {
  for (const [name, value] of Object.entries({ accuracy, confidence }))
    if (!(value > 0 && value < 1))
      throw new PyramidError('MP_USAGE', { what: `${name} is ${value}`, todo: 'give a fraction between 0 and 1' });
  const n = trace.entries.length;
  if (n === 0) throw new PyramidError('MP_USAGE', { what: 'there are no rows', todo: 'give at least one' });
  const alpha = 1 - confidence;
  const answers = answersAt(trace, tau).sort((a, b) => b.score - a.score);
  const given = answersGiven(answers);
  /** [n+1]: wrong ones among the surest 0, 1, … answers. */
  const wrong = [0];
  for (const { isRight } of answers) wrong.push(wrong.at(-1)! + Number(!isRight));
  const levels = SCORES.map((score) => (STARTS.includes(score) ? alpha / STARTS.length : 0));
  const pValue = pValues(wrong, 1 - accuracy);
  const certified = fallback(levels, (setting, level) => pValue(given[setting]) <= level);
  const last = certified.lastIndexOf(true);
  if (last < 0) return { abstention: null, rowsNeeded: needed(wrong, given, { accuracy, alpha }) };
  const k = wrong[given[last]];
  return {
    abstention: {
      format: 1,
      minScore: SCORES[last],
      accuracy,
      confidence,
      rows: n,
      answered: given[last] / n,
      right: { estimate: 1 - k / given[last], lower: 1 - binomialUpper(k, given[last], alpha) },
      tau,
    },
    rowsNeeded: null,
  };
}

/** What a model that abstains does with these rows at `tau`: the share that it answers, and of those the share that is right (null: none). */
export function abstaining(
  trace: Trace,
  tau: number | null,
  { minScore }: Pick<Abstention, 'minScore'>,
): { readonly answered: number; readonly right: number | null } {
  const answers = answersAt(trace, tau);
  const given = answers.filter(({ score }) => score >= minScore);
  const right = given.filter(({ isRight }) => isRight).length;
  return { answered: given.length / answers.length, right: given.length === 0 ? null : right / given.length };
}

/** The answer of each text at `tau`, with the score that people see. */
export function answersAt(trace: Trace, tau: number | null): ScoredAnswer[] {
  const { entries, floor: sum = null, temperatures } = trace;
  return outcomes(trace).map((outcome, i) => {
    const exit = exitOf(outcome, tau);
    const { logits, floor = null } = entries[i];
    const exits = exitLogits(logits, floor, sum);
    const row = exit === 0 ? exits.floor! : exits.layers[exit - 1];
    const answer = outcome.predicted[exit];
    const score = softmax(tempered(row, temperatureAt(temperatures, exit)))[answer];
    return { score, isRight: answer === outcome.label };
  });
}

/** The p-value of the surest `count` answers, each computed once: many settings have the same. `wrong` [n+1] as above. */
function pValues(wrong: readonly number[], rate: number): (count: number) => number {
  const known = new Map([[0, 1]]);
  return (count) => {
    const p = known.get(count) ?? binomialPValue(wrong[count], count, rate);
    known.set(count, p);
    return p;
  };
}

/** How many of the answers, surest first, are given at each of `SCORES`. */
function answersGiven(answers: readonly ScoredAnswer[]): number[] {
  let count = 0;
  return SCORES.map((least) => {
    while (count < answers.length && answers[count].score >= least) count++;
    return count;
  });
}

/** About the fewest rows that one of the starting scores would take, with its own share of α. */
function needed(
  wrong: readonly number[],
  given: readonly number[],
  { accuracy, alpha }: { readonly accuracy: number; readonly alpha: number },
): number | null {
  const n = wrong.length - 1;
  const rows = STARTS.flatMap((start) => {
    const answered = given[SCORES.indexOf(start)];
    const seen = wrong[answered] / answered;
    const most = 1 - accuracy;
    if (!(seen < most)) return [];
    // one more wrong answer than was seen, since the score that happened to be luckiest is the one that is taken; of few rows half the way to it
    const rate = Math.min((wrong[answered] + 1) / (answered + 1), (seen + most) / 2);
    const enough = answersNeeded(rate, most, alpha / STARTS.length);
    return enough === null ? [] : [Math.ceil((enough * n) / answered)];
  });
  return rows.length === 0 ? null : Math.min(...rows);
}

/** The standard normal's 80 % quantile. */
const FOUR_IN_FIVE = 0.8416;
const MOST_ANSWERS = 1e6;

/**
 * How many answers, wrong at `rate`, reject a rate of `most` at level α in four draws of five; null where it takes
 * more than a million.
 */
function answersNeeded(rate: number, most: number, alpha: number): number | null {
  const rejects = (n: number) =>
    binomialPValue(Math.ceil(n * rate + FOUR_IN_FIVE * Math.sqrt(n * rate * (1 - rate))), n, most) <= alpha;
  let high = 1;
  while (!rejects(high)) {
    high *= 2;
    if (high > MOST_ANSWERS) return null;
  }
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (rejects(middle)) high = middle;
    else low = middle;
  }
  return high;
}
