/**
 * What is asked of a request before it is read: the name it calls us by, its key, whether there is room, and that its
 * body comes in time. All are hooks that cost a few microseconds; refusing must be cheaper than answering. Knows no
 * protocol.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PyramidError } from '../../errors.ts';
import { type AccessOptions, markOpenRoutes, refusedEntry } from './access.ts';
import { Arriving } from './arriving.ts';
import { isStream } from './bodies.ts';
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

export const NDJSON = 'application/x-ndjson';

/** How often slow bodies are looked for, in milliseconds. */
const SWEEP_MS = 1000;
/** Bodies of the greatest size that may arrive at once: what is held of them in memory is bounded. */
const WHOLE_BODIES = 64;

export class Guard {
  readonly #options: GuardOptions;
  readonly #bodies: Arriving;
  readonly #streams: Arriving;
  #underWay = 0;

  constructor(options: GuardOptions) {
    const { maxConcurrentRequests: most, payloadLimit, bodyTimeoutMs } = options;
    this.#options = options;
    this.#bodies = new Arriving({
      most,
      mostBytes: WHOLE_BODIES * payloadLimit,
      timeoutMs: bodyTimeoutMs,
      windowMs: bodyTimeoutMs / 3,
    });
    // of a stream little is held at once
    this.#streams = new Arriving({
      most,
      mostBytes: Number.POSITIVE_INFINITY,
      timeoutMs: null,
      windowMs: bodyTimeoutMs,
    });
  }

  /** Requests to classify that are under way: their bodies have arrived. Streams of lines are not among them. */
  get underWay(): number {
    return this.#underWay;
  }

  get streams(): number {
    return this.#streams.count;
  }

  /** As many requests are under way as may be. */
  get isFull(): boolean {
    return this.#underWay >= this.#options.maxConcurrentRequests;
  }

  /** Looks at every request of the routes that are added after it. */
  addTo(app: App): void {
    const sweep = setInterval(() => {
      this.#bodies.sweep();
      this.#streams.sweep();
    }, SWEEP_MS).unref();
    app.addHook('onClose', async () => clearInterval(sweep));
    markOpenRoutes(app);
    app.addHook('onRequest', (request, reply, done) => done(this.#refusedUnread(request, reply) ?? undefined));
    app.addHook('preValidation', (request, reply, done) => done(this.#refusedRead(request, reply) ?? undefined));
    const over = (request: FastifyRequest) => {
      this.#bodies.end(request);
      this.#streams.end(request);
    };
    app.addHook('onResponse', (request, _reply, done) => {
      over(request);
      done();
    });
    app.addHook('onRequestAbort', (request, done) => {
      over(request);
      done();
    });
  }

  /** What a request is told by its headers that may not come in; null where its body may come. */
  #refusedUnread(request: FastifyRequest, reply: FastifyReply): PyramidError | null {
    const { isOurName, payloadLimit, isFull, refusal, onBegin } = this.#options;
    const { host } = request.headers;
    if (isOurName?.(host) === false) return new PyramidError('MP_HOST', { host: host! });
    const refused = refusedEntry(request, reply, this.#options);
    if (refused) return refused;
    if (isCounted(request)) {
      onBegin();
      if (this.isFull || isFull()) return refusal();
    }
    const bytes = bytesOf(request, payloadLimit);
    return bytes > 0 && !this.#bodies.begin(request, reply, bytes) ? refusal() : null;
  }

  /** What a request is told whose body is there, or comes as it is read; null where it goes on to its route. */
  #refusedRead(request: FastifyRequest, reply: FastifyReply): PyramidError | null {
    const { refusal } = this.#options;
    this.#bodies.end(request);
    if (!isCounted(request)) return null;
    if (isStream(request.body)) return this.#streams.begin(request, reply, 0) ? null : refusal();
    if (this.isFull) return refusal();
    this.#underWay++;
    reply.raw.once('close', () => this.#underWay--);
    return null;
  }
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
