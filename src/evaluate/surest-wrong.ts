/**
 * The rows that a model is wrong about, the surest first: what a person looks at to find wrong labels and what is missing in the
 * training rows. A pure function of a trace at one tau.
 */
import { exitLogits, temperatureAt, tempered } from '../pyramid/exits/sum.ts';
import { problems } from '../pyramid/problem.ts';
import { exitOf, outcomes } from './outcomes.ts';
import { ruleOf, type Trace } from './trace-lines.ts';

export interface WrongAnswer {
  /** Of the row, in the trace's order. */
  readonly row: number;
  readonly truth: string;
  readonly answered: string;
  /**
   * The score of the answer, 0 to 1; where a row may have any number of labels, of the surest wrong decision about one of them; of
   * numbers the distance from the row's.
   */
  readonly certainty: number;
}

/** At most `most`; rows of equal certainty in their order. */
export function surestWrong(trace: Trace, tau: number | null, most: number): WrongAnswer[] {
  const { problemType } = ruleOf(trace);
  const { labels, floor: sum = null, temperatures, entries } = trace;
  const wrong = outcomes(trace).flatMap((outcome, row): WrongAnswer[] => {
    const exit = exitOf(outcome, tau);
    const { label, target, predicted } = outcome;
    if (target?.isNumber) {
      const [[truth], [answer]] = [target.truth, target.answers[exit]];
      const texts = { truth: String(truth), answered: String(Number(answer.toPrecision(4))) };
      return answer === truth ? [] : [{ row, ...texts, certainty: Math.abs(answer - truth) }];
    }
    if (predicted[exit] === label) return [];
    const { logits, floor = null } = entries[row];
    const exits = exitLogits(logits, floor, sum);
    const own = exit === 0 ? exits.floor! : exits.layers[exit - 1];
    const scores = problems[problemType].activation(tempered(own, temperatureAt(temperatures, exit)));
    if (!target) {
      const answer = predicted[exit];
      return [{ row, truth: labels[label], answered: labels[answer], certainty: scores[answer] }];
    }
    const named = (set: readonly number[]) => labels.filter((_, c) => set[c] === 1).join(', ') || 'none';
    const answer = target.answers[exit];
    const certainties = scores.flatMap((score, c) =>
      answer[c] === target.truth[c] ? [] : [answer[c] === 1 ? score : 1 - score],
    );
    return [{ row, truth: named(target.truth), answered: named(answer), certainty: Math.max(...certainties) }];
  });
  return wrong.sort((a, b) => b.certainty - a.certainty || a.row - b.row).slice(0, most);
}
