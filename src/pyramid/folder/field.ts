/** What a field of a file that is not trusted should be, and how a sentence says so. Knows nothing of which fields there are. */
import { quoted } from '../../errors/kind.ts';

/** Whether a value is what it should be, and what that is, for a sentence. */
export type Field = readonly [is: (value: unknown) => boolean, what: string];

/** What is wrong with `name`, for a sentence; null: nothing. */
export const problemOf = (name: string, value: unknown, [is, what]: Field): string | null =>
  is(value) ? null : `${name} is ${quoted(value)}, not ${what}`;

/** The same of the first of `fields` that is not what it should be. */
export function problemIn(name: string, object: object, fields: Readonly<Record<string, Field>>): string | null {
  for (const [key, field] of Object.entries(fields)) {
    const problem = problemOf(`${name}.${key}`, (object as Record<string, unknown>)[key], field);
    if (problem !== null) return problem;
  }
  return null;
}

export const number = (least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY): Field => [
  (value) => typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most,
  Number.isFinite(most)
    ? `a number from ${least} to ${most}`
    : Number.isFinite(least)
      ? `a number of ${least} or more`
      : 'a number',
];
export const whole = (least: number): Field => [
  (value) => isWhole(value, least, Number.MAX_SAFE_INTEGER),
  `a whole number of ${least} or more`,
];
export const flag: Field = [(value) => typeof value === 'boolean', 'true or false'];
export const name: Field = [(value) => typeof value === 'string', 'a name'];
export const oneOf = (names: readonly unknown[]): Field => [(value) => names.includes(value), names.join(' or ')];
export const orNull = ([is, what]: Field): Field => [(value) => value === null || is(value), `null or ${what}`];
export const optional = ([is, what]: Field): Field => [(value) => value === undefined || is(value), what];
export const tauField: Field = orNull(number(0, 1));

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isWhole = (value: unknown, least: number, most: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;

export const isFlags = (value: unknown): value is boolean[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'boolean');
