/**
 * A run's figures in words, for the end of `train` and the model card: accuracy and what it cost beside each other, and
 * operations under their own name, which are not time.
 */
import type { TrainResult } from '../train.ts';

/** [what, value], in the order to be read; of those figures that there are. */
export function figuresInWords({
  metrics,
  tau,
}: Pick<TrainResult, 'metrics' | 'tau'>): [what: string, value: string][] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const times = (ratio: number) => `${ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(1)} times fewer`;
  const row = (what: string, name: string, text: (value: number) => string): [string, string][] =>
    metrics[name] === undefined ? [] : [[what, text(metrics[name])]];
  return [
    ...row('accuracy without early exit', 'accuracy', percent),
    ...row('F1 without early exit', 'f1', (value) => value.toFixed(3)),
    ...row(`accuracy at tau ${tau} (chosen on the validation rows)`, 'accuracyAtTau', percent),
    ...(tau === null ? [] : row('mean layer of the answer', 'meanExit', (value) => value.toFixed(2))),
    ...row('operations as computed', 'speedupActual', times),
    ...row('operations as the paper counts', 'speedupPaper', times),
  ];
}

/** Operations are no time: what says how fast a model is. */
export const howToTime = (dir: string): string => `magic-pyramid bench --model ${dir} --test FILE`;
