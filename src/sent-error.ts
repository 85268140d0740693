/**
 * An error as plain data, for what goes between threads and processes: a structured clone of an error loses its class and
 * its fields. Knows nothing of who sends it.
 */
import { catalogue, type ErrorCode, PyramidError } from './errors.ts';

export interface SentError {
  /** Null: it is none of the catalogue's. */
  readonly code: string | null;
  readonly details: unknown;
  readonly message: string;
  readonly stack: string | undefined;
}

export function sentError(error: unknown): SentError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return error instanceof PyramidError
    ? { code: error.code, details: error.details, message, stack }
    : { code: null, details: null, message, stack };
}

/** The error again: a PyramidError with its code and details where it was one, with the stack of where it was thrown. */
export function receivedError({ code, details, message, stack }: SentError): Error {
  const known = code !== null && Object.hasOwn(catalogue, code);
  const error = known ? new PyramidError(code as ErrorCode, details as never) : new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
