/**
 * Bodies that are on their way: a budget of their own, in number and in bytes, so that those who send slowly take no
 * room from requests that are there. Where it is used up, whoever sends slowest makes room; whoever sends next to
 * nothing is cut off in any case. Costs nothing while bytes arrive: how far a body has come is read from its socket.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PyramidError } from '../../errors.ts';

export interface ArrivingLimits {
  readonly most: number;
  /** Of all that is announced. */
  readonly mostBytes: number;
  /** Milliseconds that a body may take in all; null: any time. */
  readonly timeoutMs: number | null;
  /** Milliseconds over which the least rate is asked for. */
  readonly windowMs: number;
}

/** Bytes a second that everybody has to bring. */
export const LEAST_RATE = 100;
/** Bytes a second that protect a body from making room for others. */
const SAFE_RATE = 16_000;
/** Milliseconds before anything is said of how fast a body is. */
const FRESH_MS = 250;
/** Milliseconds in which somebody who is cut off may still take the answer that says so. */
const GRACE_MS = 2000;

interface Body {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly bytes: number;
  readonly since: number;
  /** Where the window began: when, and how far the body was. */
  markAt: number;
  markBytes: number;
}

export class Arriving {
  readonly #limits: ArrivingLimits;
  readonly #bodies = new Map<FastifyRequest, Body>();
  #bytes = 0;

  constructor(limits: ArrivingLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#bodies.size;
  }

  /** Lets a body of so many bytes come; false where there is no room, and nobody slow who could make some. */
  begin(request: FastifyRequest, reply: FastifyReply, bytes: number): boolean {
    const { most, mostBytes } = this.#limits;
    const now = performance.now();
    while (this.#bodies.size >= most || (this.#bodies.size > 0 && this.#bytes + bytes > mostBytes)) {
      const slowest = this.#slowest(now);
      if (slowest === null) return false;
      this.#cutOff(slowest, now);
    }
    this.#bytes += bytes;
    this.#bodies.set(request, {
      request,
      reply,
      bytes,
      since: now,
      markAt: now,
      markBytes: progressOf(request),
    });
    return true;
  }

  /** It has arrived, or does not matter any more. */
  end(request: FastifyRequest): void {
    const body = this.#bodies.get(request);
    if (!body) return;
    this.#bodies.delete(request);
    this.#bytes -= body.bytes;
  }

  /** Cuts off what is late or too slow: to be called about once a second. */
  sweep(): void {
    const { timeoutMs, windowMs } = this.#limits;
    const now = performance.now();
    for (const body of this.#bodies.values()) {
      const isLate = timeoutMs !== null && now - body.since > timeoutMs;
      if (!isLate && now - body.markAt < windowMs) continue;
      if (isLate || (!isOurTurn(body.request) && rateOf(body, now) < LEAST_RATE)) this.#cutOff(body, now);
      else {
        body.markAt = now;
        body.markBytes = progressOf(body.request);
      }
    }
  }

  #slowest(now: number): Body | null {
    let slowest: Body | null = null;
    let least = SAFE_RATE;
    for (const body of this.#bodies.values()) {
      if (now - body.markAt < FRESH_MS || isOurTurn(body.request)) continue;
      const rate = rateOf(body, now);
      if (rate >= least) continue;
      least = rate;
      slowest = body;
    }
    return slowest;
  }

  #cutOff({ request, reply, since }: Body, now: number): void {
    this.end(request);
    const { raw } = request;
    const { socket } = raw; // the request gives it away once it has ended
    const seconds = Math.round((now - since) / 100) / 10;
    const error = new PyramidError('MP_BODY_SLOW', { seconds, least: LEAST_RATE });
    // whoever reads the body hears of it and answers; where nobody does the connection is all that is left
    if (raw.listenerCount('error') === 0) {
      socket.destroy();
      return;
    }
    // a stream has sent its headers, which keep the connection: it is closed behind the answer, taken or not
    const tooLate = setTimeout(() => socket.destroy(), GRACE_MS).unref();
    reply.raw.once('finish', () => {
      clearTimeout(tooLate);
      socket.destroySoon();
    });
    if (!reply.raw.headersSent) reply.header('connection', 'close');
    raw.emit('error', error);
  }
}

/** Bytes that went over the connection, in both directions: who takes answers slowly holds up as well. */
const progressOf = ({ raw: { socket } }: FastifyRequest): number =>
  socket.bytesRead + socket.bytesWritten - socket.writableLength;

const rateOf = (body: Body, now: number): number =>
  ((progressOf(body.request) - body.markBytes) * 1000) / Math.max(1, now - body.markAt);

/** There is something to read, or all was read and all that was answered has gone: nobody waits for the client. */
const isOurTurn = ({ raw }: FastifyRequest): boolean =>
  raw.readableLength > 0 || (raw.complete && raw.socket.writableLength === 0);
