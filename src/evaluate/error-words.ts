/** How far a model's numbers are off, in words that have something to compare it with. Knows nothing of where they are shown. */
import type { Summary } from './judge.ts';

/** √ of the mean squared error, beside the standard deviation of the numbers themselves: the error of answering their mean. */
export const errorInWords = ({
  meanSquaredError,
  standardDeviation,
}: Pick<Summary, 'meanSquaredError' | 'standardDeviation'>): string =>
  `${Math.sqrt(meanSquaredError!).toPrecision(3)}, where the numbers' standard deviation is ${standardDeviation!.toPrecision(3)}`;
