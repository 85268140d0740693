/** Mean and standard deviation of the numbers that rows are answered with. */
import type { Example } from '../../text/example.ts';

/** Over all rows, each of which has a number; `spread` is that of the rows themselves, not of those that they are drawn from. */
export function meanAndSpread(examples: readonly Pick<Example, 'target'>[]): {
  readonly mean: number;
  readonly spread: number;
} {
  const values = examples.map(({ target }) => target![0]);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, spread: Math.sqrt(variance) };
}
