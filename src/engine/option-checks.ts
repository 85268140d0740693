/** Options of the engine, checked: MP_OPTION_VALUE says what was expected. */
import { PyramidError } from '../errors.ts';

export function choice(option: string, value: unknown, known: readonly string[]): void {
  if (!known.includes(value as string))
    throw new PyramidError('MP_OPTION_VALUE', { option, value: String(value), expected: known.join(' or ') });
}

export function count(option: string, value: number, most = 1024): number {
  if (!Number.isSafeInteger(value) || value < 1 || value > most)
    throw new PyramidError('MP_OPTION_VALUE', {
      option,
      value: String(value),
      expected: `a whole number from 1 to ${most}`,
    });
  return value;
}
