/**
 * Classification metrics, of true and predicted label indices. Fractions from 0 to 1; knows nothing of models.
 */

/** The share of right answers. At least one text. */
export function accuracy(truth: readonly number[], predicted: readonly number[]): number {
  check(truth, predicted);
  return truth.filter((label, i) => label === predicted[i]).length / truth.length;
}

/**
 * F1 = 2·TP / (2·TP + FP + FN) of one label, by default the positive one, 1, as GLUE judges MRPC and QQP. 0 where
 * the label is neither there nor predicted.
 */
export function f1(truth: readonly number[], predicted: readonly number[], positive = 1): number {
  check(truth, predicted);
  let truePositives = 0;
  let wrong = 0;
  truth.forEach((label, i) => {
    if (label === positive && predicted[i] === positive) truePositives++;
    else if (label === positive || predicted[i] === positive) wrong++;
  });
  return truePositives === 0 ? 0 : (2 * truePositives) / (2 * truePositives + wrong);
}

/** The mean of F1 over the labels that occur in the truth or in the answers. */
export function macroF1(truth: readonly number[], predicted: readonly number[]): number {
  check(truth, predicted);
  const labels = [...new Set([...truth, ...predicted])];
  return labels.reduce((sum, label) => sum + f1(truth, predicted, label), 0) / labels.length;
}

function check(truth: readonly number[], predicted: readonly number[]): void {
  if (truth.length !== predicted.length || truth.length === 0)
    throw new Error(`internal: ${truth.length} labels and ${predicted.length} answers`);
}
