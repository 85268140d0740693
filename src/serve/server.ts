/**
 * The server: models, guard, protocols, metrics, descriptions and the page, put together on Fastify; and how it starts
 * and stops. What each part does is in its own file.
 */
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { PyramidError } from '../errors.ts';
import { knownOptions, type OptionSpec, readOption } from '../option.ts';
import { type ServerOptions, serveTable } from './defaults.ts';
import { addBodies } from './http/bodies.ts';
import { Connections } from './http/connections.ts';
import { addDocs } from './http/docs.ts';
import { addErrors } from './http/errors-out.ts';
import { addGuard, type Guard, NDJSON } from './http/guard.ts';
import { isLoopback, namesOf } from './http/hosts.ts';
import { Keys, readKeys } from './http/keys.ts';
import { listen, tryToListen, urlOf } from './http/listen.ts';
import { newApp, newLogger } from './http/new-app.ts';
import { Refusals } from './http/refusals.ts';
import { type App, failureOf, type RouteContext, type RoutePlugin } from './http/route.ts';
import { addSafety } from './http/safety.ts';
import { Metrics } from './metrics.ts';
import { addPage } from './page.ts';
import { Registry } from './registry.ts';
import { adminRoutes } from './routes/admin.ts';
import { classifyRoutes } from './routes/classify.ts';
import { healthRoutes } from './routes/health.ts';
import { modelRoutes } from './routes/models.ts';
import { oipRoutes } from './routes/oip.ts';
import { teiRoutes } from './routes/tei.ts';
import { vllmRoutes } from './routes/vllm.ts';
import { policyFor, runOrderFor } from './tau-policy.ts';
import { startTracing } from './tracing.ts';

/** Anything left out has its default of `serveTable`; at least one model is needed. */
export type StartOptions = Partial<ServerOptions> &
  Pick<ServerOptions, 'model'> & {
    /** Log lines go here; default: nowhere. */
    readonly log?: { write(line: string): void };
    /** Gets sentences for people, before anything else happens. */
    readonly say?: (sentence: string) => void;
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
 * Loads the models and listens. Throws MP_OPTION_UNKNOWN, MP_OPTION_VALUE, MP_USAGE, MP_FILE_MISSING, MP_MODEL_*,
 * MP_HUB_*, MP_LISTEN, MP_OTEL_PACKAGE.
 *
 * @example
 * const server = await startServer({ model: [{ name: 'mails', dir: 'runs/mails' }], port: 8080 });
 * await fetch(`${server.url}/v1/classify`, …);
 * await server.close();
 */
export async function startServer({ log, say, ...given }: StartOptions): Promise<RunningServer> {
  const options = withDefaults(given);
  if (!Array.isArray(options.model) || options.model.length === 0)
    throw new PyramidError('MP_USAGE', { what: '--model is missing', todo: 'give a model folder' });
  const keys = await keysOf(options);
  const adminKeys = options.adminKeyFile === null ? null : new Keys(await readKeys(options.adminKeyFile));
  const logger = newLogger(options.logLevel, log);
  const isLocal = isLoopback(await tryToListen(options));
  if (!isLocal && keys === null) {
    logger.warn(OPEN_TO_ALL);
    say?.(`warning: ${OPEN_TO_ALL}`);
  }
  const tracing = await startTracing(options);
  let guard: Guard = { underWay: () => 0, streams: () => 0 };
  const metrics: Metrics = new Metrics({
    models: () => registry.all,
    requests: () => guard.underWay() + guard.streams(),
  });
  const registry: Registry = await Registry.open(options.model, {
    load: {
      workers: options.workers ?? undefined,
      threads: options.threads ?? undefined,
      dtype: options.dtype ?? undefined,
      order: runOrderFor(options),
      stallMs: options.stallTimeout,
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
      () => !isStopping && (isFull() || guard.underWay() >= options.maxConcurrentRequests),
      () => {
        metrics.began();
        metrics.failed('MP_OVERLOADED');
        registry.all[0].admission.countRefusal();
      },
    );
    const connections = new Connections();
    const app = newApp(options, { logger, refusals, connections, isStopping: () => isStopping });
    if (tracing) await app.register(tracing.plugin);
    addErrors(app);
    addBodies(app, { limit: options.payloadLimit, streams: NDJSON });
    await addSafety(app, options);
    // where requests need a key, a page that was tricked into sending one has none
    const hasToBeNamed = options.allowedHosts.length > 0 || (isLocal && keys === null);
    guard = addGuard(app, {
      keys,
      adminKeys,
      isOurName: hasToBeNamed ? namesOf(options.allowedHosts, options.hostname) : null,
      maxConcurrentRequests: options.maxConcurrentRequests,
      payloadLimit: options.payloadLimit,
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
      connections.whenOpen(() => done(null, payload));
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
    const isAdminClosed = keys !== null && adminKeys === null;
    await app.register(async (scope) => adminRoutes(scope as App, registry, isAdminClosed));
    app.get('/metrics', { schema: { hide: true }, config: { access: 'open' } }, async (_request, reply) =>
      reply.type(metrics.contentType).send((await metrics.text()) as never),
    );
    if (options.page) await addPage(app);
    await listen(app, options);

    const close = async () => {
      isStopping = true;
      let late: NodeJS.Timeout | undefined;
      const tooLate = new Promise<void>((resolve) => {
        late = setTimeout(async () => {
          logger.warn('requests did not end in time, they are broken off');
          void registry.close();
          await delay(LAST_WORDS_MS);
          connections.breakOff();
          resolve();
        }, options.shutdownTimeout);
      });
      await Promise.race([connections.stop(), tooLate]);
      await app.close();
      await registry.drain();
      clearTimeout(late);
      await tracing?.stop();
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

/** What has not been answered in time is told so, which takes a moment. */
const LAST_WORDS_MS = 100;

const OPEN_TO_ALL =
  'other machines reach this server and no key is asked for, so whoever reaches it can use it; give --api-key-file, or listen on 127.0.0.1';

const { version: VERSION } = createRequire(import.meta.url)('../../package.json') as { version: string };

/** Throws MP_OPTION_UNKNOWN, MP_OPTION_VALUE. Lists have been read by whoever gives them. */
function withDefaults(given: Partial<ServerOptions>): ServerOptions {
  const known = knownOptions(given, Object.keys(serveTable) as (keyof ServerOptions)[]);
  const options = Object.entries(serveTable).map(([key, spec]: [string, OptionSpec<unknown>]) => {
    const value = known[key as keyof ServerOptions] ?? spec.default;
    return [key, typeof value === 'object' ? value : readOption(spec, value, key)];
  });
  return Object.fromEntries(options) as ServerOptions;
}

async function keysOf({ apiKey, apiKeyFile }: ServerOptions): Promise<Keys | null> {
  const keys = [...(apiKey === null ? [] : [apiKey]), ...(apiKeyFile === null ? [] : await readKeys(apiKeyFile))];
  return keys.length === 0 ? null : new Keys(keys);
}
