/**
 * A setting as data: its default, meaning, unit and range, and how a value given as text or JSON becomes it.
 * `--help`, the check of configuration files and the documentation are made from tables of these. Knows nothing of
 * command lines, files or what the settings are for.
 */
import { PyramidError } from './errors.ts';
import { nearest } from './nearest.ts';

export interface OptionSpec<T> {
  readonly default: T;
  /** What it means, with its unit; without the default, which is printed from `default`. */
  readonly help: string;
  /** The heading that `--help` lists it under. */
  readonly group: string;
  /** The placeholder in `--help`, or null for a flag without a value. */
  readonly placeholder: string | null;
  /** The flag may stand without its value: `read` then gets true. */
  readonly mayBeBare: boolean;
  /** The flag may be given several times: `read` gets all values, separated by commas. */
  readonly repeatable: boolean;
  /** What a right value is, to end "give …". */
  readonly expected: string;
  /** One letter for the flag. */
  readonly short?: string;
  /** Other spellings, underscored, as Hugging Face's scripts have them. */
  readonly aliases: readonly string[];
  /** What it changes, in the words of its table, where the table says so. */
  readonly affects?: readonly string[];
  /** The value that `raw` stands for, or undefined where it stands for none. */
  readonly read: (raw: unknown) => T | undefined;
}

/** One row a setting: a setting without a row does not compile. */
export type OptionTable<T> = { readonly [K in keyof T]-?: OptionSpec<T[K]> };

interface Common<T> {
  readonly default: T;
  readonly help: string;
  readonly group: string;
  readonly affects?: readonly string[];
  readonly placeholder?: string;
  readonly aliases?: readonly string[];
  readonly mayBeBare?: boolean;
  readonly repeatable?: boolean;
  readonly short?: string;
}

interface Range {
  readonly min: number;
  readonly max?: number;
  /** The range leaves `min` itself out. */
  readonly above?: boolean;
}

const make = <T>(
  common: Common<T>,
  placeholder: string | null,
  expected: string,
  read: (raw: unknown) => T | undefined,
): OptionSpec<T> => ({
  aliases: [],
  mayBeBare: false,
  repeatable: false,
  ...common,
  placeholder: common.placeholder ?? placeholder,
  expected,
  read: (raw) => (raw === null && common.default === null ? common.default : read(raw)),
});

/** Any text that is not empty. */
export const textOption = <T extends string | null>(common: Common<T> & { readonly expected?: string }) =>
  make<T>(common, 'TEXT', common.expected ?? 'a text that is not empty', (raw) =>
    typeof raw === 'string' && raw !== '' ? (raw as T) : undefined,
  );

export const choiceOption = <T extends string>(common: Common<T> & { readonly choices: readonly T[] }) =>
  make<T>(common, common.choices.join('|'), `one of ${common.choices.join(', ')}`, (raw) =>
    common.choices.find((choice) => choice === raw),
  );

/** As `choiceOption`, with null where nothing was chosen. */
export const optionalChoice = <T extends string>(common: Common<T | null> & { readonly choices: readonly T[] }) =>
  make<T | null>(common, common.choices.join('|'), `one of ${common.choices.join(', ')}`, (raw) =>
    common.choices.find((choice) => choice === raw),
  );

export const flagOption = (common: Common<boolean>) =>
  make<boolean>(common, null, 'true or false', (raw) =>
    raw === true || raw === 'true' ? true : raw === false || raw === 'false' ? false : undefined,
  );

export const numberOption = <T extends number | null>(common: Common<T> & Range) =>
  make<T>(common, 'X', `a number ${rangeText(common)}`, (raw) => {
    const value = toNumber(raw);
    return value !== undefined && inRange(value, common) ? (value as T) : undefined;
  });

export const integerOption = <T extends number | null>(common: Common<T> & Range) =>
  make<T>(common, 'N', `a whole number ${rangeText(common)}`, (raw) => {
    const value = toNumber(raw);
    return Number.isSafeInteger(value) && inRange(value!, common) ? (value as T) : undefined;
  });

/** A setting whose values only its owner can read. */
export const customOption = <T>(
  common: Common<T> & { readonly expected: string; readonly read: (raw: unknown) => T | undefined },
) => make<T>(common, 'VALUE', common.expected, common.read);

/** @throws MP_OPTION_VALUE naming `where` (`--batch-size`, `run.yaml: batchSize`) when `raw` does not fit. */
export function readOption<T>(spec: OptionSpec<T>, raw: unknown, where: string): T {
  const value = spec.read(raw);
  if (value === undefined) {
    throw new PyramidError('MP_OPTION_VALUE', { option: where, value: show(raw), expected: spec.expected });
  }
  return value;
}

/**
 * The options of a call of the library: an object with no keys but `known`; left out, undefined and null are none at all.
 * @throws MP_OPTION_UNKNOWN, and MP_USAGE where it is no object
 */
export function knownOptions<T extends object>(given: T | null | undefined, known: readonly (keyof T & string)[]): T {
  if (given === undefined || given === null) return {} as T;
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw new PyramidError('MP_USAGE', { what: `the options are ${show(given)}`, todo: 'give an object of options' });
  }
  for (const key of Object.keys(given)) {
    if (!(known as readonly string[]).includes(key))
      throw new PyramidError('MP_OPTION_UNKNOWN', { path: null, key, nearest: nearest(key, known) ?? null });
  }
  return given;
}

/** The value of a number, or of a text that is nothing but a number. */
export function toNumber(raw: unknown): number | undefined {
  if (typeof raw === 'number') return raw;
  // Number('') is 0 and Number('0x10') is 16: neither is what the writer meant
  if (typeof raw !== 'string' || !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(raw.trim())) return undefined;
  return Number(raw);
}

function inRange(value: number, range: Range): boolean {
  if (!Number.isFinite(value) || (range.max !== undefined && value > range.max)) return false;
  return range.above ? value > range.min : value >= range.min;
}

function rangeText({ min, max, above }: Range): string {
  const from = above ? `above ${min}` : max === undefined ? `of at least ${min}` : `from ${min}`;
  if (max === undefined) return from;
  return above ? `${from} and up to ${max}` : `${from} to ${max}`;
}

const show = (raw: unknown): string => (typeof raw === 'string' ? raw : (JSON.stringify(raw) ?? String(raw)));
