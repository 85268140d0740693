/** What the methods of a table are, in a line each. Rows by names that are not here are told by nothing. */
const WORDS: Readonly<Record<string, string>> = {
  bert: 'the plain network: every text goes through all layers',
  linear: 'no network: a linear model of the words (floor 0) alone',
  distilbert: 'a network of half the layers, taught by the plain one',
  ltp: 'token pruning: tokens that receive little attention are removed layer by layer',
  fastbert: 'early exit: a text leaves at the first layer that is sure enough',
  mp: 'Magic Pyramid: token pruning and early exit together',
  'mp+': 'mp with our exit heads, and floor 0 before the network',
  'mp-joint': 'mp, its exit heads trained together with the network',
  'mp-pooled': "mp, its exit heads reading the mean of a text's tokens too",
  'mp-joint-pooled': 'mp with our exit heads, without floor 0',
  'fastbert+': 'fastbert with our exit heads',
  'mp+-no-floor': 'mp+ without floor 0',
  'mp+-no-sum': 'mp+ whose floor 0 is added to no other exit',
};

export const methodWords = (method: string): string | null => WORDS[method] ?? null;
