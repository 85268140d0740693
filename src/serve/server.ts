/**
 * The server, as it starts and stops: options and keys, the port, the models, then the app that answers (assemble.ts).
 * What each part does is in its own file.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { PyramidError } from '../errors.ts';
import { knownOptions, type OptionSpec, readOption } from '../option.ts';
import { assemble, type Parts } from './assemble.ts';
import { auditorFor } from './audit/auditor-for.ts';
import { type ServerOptions, serveTable } from './defaults.ts';
import { Connections } from './http/connections.ts';
import { isLoopback } from './http/hosts.ts';
import { Keys, readKeys } from './http/keys.ts';
import { listen, tryToListen, urlOf } from './http/listen.ts';
import { newLogger } from './http/new-app.ts';
import type { App } from './http/route.ts';
import { Metrics } from './metrics.ts';
import { Registry } from './registry.ts';
import { beyondCertificate, policyFor, runOrderFor } from './tau-policy.ts';
import { startTracing } from './tracing.ts';

/** Anything left out has its default of `serveTable`; at least one model is needed. */
export type StartOptions = Partial<ServerOptions> &
  Pick<ServerOptions, 'model'> & {
    /** Log lines go here; default: nowhere. */
    readonly log?: { write(line: string): void };
    /** Gets sentences for people, before anything else happens. */
    readonly say?: (sentence: string) => void;
  };

/** A server that listens. */
export interface RunningServer {
  /** Where it listens, for clients on this machine. */
  readonly url: string;
  /** The Fastify instance, for routes of one's own. */
  readonly app: App;
  /** The models that are served. */
  readonly registry: Registry;
  /** Loads changed model folders anew. Never throws: what cannot be loaded is logged and the old model stays. */
  reload(): Promise<void>;
  /** Stops listening, answers what was taken, ends the engines; after --shutdown-timeout without waiting longer. */
  close(): Promise<void>;
}

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
  const options = optionsOf(given);
  // a queue alone is in the environment of who uses jobs, too
  if (options.jobs.length > 0 && options.queue === null)
    throw new PyramidError('MP_USAGE', { what: '--jobs names a run, and nothing its queue', todo: 'add --queue' });
  const keys = await keysOf(options);
  const logger = newLogger(options.logLevel, log);
  const isLocal = isLoopback(await tryToListen(options)); // before models are loaded for minutes
  if (!isLocal && keys.keys === null) {
    logger.warn(OPEN_TO_ALL);
    say?.(`warning: ${OPEN_TO_ALL}`);
  }
  const tracing = await startTracing(options);
  const metrics = new Metrics();
  const registry = await openModels(options, logger, metrics);
  const connections = new Connections();
  const parts: Parts = { options, ...keys, isLocal, logger, tracing, metrics, registry, connections };
  try {
    const app = await assemble(parts);
    await listen(app, options);
    logger.info({ url: urlOf(app), models: registry.names }, 'ready');
    return running(app, parts);
  } catch (error) {
    await registry.close();
    throw error;
  }
}

function openModels(options: ServerOptions, logger: Logger, metrics: Metrics): Promise<Registry> {
  const { model, workers, threads, dtype, stallTimeout } = options;
  return Registry.open(model, {
    load: {
      workers: workers ?? undefined,
      threads: threads ?? undefined,
      dtype: dtype ?? undefined,
      order: runOrderFor(options),
      stallMs: stallTimeout,
    },
    limits: options,
    policyOf: (pyramid, name) => {
      const policy = policyFor(pyramid, options);
      const warning = beyondCertificate(policy, pyramid);
      if (warning) logger.warn({ model: name }, warning);
      return policy;
    },
    auditorOf: (pyramid, policy, { name: model }) =>
      auditorFor(pyramid, policy, options, (sentence, audit) => logger.warn({ model, audit }, sentence)),
    onAnswer: (_name, classified, totalMs) => metrics.answered(classified, totalMs),
    onChange: (what, card) => logger.info({ model: card.name, version: card.version }, `model ${what}`),
  });
}

function running(app: App, parts: Parts): RunningServer {
  const { registry, logger } = parts;
  let closing: Promise<void> | null = null;
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
      closing ??= stop(app, parts);
      return closing;
    },
  };
}

/** Answers what was taken, closes the port and the connections, then ends the engines; after a while without waiting. */
async function stop(app: App, { options, registry, connections, tracing, logger }: Parts): Promise<void> {
  registry.announceStop();
  let late: NodeJS.Timeout | undefined;
  const tooLate = new Promise<void>((resolve) => {
    late = setTimeout(async () => {
      logger.warn('requests did not end in time: they are cut off');
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
}

/** What has not been answered in time is told so, which takes a moment. */
const LAST_WORDS_MS = 100;

const OPEN_TO_ALL =
  'other machines can reach this server, and it needs no key, so anyone who reaches it can use it; give --api-key-file, or listen on 127.0.0.1';

/** With the defaults. Throws MP_OPTION_UNKNOWN, MP_OPTION_VALUE, MP_USAGE. Lists have been read by whoever gives them. */
function optionsOf(given: Partial<ServerOptions>): ServerOptions {
  const known = knownOptions(given, Object.keys(serveTable) as (keyof ServerOptions)[]);
  const values = Object.entries(serveTable).map(([key, spec]: [string, OptionSpec<unknown>]) => {
    const value = known[key as keyof ServerOptions] ?? spec.default;
    return [key, typeof value === 'object' ? value : readOption(spec, value, key)];
  });
  const options = Object.fromEntries(values) as ServerOptions;
  if (!Array.isArray(options.model) || options.model.length === 0)
    throw new PyramidError('MP_USAGE', { what: '--model is missing', todo: 'give a model folder' });
  return options;
}

/** Throws MP_FILE_MISSING, MP_USAGE. */
async function keysOf({ apiKey, apiKeyFile, adminKeyFile }: ServerOptions): Promise<Pick<Parts, 'keys' | 'adminKeys'>> {
  const keys = [...(apiKey === null ? [] : [apiKey]), ...(apiKeyFile === null ? [] : await readKeys(apiKeyFile))];
  return {
    keys: keys.length === 0 ? null : new Keys(keys),
    adminKeys: adminKeyFile === null ? null : new Keys(await readKeys(adminKeyFile)),
  };
}
