/** What Prometheus reads of a worker, on a port of its own. Knows nothing of shards. */
import { createServer, type Server } from 'node:http';
import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import { PyramidError } from '../errors.ts';
import type { WorkerTotals } from './work.ts';

const FIGURES = {
  shards: 'shards that were done',
  failures: 'tries of a shard that failed',
  rows: 'rows that were answered',
  rejected: 'rows without an answer',
} as const satisfies Record<keyof WorkerTotals, string>;

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** `port` 0: one that is free. Throws MP_LISTEN. */
export async function serveMetrics(totals: WorkerTotals, port: number): Promise<MetricsServer> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const [key, help] of Object.entries(FIGURES))
    new Counter({
      name: `mp_jobs_${key}_total`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(totals[key as keyof WorkerTotals]);
      },
    });
  const server = createServer(async (request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics());
  });
  await listen(server, port);
  const address = server.address() as { readonly port: number };
  return {
    port: address.port,
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new PyramidError('MP_LISTEN', { hostname: '0.0.0.0', port, reason: error.code ?? error.message })),
    );
    server.listen(port, '0.0.0.0', resolve);
  });
