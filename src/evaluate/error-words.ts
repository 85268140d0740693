/** How far a model's numbers are off, in words that have something to compare it with. Knows nothing of where they are shown. */
import type { Summary } from './judge.ts';

/** √ of the mean squared error, beside the standard deviation of the numbers themselves: the error of answering their mean. */
export const errorInWords = ({
  meanSquaredError,
  standardDeviation,
}: Pick<Summary, 'meanSquaredError' | 'standardDeviation'>): string =>
  `${Math.sqrt(meanSquaredError!).toPrecision(3)}, where the numbers' standard deviation is ${standardDeviation!.toPrecision(3)}`;

/** Of the variance explained: below it, a model might as well answer the mean. */
const LITTLE = 0.05;

/** For a model that explains little or nothing of the variance, behind "it is"; null: for any other. */
export const besideTheMean = (r2: number): string | null =>
  r2 >= LITTLE ? null : `${r2 > 0 ? 'hardly' : 'no'} better than answering the mean of the numbers every time`;
