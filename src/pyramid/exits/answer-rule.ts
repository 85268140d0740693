/**
 * How logits become an answer, which depends on what a model answers with: the likeliest of its labels, every label whose score
 * reaches its threshold, or the number itself. Knows nothing of exits.
 */
import type { ProblemType } from '../../problem-type.ts';
import { problems } from '../problem.ts';

/** Of several labels that each hold or not, and of numbers. */
export type TargetRule =
  /** `thresholds` [C], above 0 and below 1: the score from which on a text has a label. */
  | { readonly problemType: 'multi_label_classification'; readonly thresholds: readonly number[] }
  /** `spread`: standard deviation of the training rows' numbers; null where it is not known, and nothing leaves early. */
  | { readonly problemType: 'regression'; readonly spread: number | null };

export type AnswerRule = { readonly problemType: 'single_label_classification' } | TargetRule;

export const ONE_LABEL: AnswerRule = { problemType: 'single_label_classification' };

/** Of a label that has none of its own. */
export const USUAL_THRESHOLD = 0.5;

/** The rule of a model, from what its folder says. */
export function answerRule(
  { problemType, labels }: { readonly problemType: ProblemType; readonly labels: readonly string[] },
  { labelThresholds, valueSpread }: { readonly labelThresholds?: readonly number[]; readonly valueSpread?: number },
): AnswerRule {
  switch (problemType) {
    case 'single_label_classification':
      return ONE_LABEL;
    case 'multi_label_classification':
      return { problemType, thresholds: labelThresholds ?? labels.map(() => USUAL_THRESHOLD) };
    case 'regression':
      return { problemType, spread: valueSpread ?? null };
    default:
      return problemType satisfies never;
  }
}

/** [C]: 1 for each label whose score reaches its threshold, else 0. */
export const reached = (scores: readonly number[], thresholds: readonly number[]): number[] =>
  scores.map((score, i) => (score >= thresholds[i] ? 1 : 0));

/** The names of those labels, in the model's order. */
export const labelsReached = (
  scores: readonly number[],
  thresholds: readonly number[],
  labels: readonly string[],
): string[] => labels.filter((_, i) => scores[i] >= thresholds[i]);

/** The answer [C] of rows that have no one label: 0 and 1 by `reached`, or the number. `logits`: with their temperature. */
export function targetAnswered(rule: TargetRule, logits: readonly number[]): number[] {
  const scores = problems[rule.problemType].activation(logits);
  return rule.problemType === 'multi_label_classification' ? reached(scores, rule.thresholds) : scores;
}
