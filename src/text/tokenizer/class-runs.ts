/**
 * Matching runs of a character class in a text of any length. A loop over a class keeps a place for each character on the
 * stack of the regular expression engine, which ends at some millions: in long texts a run is read in bounded steps. Knows
 * nothing of what the classes mean.
 */

/** Of more UTF-16 units a text is read in steps. */
export const LONG_TEXT = 100_000;
const STEP = 1000;

/** Where the run of a class that begins at `from` ends; `from`: there is none. */
export type RunEnd = (text: string, from: number) => number;

/** @param characters a character class, with its brackets (flag v) */
export function runEnd(characters: string): RunEnd {
  const step = new RegExp(`${characters}{1,${STEP}}`, 'vy');
  return (text, from) => {
    for (let at = from; ; at = step.lastIndex) {
      step.lastIndex = at;
      if (!step.test(text)) return at;
    }
  };
}

/** Matches of `characters`: runs of them, or each by itself. */
export interface ClassMatch {
  /** A character class, with its brackets (flag v). */
  readonly characters: string;
  readonly isRun: boolean;
}

/** All matches in order, of classes that have no character in common; what is of none is dropped. */
export function classMatches(classes: readonly ClassMatch[]): (text: string) => string[] {
  const whole = new RegExp(classes.map(({ characters, isRun }) => characters + (isRun ? '+' : '')).join('|'), 'gv');
  const ends = classes.map(({ characters, isRun }) => (isRun ? runEnd(characters) : oneEnd(characters)));
  const inSteps = (text: string): string[] => {
    const result: string[] = [];
    for (let from = 0; from < text.length; ) {
      let to = from;
      for (let i = 0; to === from && i < ends.length; i++) to = ends[i](text, from);
      if (to > from) result.push(text.slice(from, to));
      from = to > from ? to : from + (text.codePointAt(from)! > 0xffff ? 2 : 1);
    }
    return result;
  };
  return (text) => (text.length > LONG_TEXT ? inSteps(text) : (text.match(whole) ?? []));
}

function oneEnd(characters: string): RunEnd {
  const one = new RegExp(characters, 'vy');
  return (text, from) => {
    one.lastIndex = from;
    return one.test(text) ? one.lastIndex : from;
  };
}
