// How often something that should be rare happens, in a simulation.
import { type RandomStream, randomStream } from '../../src/random.ts';

/** The share of `times` repetitions in which `isWrong`. */
export function errorRate(times: number, path: string, isWrong: (random: RandomStream, i: number) => boolean): number {
  let wrong = 0;
  for (let i = 0; i < times; i++) if (isWrong(randomStream(19, path, i), i)) wrong++;
  return wrong / times;
}

/** The most that an error of alpha may show in so many repetitions: two standard errors more. */
export const allowed = (alpha: number, times: number): number => alpha + 2 * Math.sqrt((alpha * (1 - alpha)) / times);
