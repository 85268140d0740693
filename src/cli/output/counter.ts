/** Says now and then how far a long count is: at most a line every ten seconds, so short work says nothing. */
import { thousands } from './format.ts';

export interface Counter {
  /** @param n how many are done */
  at(n: number): void;
}

const quietMs = 10_000;

/** @param now milliseconds, for tests */
export function counter(
  stream: NodeJS.WritableStream,
  noun: string,
  now: () => number = () => performance.now(),
): Counter {
  const begun = now();
  let last = begun;
  return {
    at(n) {
      if (now() - last < quietMs) return;
      last = now();
      stream.write(`${thousands(n)} ${noun}, ${thousands(n / ((last - begun) / 1000))} a second\n`);
    },
  };
}
