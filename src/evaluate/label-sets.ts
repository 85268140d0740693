/** Figures of rows that may have any number of labels, each row [C] of 0 and 1. Fractions from 0 to 1; knows nothing of models. */

type Sets = readonly (readonly number[])[];

interface Counts {
  readonly truePositives: number;
  /** False positives and false negatives. */
  readonly wrong: number;
}

/** F1 over all decisions, one a row and label: 2·TP / (2·TP + FP + FN). 0 where no label is right. */
export const microF1 = (truth: Sets, predicted: Sets): number => f1Of(total(countsByLabel(truth, predicted)));

/** The mean of F1 over the labels that occur in the truth or in the answers; 0 where none does. */
export function macroF1OfSets(truth: Sets, predicted: Sets): number {
  const met = countsByLabel(truth, predicted).filter(({ truePositives, wrong }) => truePositives + wrong > 0);
  return met.length === 0 ? 0 : met.reduce((sum, counts) => sum + f1Of(counts), 0) / met.length;
}

/** The share of decisions, one a row and label, that are wrong: the Hamming loss. */
export function hammingLoss(truth: Sets, predicted: Sets): number {
  return total(countsByLabel(truth, predicted)).wrong / (truth.length * truth[0].length);
}

const f1Of = ({ truePositives, wrong }: Counts): number =>
  truePositives === 0 ? 0 : (2 * truePositives) / (2 * truePositives + wrong);

const total = (counts: readonly Counts[]): Counts => ({
  truePositives: counts.reduce((sum, { truePositives }) => sum + truePositives, 0),
  wrong: counts.reduce((sum, { wrong }) => sum + wrong, 0),
});

function countsByLabel(truth: Sets, predicted: Sets): Counts[] {
  if (truth.length !== predicted.length || truth.length === 0)
    throw new Error(`internal: ${truth.length} rows of labels and ${predicted.length} answers`);
  return truth[0].map((_, c) => {
    let truePositives = 0;
    let wrong = 0;
    for (const [i, row] of truth.entries()) {
      if (row[c] === 1 && predicted[i][c] === 1) truePositives++;
      else if (row[c] !== predicted[i][c]) wrong++;
    }
    return { truePositives, wrong };
  });
}
