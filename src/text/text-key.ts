/** When two texts, or two pairs, are the same one: what is left of them once the space around is gone. */
import type { Dataset, Example } from './example.ts';

export const textKey = ({ text, pair }: Pick<Example, 'text' | 'pair'>): string =>
  pair === undefined ? text.trim() : `${text.trim()}\0${pair.trim()}`;

export const textKeys = (sets: readonly (Pick<Dataset, 'examples'> | null | undefined)[]): Set<string> =>
  new Set(sets.flatMap((set) => set?.examples.map(textKey) ?? []));
