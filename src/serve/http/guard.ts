/**
 * What is asked of a request before it is read: the name it calls us by, its key, whether there is room, and that its
 * body comes in time. All are hooks that cost a few microseconds; refusing must be cheaper than answering. Knows no
 * protocol.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PyramidError } from '../../errors.ts';
import { type AccessOptions, markOpenRoutes, refusedEntry } from './access.ts';
import { Arriving } from './arriving.ts';
import type { App } from './route.ts';

export interface GuardOptions extends AccessOptions {
  /** Whether a `Host` header names this server; null: any does. */
  readonly isOurName: ((host: string | undefined) => boolean) | null;
  /** Of requests that are there, of bodies that arrive, and of streams of lines: each may be so many. */
  readonly maxConcurrentRequests: number;
  /** Bytes of a body. */
  readonly payloadLimit: number;
  /** Time that a body may take to arrive; a stream of lines has to bring a little in each such time. */
  readonly bodyTimeoutMs: number;
  /** No text would be let in now. */
  readonly isFull: () => boolean;
  /** What a request is told that is not let in. */
  readonly refusal: () => PyramidError;
  readonly onBegin: () => void;
}

export interface Guard {
  /** Requests to classify that are under way: their bodies have arrived. Streams of lines are not among them. */
  readonly underWay: () => number;
  readonly streams: () => number;
}

export const NDJSON = 'application/x-ndjson';

/** Bodies of the greatest size that may arrive at once: what is held of them in memory is bounded. */
const WHOLE_BODIES = 64;

export function addGuard(app: App, options: GuardOptions): Guard {
  const { isOurName, maxConcurrentRequests, payloadLimit, bodyTimeoutMs, isFull, refusal, onBegin } = options;
  const bodies = new Arriving({
    most: maxConcurrentRequests,
    mostBytes: WHOLE_BODIES * payloadLimit,
    timeoutMs: bodyTimeoutMs,
    windowMs: bodyTimeoutMs / 3,
  });
  // of a stream little is held at once
  const streams = new Arriving({
    most: maxConcurrentRequests,
    mostBytes: Number.POSITIVE_INFINITY,
    timeoutMs: null,
    windowMs: bodyTimeoutMs,
  });
  let underWay = 0;
  const sweep = setInterval(() => {
    bodies.sweep();
    streams.sweep();
  }, 1000).unref();
  app.addHook('onClose', async () => clearInterval(sweep));
  markOpenRoutes(app);

  app.addHook('onRequest', (request, reply, done) => {
    const { host } = request.headers;
    if (isOurName?.(host) === false) return done(new PyramidError('MP_HOST', { host: host! }));
    const refused = refusedEntry(request, reply, options);
    if (refused) return done(refused);
    const counts = isCounted(request);
    if (counts) {
      onBegin();
      if (underWay >= maxConcurrentRequests || isFull()) return done(refusal());
    }
    const bytes = bytesOf(request, payloadLimit);
    if (bytes > 0 && !bodies.begin(request, reply, bytes)) return done(refusal());
    done();
  });
  app.addHook('preValidation', (request, reply, done) => {
    bodies.end(request);
    if (!isCounted(request)) return done();
    // a body that is read as it comes goes on arriving
    if (typeof (request.body as { readonly pipe?: unknown } | null | undefined)?.pipe === 'function')
      return streams.begin(request, reply, 0) ? done() : done(refusal());
    if (underWay >= maxConcurrentRequests) return done(refusal());
    underWay++;
    reply.raw.once('close', () => underWay--);
    done();
  });
  const over = (request: FastifyRequest, _: FastifyReply, done: () => void) => {
    bodies.end(request);
    streams.end(request);
    done();
  };
  app.addHook('onResponse', over);
  app.addHook('onRequestAbort', (request, done) => over(request, undefined as never, done));
  return { underWay: () => underWay, streams: () => streams.count };
}

/** Requests that ask for answers: what administrates has to pass when there is no room, too. */
const isCounted = ({ method, routeOptions }: FastifyRequest): boolean =>
  method === 'POST' && routeOptions.config.access !== 'admin';

/** Bytes of the body that is to come: announced, or the most there may be; 0 where there is none or no room for it anyway. */
function bytesOf({ headers }: FastifyRequest, payloadLimit: number): number {
  if (headers['transfer-encoding'] !== undefined) return payloadLimit;
  const bytes = Number(headers['content-length'] ?? 0);
  return bytes <= payloadLimit ? bytes : 0;
}
