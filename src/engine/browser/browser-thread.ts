/** A Web Worker for the worker pool. */
import { PyramidError } from '../../errors.ts';
import { receivedError } from '../../sent-error.ts';
import type { ToWorker } from '../workers/messages.ts';
import type { Thread, ThreadEvents } from '../workers/thread.ts';
import type { BrowserStart, FromBrowserWorker } from './messages.ts';
import type { Fetched } from './url-folder.ts';

export interface BrowserThreadEvents extends ThreadEvents {
  readonly onFetched: (progress: Fetched) => void;
  /** The network is there, or will not come; told once or more. */
  readonly onNetwork: (error: unknown) => void;
}

interface WebWorker {
  postMessage(message: unknown): void;
  terminate(): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: { readonly message?: string; preventDefault(): void }) => void) | null;
}
declare const Worker: new (url: URL, options: { type: 'module'; name: string }) => WebWorker;

export class BrowserThread implements Thread {
  readonly #worker: WebWorker;
  readonly #events: BrowserThreadEvents;
  #isOver = false;

  /** Throws MP_WEB_RUNTIME. */
  constructor(start: BrowserStart, events: BrowserThreadEvents) {
    this.#events = events;
    try {
      // bundlers know this form; the file stands beside this one in the built library
      this.#worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'magic-pyramid' });
    } catch (cause) {
      throw new PyramidError('MP_WEB_RUNTIME', { reason: String(cause) }, { cause }); // another origin's file
    }
    this.#worker.onmessage = ({ data }) => {
      const message = data as FromBrowserWorker;
      if (message.kind === 'fetched') events.onFetched(message.progress);
      else if (message.kind === 'network') events.onNetwork(message.error && receivedError(message.error));
      else if (message.kind === 'ended') this.end(null);
      else events.onMessage(message);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const reason = event.message || 'the worker did not load';
      this.end(new PyramidError('MP_WEB_RUNTIME', { reason }));
    };
    this.#worker.postMessage(start);
  }

  post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** A page's process is not the engine's to keep. */
  setRef(): void {}

  /** At once, whatever it is doing. */
  end(reason: unknown = null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#worker.terminate();
    this.#events.onNetwork(reason ?? new PyramidError('MP_CLOSED', { what: 'model' }));
    this.#events.onEnd(reason);
  }
}
