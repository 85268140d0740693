/**
 * The server: models, guard, protocols, metrics, descriptions and the page, put together on Fastify; and how it starts
 * and stops. What each part does is in its own file.
 */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyServerOptions, LogController } from 'fastify';
import { type Logger, pino } from 'pino';
import { PyramidError } from '../errors.ts';
import { addBodies } from './bodies.ts';
import { type ServerOptions, serveTable } from './defaults.ts';
import { addDocs } from './docs.ts';
import { addErrors, answerError } from './errors-out.ts';
import { addGuard, NDJSON } from './guard.ts';
import { Keys, readKeys } from './keys.ts';
import { Metrics } from './metrics.ts';
import { addPage } from './page.ts';
import { Refusals } from './refusals.ts';
import { Registry } from './registry.ts';
import { type App, failureOf, type RouteContext, type RoutePlugin } from './route.ts';
import { adminRoutes } from './routes/admin.ts';
import { classifyRoutes } from './routes/classify.ts';
import { healthRoutes } from './routes/health.ts';
import { modelRoutes } from './routes/models.ts';
import { oipRoutes } from './routes/oip.ts';
import { teiRoutes } from './routes/tei.ts';
import { vllmRoutes } from './routes/vllm.ts';
import { addSafety, compileValidator } from './safety.ts';
import { schemaError } from './schema-sentence.ts';
import { orderFor, policyFor } from './tau-policy.ts';
import { startTraces } from './traces.ts';

/** Anything left out has its default of `serveTable`; at least one model is needed. */
export type StartOptions = Partial<ServerOptions> &
  Pick<ServerOptions, 'model'> & {
    /** Log lines go here; default: nowhere. */
    readonly log?: { write(line: string): void };
  };

export interface RunningServer {
  /** Where it listens, for clients on this machine. */
  readonly url: string;
  readonly app: App;
  readonly registry: Registry;
  /** Loads changed model folders anew. Never throws: what cannot be loaded is logged and the old model stays. */
  reload(): Promise<void>;
  /** Stops listening, answers what was taken, ends the engines; after --shutdown-timeout without waiting longer. */
  close(): Promise<void>;
}

const protocols: readonly RoutePlugin[] = [healthRoutes, classifyRoutes, teiRoutes, oipRoutes, vllmRoutes];

/**
 * Loads the models and listens. Throws MP_USAGE, MP_FILE_MISSING, MP_MODEL_*, MP_HUB_*, MP_LISTEN, MP_OTEL_PACKAGE.
 *
 * @example
 * const server = await startServer({ model: [{ name: 'mails', dir: 'runs/mails' }], port: 8080 });
 * await fetch(`${server.url}/v1/classify`, …);
 * await server.close();
 */
export async function startServer({ log, ...given }: StartOptions): Promise<RunningServer> {
  const options = withDefaults(given);
  if (options.model.length === 0)
    throw new PyramidError('MP_USAGE', { what: '--model is missing', todo: 'give a model folder' });
  const keys = await keysOf(options);
  const adminKeys = options.adminKeyFile === null ? null : new Keys(await readKeys(options.adminKeyFile));
  const logger = pino({ level: log ? options.logLevel : 'silent', base: null }, log ?? { write() {} });
  const traces = await startTraces(options);
  const metrics: Metrics = new Metrics({ models: () => registry.all, requests: () => underWay() });
  let underWay = () => 0;
  const registry: Registry = await Registry.open(options.model, {
    load: {
      workers: options.workers ?? undefined,
      threads: options.threads ?? undefined,
      dtype: options.dtype ?? undefined,
      order: orderFor(options),
    },
    limits: options,
    policyOf: (pyramid) => policyFor(pyramid, options),
    onAnswer: (_name, classified, totalMs) => metrics.answered(classified, totalMs),
    onChange: (what, card) => logger.info({ model: card.name, version: card.version }, `model ${what}`),
  });

  try {
    let isStopping = false;
    // which model is meant stands in the body: refused unread only where none has room
    const isFull = () => registry.all.length > 0 && registry.all.every((served) => served.isFull);
    const refusals = new Refusals(
      () => !isStopping && (isFull() || underWay() >= options.maxConcurrentRequests),
      () => {
        metrics.began();
        metrics.failed('MP_OVERLOADED');
        registry.all[0].admission.countRefusal();
      },
    );
    const app = newApp(options, logger, refusals);
    if (traces) await app.register(traces.plugin);
    addErrors(app);
    addBodies(app, { limit: options.payloadLimit, streams: NDJSON });
    await addSafety(app, options);
    underWay = addGuard(app, {
      keys,
      adminKeys,
      maxConcurrentRequests: options.maxConcurrentRequests,
      bodyTimeoutMs: options.bodyTimeout,
      isFull,
      refusal: () => registry.all[0].refusal(),
      onBegin: () => metrics.began(),
    });
    refusals.listenTo(app);
    app.addHook('onError', async (_request, _reply, error) => metrics.failed(failureOf(error).code));
    // a connection that is kept alive would keep a stopping server alive
    app.addHook('onSend', (_request, reply, payload, done) => {
      if (isStopping) reply.header('connection', 'close');
      done(null, payload);
    });
    await addDocs(app, { version: VERSION, hasKeys: keys !== null });
    const context: RouteContext = {
      models: {
        get names() {
          return registry.names;
        },
        get defaultName() {
          return registry.defaultName;
        },
        get isReady() {
          return registry.isReady && !isStopping;
        },
        has: (name) => registry.has(name),
        get: (name) => registry.get(name),
      },
      limits: options,
      version: VERSION,
    };
    for (const protocol of protocols) await app.register(async (scope) => protocol(scope as App, context));
    await app.register(async (scope) => modelRoutes(scope as App, registry));
    if (adminKeys) await app.register(async (scope) => adminRoutes(scope as App, registry));
    app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
      reply.type(metrics.contentType).send((await metrics.text()) as never),
    );
    if (options.page) await addPage(app);
    await listen(app, options);

    const close = async () => {
      isStopping = true;
      const late = setTimeout(() => {
        logger.warn('requests did not end in time, they are broken off');
        app.server.closeAllConnections();
        void registry.close();
      }, options.shutdownTimeout);
      // requests that are on their way on open connections arrive, and each answer closes its connection
      await delay(GRACE_MS);
      for (let turn = 0; turn < 5; turn++) await immediate(); // a timer that is late comes before what has arrived
      await app.close();
      await registry.drain();
      clearTimeout(late);
      await traces?.stop();
      logger.info('stopped');
    };
    let closing: Promise<void> | null = null;
    logger.info({ url: urlOf(app), models: registry.names }, 'ready');
    return {
      url: urlOf(app),
      app,
      registry,
      reload: async () => {
        for (const name of registry.names)
          await registry
            .reload(name)
            .catch((error: unknown) => logger.error({ err: error, model: name }, 'not reloaded'));
      },
      close: () => {
        closing ??= close();
        return closing;
      },
    };
  } catch (error) {
    await registry.close();
    throw error;
  }
}

/** How long a server that is being stopped still takes requests. */
const GRACE_MS = 200;

const { version: VERSION } = createRequire(import.meta.url)('../../package.json') as { version: string };

function withDefaults(given: Partial<ServerOptions>): ServerOptions {
  const defaults = Object.fromEntries(Object.entries(serveTable).map(([key, spec]) => [key, spec.default]));
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...defaults, ...said } as unknown as ServerOptions;
}

async function keysOf({ apiKey, apiKeyFile }: ServerOptions): Promise<Keys | null> {
  const keys = [...(apiKey === null ? [] : [apiKey]), ...(apiKeyFile === null ? [] : await readKeys(apiKeyFile))];
  return keys.length === 0 ? null : new Keys(keys);
}

function newApp(options: ServerOptions, logger: Logger, refusals: Refusals): App {
  const isVerbose = ['debug', 'trace'].includes(options.logLevel);
  const settings: FastifyServerOptions = {
    loggerInstance: logger as never,
    logController: new LogController({ disableRequestLogging: !isVerbose }),
    bodyLimit: options.payloadLimit,
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    schemaErrorFormatter: schemaError,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 16_384 }, // as long as an address may be: each protocol says in its own words what it does not know
    serverFactory: (handle) => {
      const server = createServer(
        {
          maxHeaderSize: 16_384,
          headersTimeout: 10_000,
          requestTimeout: 0, // guard.ts has one that lets streams of lines live
          connectionsCheckingInterval: 2000,
          keepAliveTimeout: Math.min(72_000, options.idleTimeout),
        },
        refusals.before(handle),
      );
      return server.setTimeout(options.idleTimeout);
    },
  };
  return Fastify(settings)
    .withTypeProvider<TypeBoxTypeProvider>()
    .setValidatorCompiler(compileValidator) as unknown as App;
}

async function listen(app: App, { hostname, port }: ServerOptions): Promise<void> {
  try {
    await app.listen({ host: hostname, port });
  } catch (cause) {
    await app.close();
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw cause;
    throw new PyramidError('MP_LISTEN', { hostname, port, reason: code ?? message }, { cause });
  }
}

function urlOf(app: App): string {
  const { address, port } = app.server.address() as AddressInfo;
  const local = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '[::1]' : address;
  return `http://${local.includes(':') && !local.startsWith('[') ? `[${local}]` : local}:${port}`;
}
