/**
 * Bodies of requests that were answered before they had arrived: a key was missing, an address unknown, the queue full.
 * Node passes over what still comes, however slowly. So whoever sends such a body has as long for it as for any other;
 * then the connection is closed. Knows no routes.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How often late bodies are looked for, in milliseconds. */
const SWEEP_MS = 1000;

export class Unread {
  readonly #timeoutMs: number;
  /** Their connections, and since when their answers have gone. */
  readonly #open = new Map<IncomingMessage, { readonly socket: Socket; readonly since: number }>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Watches a server's requests; to be called before it listens. */
  watch(server: Server): void {
    const timer = setInterval(() => this.#sweep(), Math.min(SWEEP_MS, this.#timeoutMs)).unref();
    server.once('close', () => clearInterval(timer));
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request; // the request gives it away once it has ended
      response.once('close', () => {
        if (!request.complete && !socket.destroyed) this.#open.set(request, { socket, since: performance.now() });
      });
    });
  }

  #sweep(): void {
    const now = performance.now();
    for (const [request, { socket, since }] of this.#open) {
      const isOver = request.complete || socket.destroyed;
      if (!isOver && now - since <= this.#timeoutMs) continue;
      this.#open.delete(request);
      if (!isOver) socket.destroy();
    }
  }
}
