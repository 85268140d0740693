/**
 * A queue's server that is away and may be there again, as while it restarts: how that is told from a server that refuses, and
 * waiting for it. Knows nothing of shards.
 */
import { setTimeout as pause } from 'node:timers/promises';

/** Between the first try and the second; then twice as long each time, up to the most. */
const FIRST_PAUSE_MS = 250;
const MOST_PAUSE_MS = 10_000;

/** Of the system, and SQLSTATE: class 08, and a server that shuts down (57P0x) or has no connection to give (53300). */
const AWAY_CODES = /^(ECONN(REFUSED|RESET)|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|08...|57P0[1-3]|53300)$/;
/** Of PostgreSQL's client itself, which gives no code; and of a Redis that reads its file. */
const AWAY_WORDS =
  /^Connection terminated|^timeout exceeded when trying to connect|connection error and is not queryable|^LOADING /;

/** Whether the server is not there now and may be there again. */
export function isAway(error: unknown): boolean {
  const { code, message, errors } = error as { code?: unknown; message?: unknown; errors?: readonly unknown[] };
  // a host of several addresses has an error for each
  if (errors && errors.length > 0) return errors.every(isAway);
  return (typeof code === 'string' && AWAY_CODES.test(code)) || AWAY_WORDS.test(String(message));
}

export interface Patience {
  /** Aborted: no longer waited for; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** How long to wait in all; for ever where it is not given. */
  readonly forMs?: number;
  /** Told of the first error, when the waiting begins. */
  readonly onWait?: (error: unknown) => void;
  /** Whether an error of `work` is one of a server that is away. */
  readonly isAway?: (error: unknown) => boolean;
}

/** Does `work` until the server is there for it. Throws what else `work` throws, and its last error when the time is over. */
export async function patiently<T>(
  work: () => Promise<T>,
  { signal, forMs = Number.POSITIVE_INFINITY, onWait, isAway: away = isAway }: Patience = {},
): Promise<T> {
  const end = performance.now() + forMs;
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(2 * ms, MOST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!away(error) || performance.now() >= end) throw error;
      if (ms === FIRST_PAUSE_MS) onWait?.(error);
    }
    await pause(Math.min(ms, Math.max(0, end - performance.now())), undefined, { signal });
  }
}
