/**
 * Whether scores are as sure as they are right: the expected calibration error (Guo et al. 2017, section 2,
 * https://arxiv.org/abs/1706.04599), in bins of equal mass (as many answers in each) instead of equal width, since scores crowd
 * near 1. A pure function; of a trace, at each exit.
 */
import { exitLogits, temperatureAt, tempered } from '../pyramid/exits/sum.ts';
import { argmax, softmax } from '../pyramid/logits.ts';
import { problems } from '../pyramid/problem.ts';
import type { Trace } from './trace.ts';

export const CALIBRATION_BINS = 15;

/** One answer: its score, 0 to 1, and whether it is right. */
export interface ScoredAnswer {
  readonly score: number;
  readonly isRight: boolean;
}

/**
 * Σ_b (n_b / n) |right_b − score_b|: over bins of answers by rising score, the share that is right against the mean score, 0 to 1. Answers
 * of one score count as equally right, so that their order says nothing. At least one answer.
 */
export function calibrationError(answers: readonly ScoredAnswer[], bins = CALIBRATION_BINS): number {
  const n = answers.length;
  if (n === 0) throw new Error('internal: no answers to judge');
  const rising = withEqualShares([...answers].sort((a, b) => a.score - b.score));
  let error = 0;
  for (let bin = 0; bin < bins; bin++) {
    const inside = rising.slice(Math.floor((bin * n) / bins), Math.floor(((bin + 1) * n) / bins));
    error += Math.abs(inside.reduce((sum, { right, score }) => sum + right - score, 0)) / n;
  }
  return error;
}

/** `rising` by score; `right`: the share of right answers among those of the same score. */
function withEqualShares(rising: readonly ScoredAnswer[]): { readonly score: number; readonly right: number }[] {
  const shares: { score: number; right: number }[] = [];
  for (let from = 0; from < rising.length; from = shares.length) {
    const { score } = rising[from];
    let to = from;
    let right = 0;
    for (; to < rising.length && rising[to].score === score; to++) if (rising[to].isRight) right++;
    for (let i = from; i < to; i++) shares.push({ score, right: right / (to - from) });
  }
  return shares;
}

/**
 * [L+1], by exit, floor 0 first: the expected calibration error of the answers that all texts would have there. null where no text
 * is asked, and for a model with one label or of numbers. Where a text may have any number of labels each of them is an answer, its score
 * how likely the text has it.
 */
export function calibrationErrors({ shape, floor: sum, temperatures, answers, entries }: Trace): (number | null)[] {
  const byExit = Array.from({ length: shape.layers + 1 }, (): ScoredAnswer[] => []);
  for (const { label, target, logits, floor = null } of answers?.problemType === 'regression' ? [] : entries) {
    const { floor: own, layers } = exitLogits(logits, floor, sum ?? null);
    for (const [exit, row] of [own ?? [], ...layers].entries()) {
      if (target && row.length > 0) {
        const scores = problems.multi_label_classification.activation(tempered(row, temperatureAt(temperatures, exit)));
        for (const [c, score] of scores.entries()) byExit[exit].push({ score, isRight: target[c] === 1 });
        continue;
      }
      if (row.length < 2) continue;
      const answer = argmax(row);
      const scores = softmax(tempered(row, temperatureAt(temperatures, exit)));
      byExit[exit].push({ score: scores[answer], isRight: answer === label });
    }
  }
  return byExit.map((answers) => (answers.length === 0 ? null : calibrationError(answers)));
}
