/**
 * Floor 0's exit: a linear model of the text's n-grams (src/pyramid/floor), asked before anything of the network runs. It
 * reads token ids and writes no graph, so it stands beside the table of exit heads, as the main classifier does.
 */
import type { Exit } from './exit.ts';

export const floorExit: Exit = {
  summary: 'the words alone: a linear model of single pieces and pairs of neighbours',
  asked: 'before',
  reads: 'token ids',
  needsPairs: false,
  // weight times value: 2 · features · C. n tokens have at most n single pieces and n − 1 pairs of neighbours
  flops: ({ labels }, _, tokens) => 2 * (2 * tokens - 1) * labels,
};
