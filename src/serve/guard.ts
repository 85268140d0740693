/**
 * What is asked of a request before it is read: its key, whether there is room, and that its body comes in time. All are
 * hooks that cost a few microseconds; refusing must be cheaper than answering. Knows no protocol.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PyramidError } from '../errors.ts';
import type { Keys } from './keys.ts';
import type { App } from './route.ts';

export interface GuardOptions {
  /** Null: every request is welcome. */
  readonly keys: Keys | null;
  /** Null: there are no admin routes. */
  readonly adminKeys: Keys | null;
  readonly maxConcurrentRequests: number;
  /** Time that a body may take to arrive; a stream of lines is not bound by it. */
  readonly bodyTimeoutMs: number;
  /** No text would be let in now. */
  readonly isFull: () => boolean;
  /** What a request is told that is not let in. */
  readonly refusal: () => PyramidError;
  readonly onBegin: () => void;
}

export const NDJSON = 'application/x-ndjson';

/** Probes, metrics and descriptions need no key. */
const OPEN = /^\/(health|ping|metrics|live|ready|v2\/health\/(live|ready))?$|^\/docs(\/|$)|^\/openapi\.json$/;

/** Adds the hooks. The function that it gives tells how many requests to classify are under way. */
export function addGuard(app: App, options: GuardOptions): () => number {
  const { keys, adminKeys, maxConcurrentRequests, bodyTimeoutMs, isFull, refusal, onBegin } = options;
  let underWay = 0;
  /** Requests whose body has not come yet, the oldest first. */
  const arriving = new Map<FastifyRequest, number>();
  const sweep = setInterval(() => {
    const late = performance.now() - bodyTimeoutMs;
    for (const [request, since] of arriving) {
      if (since > late) break;
      arriving.delete(request);
      request.raw.socket.destroy();
    }
  }, 1000).unref();
  app.addHook('onClose', async () => clearInterval(sweep));

  app.addHook('onRequest', (request, reply, done) => {
    const isAdmin = request.url.startsWith('/admin');
    if (isAdmin ? !adminKeys?.has(request.headers.authorization) : !isWelcome(request, keys)) {
      reply.header('www-authenticate', 'Bearer');
      return done(new PyramidError('MP_KEY', { header: 'Authorization' }));
    }
    if (request.method !== 'POST') return done();
    if (request.headers['content-type']?.startsWith(NDJSON) !== true) arriving.set(request, performance.now());
    if (isAdmin) return done();
    onBegin();
    if (underWay >= maxConcurrentRequests || isFull()) return done(refusal());
    underWay++;
    reply.raw.once('close', () => underWay--);
    done();
  });
  const arrived = (request: FastifyRequest, _: FastifyReply, done: () => void) => {
    arriving.delete(request);
    done();
  };
  app.addHook('preValidation', arrived);
  app.addHook('onResponse', arrived);
  app.addHook('onRequestAbort', (request, done) => {
    arriving.delete(request);
    done();
  });
  return () => underWay;
}

const isWelcome = ({ url, method, headers, routeOptions }: FastifyRequest, keys: Keys | null): boolean =>
  keys === null ||
  (method === 'GET' && (OPEN.test(url.replace(/\?.*/, '')) || routeOptions.config.isPage === true)) ||
  keys.has(headers.authorization);

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Part of the page: needs no key. */
    isPage?: boolean;
  }
}
