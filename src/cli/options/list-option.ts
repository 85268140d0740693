/** Options that hold several values, separated by commas on the command line and as a list in a configuration file. */
import { customOption, type OptionSpec, toNumber } from '../../option.ts';

interface Common<T> {
  readonly group: string;
  readonly default: T;
  readonly help: string;
  readonly placeholder: string;
}

/** Some of `choices`, in the order given. */
export const namesOption = (
  common: Common<readonly string[]>,
  choices: readonly string[],
): OptionSpec<readonly string[]> =>
  customOption<readonly string[]>({
    ...common,
    repeatable: true,
    expected: `one or more of ${choices.join(', ')}, separated by commas`,
    read(raw) {
      const names = typeof raw === 'string' ? raw.split(',').map((name) => name.trim()) : raw;
      if (!Array.isArray(names) || names.length === 0) return undefined;
      return names.every((name) => choices.includes(name)) ? [...new Set(names)] : undefined;
    },
  });

/** Numbers in a range. */
export const numbersOption = (
  common: Common<readonly number[]>,
  { min, max }: { readonly min: number; readonly max: number },
): OptionSpec<readonly number[]> =>
  customOption<readonly number[]>({
    ...common,
    repeatable: true,
    expected: `numbers from ${min} to ${max}, separated by commas`,
    read(raw) {
      const given = typeof raw === 'string' ? raw.split(',') : typeof raw === 'number' ? [raw] : raw;
      if (!Array.isArray(given) || given.length === 0) return undefined;
      const numbers = given.map(toNumber);
      const fits = (value: number | undefined): value is number => value !== undefined && value >= min && value <= max;
      return numbers.every(fits) ? numbers : undefined;
    },
  });
