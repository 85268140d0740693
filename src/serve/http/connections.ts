/**
 * The connections of a server, so that it can stop without losing a request. A connection that is closed in the moment
 * in which a request comes over it, or in which a client opens it, ends with a reset. So every answer says that its
 * connection closes; answers are kept back while the port is closed, when clients that wait for one open no connection;
 * and what is left is closed once it has been silent for a while. Knows nothing of routes.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type Socket, Server as TcpServer } from 'node:net';
import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises';

/** How long requests still come after a stop was asked for, so that whoever sends without a break is told by an answer. */
const GRACE_MS = 200;
/** No new connection for so long means that nobody is about to open one; waited for this long at most. */
const QUIET_MS = 250;
const MOST_QUIET_MS = 1000;
/** A connection that was silent for so long is not about to be used. */
const SILENT_MS = 1000;
const STEP_MS = 20;

interface State {
  /** Requests that are not answered in full. */
  underWay: number;
  /** When something last happened, and how far its bytes were then. */
  at: number;
  bytes: number;
}

export class Connections {
  readonly #servers = new Set<Server>();
  readonly #open = new Map<Socket, State>();
  #openedAt = 0;
  #accepted = 0;
  #keptBack: (() => void)[] | null = null;
  #isStopping = false;

  /** `stop` was called: each answer says that its connection closes. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Watches a server's connections; to be called before it listens. */
  watch(server: Server): void {
    this.#servers.add(server);
    server.on('connection', (socket: Socket) => {
      this.#accepted++;
      this.#openedAt = performance.now();
      this.#open.set(socket, { underWay: 0, at: this.#openedAt, bytes: 0 });
      socket.once('close', () => this.#open.delete(socket));
    });
    server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      const state = this.#open.get(socket);
      if (!state) return;
      state.underWay++;
      response.once('close', () => {
        state.underWay--;
        state.at = performance.now();
      });
    });
  }

  /** Calls it now, or, while the port is being closed, when that is done: what sends an answer. */
  whenOpen(send: () => void): void {
    if (this.#keptBack === null) send();
    else this.#keptBack.push(send);
  }

  /** Takes no connection any more, and resolves when all are closed: those with requests when these are answered. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const before = performance.now() - SILENT_MS;
    let busy = 0;
    for (const { underWay, at } of this.#open.values()) if (underWay > 0 || at > before) busy++;
    await delay(GRACE_MS);
    await this.#closePort(busy);
    while (this.#open.size > 0) {
      await delay(STEP_MS);
      await immediate(); // what has come in by now has been read
      this.#closeSilent(performance.now() - SILENT_MS);
    }
  }

  /** Closes all, with whatever is under way. */
  breakOff(): void {
    for (const socket of this.#open.keys()) socket.destroy();
  }

  /** `clients`: so many were busy. Where all of them wait for an answer that is kept back, none opens a connection. */
  async #closePort(clients: number): Promise<void> {
    this.#keptBack = [];
    const begin = performance.now();
    const isQuiet = () => performance.now() - Math.max(begin, this.#openedAt) > QUIET_MS;
    while (this.#keptBack.length < clients && !isQuiet() && performance.now() < begin + MOST_QUIET_MS)
      await delay(STEP_MS);
    await this.#acceptWaiting();
    // not http's own close, which also closes what is kept alive, at any moment
    for (const server of this.#servers) if (server.listening) TcpServer.prototype.close.call(server);
    const sends = this.#keptBack;
    this.#keptBack = null;
    for (const send of sends) send();
  }

  /** Resolves right after the system has handed over every connection that clients have opened: one a turn. */
  async #acceptWaiting(): Promise<void> {
    for (let accepted = -1; accepted !== this.#accepted; ) {
      accepted = this.#accepted;
      await immediate();
      await immediate();
    }
  }

  #closeSilent(before: number): void {
    for (const [socket, state] of this.#open) {
      if (socket.bytesRead !== state.bytes) {
        state.bytes = socket.bytesRead;
        state.at = performance.now();
      } else if (state.underWay === 0 && state.at < before) socket.destroySoon();
    }
  }
}
