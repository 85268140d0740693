/**
 * A run's figures in words, for the end of `train` and the model card: accuracy and what it cost beside each other, and
 * operations under their own name, which are not time.
 */
import type { TrainResult } from './run.ts';

/** [what, value], in the order to be read. */
export function figuresInWords({
  metrics,
  tau,
}: Pick<TrainResult, 'metrics' | 'tau'>): [what: string, value: string][] {
  const { accuracy, accuracyAtTau, f1, speedupPaper, speedupActual, meanExit } = metrics;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const times = (ratio: number) => `${ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(1)} times fewer`;
  const rows: [string, string | null][] = [
    ['accuracy without early exit', percent(accuracy)],
    ['F1 without early exit', f1 === undefined ? null : f1.toFixed(3)],
    [`accuracy at tau ${tau} (chosen on the validation rows)`, tau === null ? null : percent(accuracyAtTau)],
    ['mean layer of the answer', tau === null ? null : meanExit.toFixed(2)],
    ['operations as computed', times(speedupActual)],
    ['operations as the paper counts', times(speedupPaper)],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== null);
}

/** Operations are no time: what says how fast a model is. */
export const howToTime = (dir: string): string => `magic-pyramid bench --model ${dir} --test FILE`;
