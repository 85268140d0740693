/**
 * PostgreSQL under a queue. BullMQ and its client of Redis wait for a server that restarts; the client of PostgreSQL gives each
 * call its error, so waiting is done here. Knows nothing of shards.
 */
import { setTimeout as pause } from 'node:timers/promises';

/** Between the first try and the second; then twice as long each time, up to the most. */
const FIRST_PAUSE_MS = 250;
const MOST_PAUSE_MS = 10_000;

export const isPostgres = (url: string): boolean => /^postgres(ql)?:/.test(url);

/** Of the system, and SQLSTATE: class 08, and a server that shuts down (57P0x) or has no connection to give (53300). */
const AWAY_CODES = /^(ECONN(REFUSED|RESET)|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|08...|57P0[1-3]|53300)$/;
/** Of the client itself, which gives no code. */
const AWAY_WORDS =
  /^Connection terminated|^timeout exceeded when trying to connect|connection error and is not queryable/;

/** Whether the server is not there now and may be there again, as while it restarts. */
export function isAway(error: unknown): boolean {
  const { code, message, errors } = error as { code?: unknown; message?: unknown; errors?: readonly unknown[] };
  // a host of several addresses has an error for each
  if (errors && errors.length > 0) return errors.every(isAway);
  return (typeof code === 'string' && AWAY_CODES.test(code)) || AWAY_WORDS.test(String(message));
}

/** Does `work` until the server is there for it. Throws what else `work` throws, and the signal's reason. */
export async function patiently<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(2 * ms, MOST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!isAway(error)) throw error;
    }
    await pause(ms, undefined, { signal });
  }
}

/** One call of the server, without waiting. Throws its client's error. */
export async function askPostgres(url: string, timeoutMs: number): Promise<void> {
  const pg = (await import('pg' as string)) as { default: { Pool: new (options: object) => PgPool } };
  const pool = new pg.default.Pool({ connectionString: url, connectionTimeoutMillis: timeoutMs, max: 1 });
  // a connection that ends while it is idle is no error of a call
  pool.on('error', () => {});
  try {
    await pool.query('select 1');
  } finally {
    await pool.end().catch(() => {});
  }
}

interface PgPool {
  on(event: 'error', listener: () => void): void;
  query(text: string): Promise<unknown>;
  end(): Promise<void>;
}
