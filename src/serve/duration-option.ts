/** The kind of option that is a time: a number with its unit, read as milliseconds. Knows no option of its own. */
import { customOption, toNumber } from '../option.ts';

/** Milliseconds: `50ms`, `1.5s`, `2m`, or a number of them. */
export const durationOption = <T extends number | null>(common: {
  readonly group: string;
  readonly default: T;
  readonly help: string;
}) =>
  customOption<T>({
    ...common,
    placeholder: 'TIME',
    expected: 'a time above 0, such as 50ms, 1.5s or 2m',
    read(raw) {
      const [, number, unit = 'ms'] = /^([\d.]+)\s*(ms|s|m)?$/.exec(String(raw)) ?? [];
      const value = toNumber(number);
      if (value === undefined || !(value > 0)) return undefined;
      return (value * { ms: 1, s: 1000, m: 60_000 }[unit as 'ms']) as T;
    },
  });
