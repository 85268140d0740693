/**
 * Judges texts that ran as windows, each of which leaves at an exit of its own: from a trace with a row for each window to the figures of the
 * texts. A text's operations are those of all its windows; its exit is the deepest. A pure function; runs nothing.
 */
import { targetAnswered } from '../pyramid/exits/answer-rule.ts';
import { fromNumber } from '../pyramid/exits/exit-rule.ts';
import { exitAnswer, type WindowRule, windowsAnswer } from '../pyramid/exits/windows.ts';
import { argmax } from '../pyramid/logits.ts';
import { type Judgement, judgeOutcomes, needExits } from './judge.ts';
import { actualOf, type CountOptions, exitOf, type Outcome, outcomes } from './outcomes.ts';
import type { Trace } from './trace.ts';
import { ruleOf } from './trace-lines.ts';

export interface WindowTrace {
  /** An entry for each window, those of a text together and in order, each with the text's label. */
  readonly trace: Trace;
  /** [texts]: how many windows each has. */
  readonly counts: readonly number[];
}

/** As `judge`. `tokensByLayer` and lengths are those of all windows of a text, what they share counted in each. Throws as `judge`. */
export function judgeWindows(
  { trace, counts }: WindowTrace,
  tau: number | null,
  how: WindowRule,
  options: CountOptions = {},
): Judgement {
  needExits(trace, tau);
  const all = outcomes(trace, options);
  const sets = new Map<string, number>();
  let from = 0;
  const texts = counts.map((count) => {
    const to = from + count;
    const outcome = textOutcome(trace, all, [from, to], { tau, how, sets });
    from = to;
    return outcome;
  });
  return judgeOutcomes(trace, texts, tau);
}

interface How {
  readonly tau: number | null;
  readonly how: WindowRule;
  /** Numbers of sets of labels, of texts that may have several. */
  readonly sets: Map<string, number>;
}

/** What a text of these windows is at tau: the same at every exit, and uncertain but at the deepest. */
function textOutcome(
  trace: Trace,
  all: readonly Outcome[],
  [from, to]: readonly [number, number],
  { tau, how, sets }: How,
): Outcome {
  const windows = all.slice(from, to);
  const rule = ruleOf(trace);
  const exits = windows.map((window) => exitOf(window, tau));
  const exited = trace.entries
    .slice(from, to)
    .map(({ logits, floor = null }, i) => ({ exit: exits[i], logits, floor }));
  const answering = { rule, sum: trace.floor ?? null, temperatures: trace.temperatures };
  // floor 0 answers for the whole text, and so for all windows or for none
  const logits =
    exited.length === 1 || exits[0] === 0 ? exitAnswer(exited[0], answering) : windowsAnswer(exited, answering, how);
  const deepest = exits.reduce((a, b) => Math.max(a, b));
  const { layers } = trace.shape;
  const atEachExit = <T>(value: T): T[] => new Array<T>(layers + 1).fill(value);
  const [{ label, target }] = windows;
  let truth = label;
  let answered = argmax(logits);
  let answer: number[] | undefined;
  if (target && rule.problemType !== 'single_label_classification') {
    answer = targetAnswered(rule, logits);
    [truth, answered] = target.isNumber ? [0, 0] : [numberIn(sets, target.truth), numberIn(sets, answer)];
  }
  const total = (value: (window: Outcome, i: number) => number) =>
    windows.reduce((sum, window, i) => sum + value(window, i), 0);
  return {
    label: truth,
    ...(target && answer && { target: { ...target, answers: atEachExit(answer) } }),
    length: total(({ length }) => length),
    tokens: Array.from({ length: layers + 1 }, (_, l) => total(({ tokens }) => tokens[l])),
    unknown: windows.some(({ unknown }) => unknown === null) ? null : total(({ unknown }) => unknown!),
    uncertainty: Array.from({ length: layers }, (_, l) =>
      l + 1 === deepest && deepest < layers ? fromNumber(0) : null,
    ),
    floorUncertainty: deepest === 0 ? fromNumber(0) : null,
    predicted: atEachExit(answered),
    paper: atEachExit(total(({ paper }, i) => paper[exits[i]])),
    actual: atEachExit(total((window, i) => actualOf(window, exits[i], tau))),
    actualWithoutExits: total(({ actualWithoutExits }) => actualWithoutExits),
    dense: total(({ dense }) => dense),
  };
}

function numberIn(sets: Map<string, number>, set: readonly number[]): number {
  const key = set.join();
  const known = sets.get(key) ?? sets.size;
  sets.set(key, known);
  return known;
}
