/** Checks the engine's options: MP_OPTION_VALUE says what was expected. */
import { PyramidError } from '../errors.ts';

export function choice(option: string, value: unknown, known: readonly unknown[]): void {
  if (!known.includes(value))
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

/** What a caller may abort by: AbortSignal's own, or one that does as it does. */
export function signalOf(value: AbortSignal | null | undefined): AbortSignal | undefined {
  if (value === undefined || value === null) return undefined;
  const { aborted, addEventListener } = value;
  if (typeof aborted === 'boolean' && typeof addEventListener === 'function') return value;
  throw new PyramidError('MP_OPTION_VALUE', { option: 'signal', value: String(value), expected: 'an AbortSignal' });
}

export function callback<F>(option: string, value: F | null | undefined): F | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'function') return value;
  throw new PyramidError('MP_OPTION_VALUE', { option, value: String(value), expected: 'a function' });
}
