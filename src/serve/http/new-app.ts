/**
 * Fastify as this server uses it: its HTTP server and limits, the log, the number of each request, and what Fastify or
 * Node's parser refuse by themselves, before any route has a say. Knows no protocol and no models.
 */
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyServerOptions, LogController } from 'fastify';
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { PyramidError } from '../../errors.ts';
import type { ServerOptions } from '../defaults.ts';
import type { Connections } from './connections.ts';
import { answerError } from './errors-out.ts';
import type { Refusals } from './refusals.ts';
import { requestId } from './request-id.ts';
import type { App } from './route.ts';
import { ALWAYS, compileValidator } from './safety.ts';
import { schemaError } from './schema-sentence.ts';
import { Unread } from './unread.ts';

/** Levels and times as people read them; without a place to write to, none. */
export function newLogger(level: ServerOptions['logLevel'], to: DestinationStream | undefined): Logger {
  const formatters = { level: (label: string) => ({ level: label }) };
  const settings = { level: to ? level : 'silent', base: null, formatters, timestamp: stdTimeFunctions.isoTime };
  return pino(settings, to ?? { write() {} });
}

/**
 * How often connections whose headers are late are closed. All that are late are closed in one turn of the event loop: of thousands
 * that say nothing, those of two seconds together would hold up every answer.
 */
const CHECKING_MS = 100;

export interface AppParts {
  readonly logger: Logger;
  readonly refusals: Refusals;
  readonly connections: Connections;
}

export function newApp(options: ServerOptions, { logger, refusals, connections }: AppParts): App {
  const isVerbose = ['debug', 'trace'].includes(options.logLevel);
  const settings: FastifyServerOptions = {
    loggerInstance: logger as never,
    logController: new LogController({ disableRequestLogging: !isVerbose }),
    genReqId: requestId as never,
    bodyLimit: options.payloadLimit,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 16_384 }, // as long as an address may be: each protocol says in its own words what it does not know
    frameworkErrors: (error, request, reply) => {
      reply.headers({ ...ALWAYS, 'x-request-id': request.id });
      if (connections.isStopping) reply.header('connection', 'close');
      return void answerError(error, request, reply);
    },
    schemaErrorFormatter: schemaError,
    clientErrorHandler: refuseUnread as never,
    serverFactory: (handle) => {
      const server = createServer(
        {
          maxHeaderSize: 16_384,
          headersTimeout: 10_000,
          requestTimeout: 0, // guard.ts has one that lets streams of lines live
          connectionsCheckingInterval: CHECKING_MS,
          keepAliveTimeout: Math.min(72_000, options.idleTimeout),
        },
        refusals.before(handle),
      );
      connections.watch(server);
      new Unread(options.bodyTimeout).watch(server);
      return server.setTimeout(options.idleTimeout);
    },
  };
  return Fastify(settings)
    .withTypeProvider<TypeBoxTypeProvider>()
    .setValidatorCompiler(compileValidator) as unknown as App;
}

const bodyFor = (problem: string) => {
  const { code, message } = new PyramidError('MP_REQUEST', { problem });
  return { error: { code, message } };
};

/** What Node's parser finds wrong before there is a request. */
const UNREAD: Readonly<Record<string, readonly [status: string, problem: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request headers did not arrive in time'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are longer than 16 KiB'],
};

/** Answers what is not an HTTP request, in the form of every other error, and closes the connection. */
function refuseUnread(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.bytesRead === 0) return void socket.destroy(); // nothing was asked, so nothing is answered
  const [status, problem] = UNREAD[error.code ?? ''] ?? ['400 Bad Request', 'this is not an HTTP/1.1 request'];
  const body = JSON.stringify(bodyFor(problem));
  if (socket.writable && socket.bytesWritten === 0)
    socket.write(
      `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  socket.destroySoon();
}
