/**
 * Refusing cheaply: while there is no room, a request to a route that has lately refused one gets the very same answer,
 * before anything else is done with it. Ten times too many requests then cost a fraction of what answering costs, and
 * what was let in is not slowed down. Knows no protocol: the answers are those that the routes gave.
 */
import type { IncomingMessage, OutgoingHttpHeaders, RequestListener, ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { PyramidError } from '../../errors.ts';
import { requestId } from './request-id.ts';
import type { App } from './route.ts';

/** Answers are given again for so long; then a route is asked anew, since Retry-After changes. */
const FRESH_MS = 500;
/** Addresses that are remembered: those of a few routes and models. */
const MOST = 100;
/**
 * Milliseconds of a turn of the event loop that go into refusing; what is left waits for the next turn. Else a turn with
 * hundreds of requests to refuse would hold up the answers of those that were let in.
 */
const SLICE_MS = 1;

interface Refusal {
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
  readonly until: number;
}

export class Refusals {
  readonly #byAddress = new Map<string, Refusal>();
  readonly #isFull: () => boolean;
  readonly #onRefused: () => void;
  /** Refused, but not yet told so; from `#next`. */
  #waiting: { readonly id: string; readonly response: ServerResponse; readonly refusal: Refusal }[] = [];
  #next = 0;

  /** `isFull`: no text would be let in now. `onRefused` is told of each request that is refused here. */
  constructor(isFull: () => boolean, onRefused: () => void) {
    this.#isFull = isFull;
    this.#onRefused = onRefused;
  }

  /** Remembers what the routes refuse with. */
  listenTo(app: App): void {
    // a deadline is one request's own, and so is what a page of another origin may read
    const refused = new WeakSet<FastifyRequest>();
    app.addHook('onError', async (request, _reply, error) => {
      const isFull = error instanceof PyramidError && error.code === 'MP_OVERLOADED';
      if (isFull && request.headers.origin === undefined) refused.add(request);
    });
    app.addHook('onSend', (request, reply, payload, done) => {
      done(null, payload);
      if (reply.statusCode !== 429 || typeof payload !== 'string' || !refused.has(request)) return;
      if (this.#byAddress.size >= MOST) this.#byAddress.clear();
      const headers = { ...reply.getHeaders(), 'content-length': Buffer.byteLength(payload) } as OutgoingHttpHeaders;
      this.#byAddress.set(request.raw.url!, { headers, body: payload, until: performance.now() + FRESH_MS });
    });
  }

  /** `listener`, but for what is refused before. */
  before(listener: RequestListener): RequestListener {
    return (request, response) => {
      if (request.method !== 'POST' || !this.#refuse(request, response)) listener(request, response);
    };
  }

  #refuse(request: IncomingMessage, response: ServerResponse): boolean {
    const {
      url,
      headers: { origin },
    } = request;
    const known = this.#byAddress.get(url!);
    if (!known || origin !== undefined || !this.#isFull()) return false;
    if (performance.now() > known.until) {
      this.#byAddress.delete(url!);
      return false;
    }
    this.#onRefused();
    if (this.#waiting.length === 0) setImmediate(this.#answerWaiting);
    this.#waiting.push({ id: requestId(request), response, refusal: known });
    return true;
  }

  #answerWaiting = (): void => {
    const end = performance.now() + SLICE_MS;
    while (this.#next < this.#waiting.length && performance.now() < end) {
      const { id, response, refusal } = this.#waiting[this.#next++];
      if (response.destroyed) continue; // gone
      response.writeHead(429, { ...refusal.headers, 'x-request-id': id });
      response.end(refusal.body);
    }
    // under a load that never ends the list never empties
    if (this.#next === this.#waiting.length || this.#next > 1024) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    if (this.#waiting.length > 0) setImmediate(this.#answerWaiting);
  };
}
