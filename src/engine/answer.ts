/** From an outcome to what the caller reads: the label, its score, and what it cost. */

import { answerRule, labelsReached } from '../pyramid/exits/answer-rule.ts';
import { exitAnswer, type WindowRule, windowsAnswer } from '../pyramid/exits/windows.ts';
import { actualFlops, denseFlops } from '../pyramid/flops.ts';
import { isSure, UNSURE } from '../pyramid/folder/abstention.ts';
import { argmax, ranking } from '../pyramid/logits.ts';
import { problems } from '../pyramid/problem.ts';
import { shapeOf } from '../pyramid/shape.ts';
import type { Outcome } from './job.ts';
import type { ModelDescription, TimedOutcome } from './workers/messages.ts';

export interface Answer {
  /** The likeliest label; `unsure` where the model abstains (`abstention` of its folder): `scores` then has the ranking. */
  readonly label: string;
  /** The likeliest label's probability (softmax, or sigmoid for a multi-label model); a regression's value. */
  readonly score: number;
  /** Of a multi-label model: every label whose score reaches its threshold, in the model's order. Left out for others. */
  readonly labels?: readonly string[];
  /** Of the `topK` likeliest labels, likeliest first; there if topK is above 1, and of five labels or more where the model is unsure. */
  readonly scores?: Readonly<Record<string, number>>;
  /** The layer that answered, from 1; 0: floor 0, which answers before the network. Of several windows the deepest. */
  readonly exit: number;
  /** Tokens by layer: entering layer 1, then left after each layer that ran; of several windows all of theirs. */
  readonly tokens: readonly number[];
  /** The text was longer than the model's maximum, and cut. */
  readonly truncated: boolean;
  /** Windows that it ran as, where `stride` was given and it did not fit into one. */
  readonly windows?: number;
  /** Operations spent on it, heads and peeks included. */
  readonly flops: number;
}

/** All that is known of one answer, for those who give it on by a protocol of their own. */
export interface Detail extends Pick<Answer, 'exit' | 'tokens' | 'truncated' | 'windows' | 'flops'> {
  /** [C]: every label's, in the order of the model's labels. */
  readonly scores: readonly number[];
  /** [C]: what the scores are made from. */
  readonly logits: readonly number[];
  /** The index of the largest score. */
  readonly best: number;
  /** That score is too low to answer by: the model abstains. */
  readonly unsure: boolean;
  /** As in `Answer`. */
  readonly labels?: readonly string[];
  /** Operations of the dense model for as many tokens, in as many windows, as the paper counts. */
  readonly denseFlops: number;
  /** Unknown pieces among the tokens that enter layer 1. */
  readonly unknown: number;
  /** Milliseconds that tokenising took, and from then to the answer. */
  readonly tokenizeMs: number;
  /** Milliseconds from then to the answer. */
  readonly inferenceMs: number;
}

/** `tau` as the text was run with; `windows`: how those of a long text become one answer. */
export function detailOf(
  model: ModelDescription,
  { tokenizeMs, inferenceMs, ...outcome }: TimedOutcome,
  tau: number | null,
  windows?: WindowRule,
): Detail {
  const { exit, tokens, truncated, unknown } = outcome;
  const logits = answerLogits(model, outcome, windows);
  const scores = problems[model.config.problemType].activation(logits);
  const best = argmax(scores);
  return {
    scores,
    logits,
    best,
    unsure: !isSure(model.info.abstention, scores[best]),
    ...labelsOf(model, scores),
    exit,
    tokens,
    truncated,
    ...countOf(outcome),
    unknown,
    flops: flopsOf(model, outcome, tau),
    denseFlops: total(eachWindow(outcome), ({ tokens: own }) => denseFlops(shapeOf(model.config), own[0])),
    tokenizeMs,
    inferenceMs,
  };
}

/** As `detailOf`. */
export function answerOf(
  model: ModelDescription,
  outcome: Outcome,
  { tau, topK, windows }: { readonly tau: number | null; readonly topK: number; readonly windows?: WindowRule },
): Answer {
  const { config, info } = model;
  const { exit, tokens, truncated } = outcome;
  const scores = problems[config.problemType].activation(answerLogits(model, outcome, windows));
  const best = argmax(scores);
  const flops = flopsOf(model, outcome, tau);
  const unsure = !isSure(info.abstention, scores[best]);
  const label = answeredLabel(config.labels, { best, unsure });
  const cost = { exit, tokens, truncated, ...countOf(outcome), flops };
  const answer = { label, score: scores[best], ...labelsOf(model, scores), ...cost };
  const shown = shownLabels(topK, unsure);
  if (shown <= 1) return answer;
  const most = Object.fromEntries(
    ranking(scores)
      .slice(0, shown)
      .map((i) => [config.labels[i], scores[i]]),
  );
  return { ...answer, scores: most };
}

/** What is answered: the likeliest label, or that the model is unsure. */
export const answeredLabel = (labels: readonly string[], { best, unsure }: Pick<Detail, 'best' | 'unsure'>): string =>
  unsure ? UNSURE : labels[best];

/** How many labels of the ranking an answer has: whoever decides instead of an unsure model wants to see some. */
export const shownLabels = (topK: number, unsure: boolean): number => (unsure ? Math.max(topK, 5) : topK);

/** The labels that a text has by its scores, where it may have any number of them. */
export function labelsOf(
  { config, info }: Pick<ModelDescription, 'config' | 'info'>,
  scores: readonly number[],
): Pick<Answer, 'labels'> {
  const rule = answerRule(config, info);
  return rule.problemType === 'multi_label_classification'
    ? { labels: labelsReached(scores, rule.thresholds, config.labels) }
    : {};
}

/** [C]: what the scores of the exit that answered are the softmax of; of several windows what theirs together come to. */
function answerLogits(model: ModelDescription, outcome: Outcome, how?: WindowRule): readonly number[] {
  const { sum, info, config } = model;
  const exits = { sum, temperatures: info.exitTemperatures };
  if (!outcome.windows) return exitAnswer(outcome, exits);
  return windowsAnswer(outcome.windows, { ...exits, rule: answerRule(config, info) }, how);
}

/** What a text was run as: its windows, or itself. */
const eachWindow = (outcome: Outcome): readonly Outcome[] => outcome.windows ?? [outcome];

const countOf = ({ windows }: Outcome): Pick<Answer, 'windows'> => (windows ? { windows: windows.length } : {});

const total = <T>(items: readonly T[], value: (item: T) => number): number =>
  items.reduce((sum, item) => sum + value(item), 0);

/** Of all windows. */
const flopsOf = (model: ModelDescription, outcome: Outcome, tau: number | null): number =>
  total(eachWindow(outcome), (one) => windowFlops(model, one, tau));

function windowFlops(
  { config, headSettings, info }: ModelDescription,
  { exit, tokens, floor }: Outcome,
  tau: number | null,
): number {
  const { layers } = config;
  // layers that the text never reached are not counted; the count wants an entry for each all the same
  const padded = Array.from({ length: layers + 1 }, (_, layer) => tokens[Math.min(layer, tokens.length - 1)]);
  return actualFlops(shapeOf(config), padded, exit, {
    headKind: tau === null ? 'none' : headSettings.kind,
    pairs: headSettings.pairs,
    peeks: 'all',
    asked: info.asked,
    fastbertWidth: headSettings.width,
    floor: floor !== null,
  });
}
