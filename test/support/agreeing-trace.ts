/** A trace whose exits all answer as the last layer does, some surer than others; the answers of some texts are then turned. */
import type { Trace } from '../../src/evaluate/index.ts';
import { randomTrace } from './random-trace.ts';

/**
 * `wrong`: how many texts answer early with another label than at the end, where they are right. They are spread over the
 * trace, and are as sure of themselves as any.
 */
export function agreeingTrace({ texts, wrong = 0, seed = 1 }: { texts: number; wrong?: number; seed?: number }): Trace {
  const trace = randomTrace({ texts, seed });
  const every = wrong === 0 ? Number.POSITIVE_INFINITY : Math.floor(texts / wrong);
  let turned = 0;
  return {
    ...trace,
    entries: trace.entries.map((entry, i) => {
      const last = entry.logits.at(-1)!;
      const label = last.indexOf(Math.max(...last));
      const turn = i % every === 0 && turned < wrong;
      if (turn) turned++;
      const early = turn ? [...last.slice(1), last[0]] : last;
      return { ...entry, label, logits: entry.logits.map((row) => (row === last ? last : early)) };
    }),
  };
}
