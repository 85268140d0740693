/**
 * The app that answers: everything that a request meets, put on Fastify in the order in which it meets it. Knows nothing
 * of how the server starts and stops.
 */
import { createRequire } from 'node:module';
import type { Logger } from 'pino';
import type { ServerOptions } from './defaults.ts';
import type { AccessOptions } from './http/access.ts';
import { addBodies } from './http/bodies.ts';
import type { Connections } from './http/connections.ts';
import { addDocs } from './http/docs.ts';
import { addErrors } from './http/errors-out.ts';
import { Guard, NDJSON } from './http/guard.ts';
import { namesOf } from './http/hosts.ts';
import { newApp } from './http/new-app.ts';
import { Refusals } from './http/refusals.ts';
import { type App, failureOf, type RouteContext, type RoutePlugin } from './http/route.ts';
import { addSafety } from './http/safety.ts';
import type { Metrics } from './metrics.ts';
import { addPage } from './page.ts';
import type { Registry } from './registry.ts';
import { adminRoutes } from './routes/admin.ts';
import { classifyRoutes } from './routes/classify.ts';
import { healthRoutes } from './routes/health.ts';
import { jobsRoutes } from './routes/jobs.ts';
import { modelRoutes } from './routes/models.ts';
import { oipRoutes } from './routes/oip.ts';
import { teiRoutes } from './routes/tei.ts';
import { vllmRoutes } from './routes/vllm.ts';
import type { Tracing } from './tracing.ts';

/** What a server is made of. */
export interface Parts extends AccessOptions {
  readonly options: ServerOptions;
  /** Only this machine reaches it. */
  readonly isLocal: boolean;
  readonly logger: Logger;
  readonly tracing: Tracing | null;
  readonly metrics: Metrics;
  readonly registry: Registry;
  readonly connections: Connections;
}

const protocols: readonly RoutePlugin[] = [
  healthRoutes,
  classifyRoutes,
  teiRoutes,
  oipRoutes,
  vllmRoutes,
  modelRoutes,
  adminRoutes,
  jobsRoutes,
];

export async function assemble(parts: Parts): Promise<App> {
  const { options, keys, logger, tracing, metrics, registry, connections } = parts;
  const guard = newGuard(parts);
  const refusals = newRefusals(parts, guard);
  metrics.watch({ models: () => registry.all, requests: () => guard.underWay + guard.streams });
  const app = newApp(options, { logger, refusals, connections });
  if (tracing) await app.register(tracing.plugin);
  addErrors(app);
  addBodies(app, { limit: options.payloadLimit, streams: NDJSON });
  await addSafety(app, options);
  guard.addTo(app);
  refusals.listenTo(app);
  app.addHook('onError', async (_request, _reply, error) => metrics.failed(failureOf(error).code));
  // a connection that is kept alive would keep a stopping server alive
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (connections.isStopping) reply.header('connection', 'close');
    connections.whenOpen(() => done(null, payload));
  });
  await addDocs(app, { version: VERSION, hasKeys: keys !== null });
  await addRoutes(app, parts);
  if (options.page) await addPage(app, options);
  return app;
}

function newGuard({ options, keys, adminKeys, isLocal, metrics, registry }: Parts): Guard {
  const { allowedHosts, hostname, maxConcurrentRequests, payloadLimit, bodyTimeout } = options;
  // where requests need a key, a page that was tricked into sending one has none
  const hasToBeNamed = allowedHosts.length > 0 || (isLocal && keys === null);
  return new Guard({
    keys,
    adminKeys,
    isOurName: hasToBeNamed ? namesOf(allowedHosts, hostname) : null,
    maxConcurrentRequests,
    payloadLimit,
    bodyTimeoutMs: bodyTimeout,
    // which model is meant stands in the body: refused unread only where none has room
    isFull: () => registry.isFull,
    refusal: () => registry.all[0].refusal(),
    onBegin: () => metrics.began(),
  });
}

function newRefusals({ connections, metrics, registry }: Parts, guard: Guard): Refusals {
  return new Refusals(
    () => !connections.isStopping && (registry.isFull || guard.isFull),
    () => {
      metrics.began();
      metrics.failed('MP_OVERLOADED');
      registry.all[0].admission.countRefusal();
    },
  );
}

async function addRoutes(app: App, { options, keys, adminKeys, metrics, registry }: Parts): Promise<void> {
  const context: RouteContext = {
    models: registry,
    admin: registry,
    isAdminClosed: keys !== null && adminKeys === null,
    limits: options,
    runs:
      options.jobs.length === 0 || options.queue === null ? null : { folders: options.jobs, queueUrl: options.queue },
    version: VERSION,
  };
  for (const protocol of protocols) await app.register(async (scope) => protocol(scope as App, context));
  app.get('/metrics', { schema: { hide: true }, config: { access: 'open' } }, async (_request, reply) =>
    reply.type(metrics.contentType).send((await metrics.text()) as never),
  );
}

const { version: VERSION } = createRequire(import.meta.url)('../../package.json') as { version: string };
