/** How right a system's answers are: the share of right labels, micro F1 of sets of labels, or the share of the variance of numbers. */
import { microF1 } from '../evaluate/label-sets.ts';
import { explained, type QualityFigures } from '../evaluate/quality.ts';
import type { Pass } from './system.ts';

/** What is right of each text; null: not known. */
export interface Truth {
  /** The number of its label among the model's, of models that give one. */
  readonly truth: readonly number[] | null;
  /** [C] of 0 and 1, or [1] of a number, of models that give those. */
  readonly targets?: readonly (readonly number[])[] | null;
}

/** `accuracy` null: not known, or there is none. */
export type Rightness = Omit<QualityFigures, 'accuracy'> & { readonly accuracy: number | null };

export function rightness({ labels, targets: answers }: Pass, { truth, targets }: Truth): Rightness {
  if (targets && answers) {
    const isNumber = answers.kind === 'numbers';
    const numbers = (rows: readonly (readonly number[])[]) => rows.map(([value]) => value);
    return {
      accuracy: null,
      ...(isNumber
        ? { r2: explained(numbers(targets), numbers(answers.rows)) }
        : { microF1: microF1(targets, answers.rows) }),
    };
  }
  const isKnown = truth !== null && !targets;
  return { accuracy: isKnown ? labels.filter((label, t) => label === truth[t]).length / labels.length : null };
}
