/**
 * One answer of a text that ran as several windows, each of which left at an exit of its own. Engine and evaluation call it. Knows nothing of
 * how texts are cut.
 */
import type { AnswerRule } from './answer-rule.ts';
import { askedBefore, isLess, type Uncertainty, uncertaintyOf } from './exit-rule.ts';
import { addendOf, type ExitSum, type ExitTemperatures, floorAnswer, summed, temperatureAt, tempered } from './sum.ts';

/**
 * How the answers of a text's windows become one. `mean`: of their logits, as their exits' scores are made of them, so that every part of the
 * text counts. `certain`: that of the least unsure window alone.
 */
export type WindowRule = 'mean' | 'certain';
export const WINDOW_RULES: readonly WindowRule[] = ['mean', 'certain'];

/** What came of a window, or of a text that is one. */
export interface Exited {
  /** The layer that answered, 0: floor 0. */
  readonly exit: number;
  /** Logits by layer up to `exit`, the network's own; [] where no head was asked. */
  readonly logits: readonly (readonly number[])[];
  /** [C]: z_0 of the whole text; null where floor 0 was not asked. */
  readonly floor: readonly number[] | null;
}

/** What of a model says how logits become an answer. */
export interface Answering {
  readonly rule: AnswerRule;
  readonly sum: ExitSum | null;
  readonly temperatures: ExitTemperatures;
}

/** [C]: what the scores of the exit that answered are made of. */
export function exitAnswer(
  { exit, logits, floor }: Exited,
  { sum, temperatures }: Omit<Answering, 'rule'>,
): readonly number[] {
  if (exit === 0) return floorAnswer(sum!, floor!);
  return tempered(summed(logits[exit - 1], addendOf(sum, floor)), temperatureAt(temperatures, exit));
}

/** [C]: the same of all windows of a text; none of them left at floor 0, which answers for the whole text. */
export function windowsAnswer(
  windows: readonly Exited[],
  model: Answering,
  how: WindowRule = 'mean',
): readonly number[] {
  if (how === 'certain') return exitAnswer(windows[leastUnsure(windows, model)], model);
  const answers = windows.map((window) => exitAnswer(window, model));
  return answers[0].map((_, c) => answers.reduce((sum, logits) => sum + logits[c], 0) / answers.length);
}

/** The first of the least unsure ones. */
function leastUnsure(windows: readonly Exited[], { rule, sum }: Answering): number {
  let best = 0;
  let least: Uncertainty | null = null;
  for (const [i, { exit, logits, floor }] of windows.entries()) {
    const own = summed(logits[exit - 1], addendOf(sum, floor));
    const u = uncertaintyOf(rule, own, askedBefore(logits, exit - 1));
    if (u === null || (least !== null && !isLess(u, least))) continue;
    [best, least] = [i, u];
  }
  return best;
}
