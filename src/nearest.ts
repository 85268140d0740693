/** The word of a list that a mistyped word was most likely meant to be. Knows nothing of what the words stand for. */
import leven from 'leven';

/** The nearest of `known` by edits, case and separators aside, if few enough (two, or a third) to be a slip; else null. */
export function nearest(word: string, known: readonly string[]): string | null {
  const plain = (text: string) => text.toLowerCase().replace(/[-_]/g, '');
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const away = leven(plain(word), plain(candidate));
    if (away < least && away <= Math.max(2, candidate.length / 3)) [best, least] = [candidate, away];
  }
  return best;
}
