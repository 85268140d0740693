/** PostgreSQL under a queue: which addresses are its, and one call that says whether it is there. Knows nothing of shards. */
export const isPostgres = (url: string): boolean => /^postgres(ql)?:/.test(url);

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
