/**
 * Serves texts by floor 0 while the network of a model is still coming, or where it has none: what leaves at floor 0 is
 * answered at once, other texts wait. Then all that waits, and all that comes, goes to those who have the network. Knows
 * no files.
 */
import { type SentError, sentError } from '../../sent-error.ts';
import type { FloorExit } from '../floor-exit.ts';
import type { FromWorker, TimedOutcome, ToWorker, WireText } from '../workers/messages.ts';

export interface FloorFirstPort {
  post(message: FromWorker): void;
  /** The worker is to end. */
  close(): void;
}

export class FloorFirst {
  readonly #floor: FloorExit;
  readonly #port: FloorFirstPort;
  #waiting: WireText[] = [];
  /** Who has the network. */
  #network: ((message: ToWorker) => void) | null = null;
  /** Why there will be no network. */
  #failure: SentError | null = null;

  constructor(floor: FloorExit, port: FloorFirstPort) {
    this.#floor = floor;
    this.#port = port;
  }

  take(message: ToWorker): void {
    if (this.#network) this.#network(message);
    else this.#takeFirst(message);
  }

  #takeFirst(message: ToWorker): void {
    switch (message.kind) {
      case 'texts':
        this.#answer(message.texts);
        return;
      case 'cancel': {
        const ids = new Set(message.ids);
        this.#waiting = this.#waiting.filter(({ id }) => !ids.has(id));
        this.#port.post({ kind: 'cancelled' });
        return;
      }
      case 'stats':
        this.#port.post({ kind: 'stats', pieces: [], levels: [this.#waiting.length] });
        return;
      case 'close':
        this.#port.close();
        return;
      default:
        message satisfies never;
    }
  }

  /** The network is there: `take` gets what waits, and what comes. */
  handOver(take: (message: ToWorker) => void): void {
    this.#network = take;
    const texts = this.#waiting.splice(0);
    if (texts.length > 0) take({ kind: 'texts', texts });
  }

  /** The network will not come: what waits for it fails, and what will. Floor 0 goes on answering. */
  fail(error: SentError): void {
    this.#failure = error;
    this.#refuse(this.#waiting.splice(0), error);
  }

  #answer(texts: readonly WireText[]): void {
    const outcomes: TimedOutcome[] = [];
    const stay: WireText[] = [];
    for (const text of texts) {
      try {
        const begin = performance.now();
        const asked = this.#floor.ask(text);
        if (!this.#floor.answers(asked, text)) {
          stay.push(text);
          continue;
        }
        const tokenizeMs = performance.now() - begin - asked.ms;
        const outcome = this.#floor.outcome(text.id, text, asked, text, text.index);
        outcomes.push({ ...outcome, tokenizeMs, inferenceMs: asked.ms });
      } catch (error) {
        this.#refuse([text], sentError(error));
      }
    }
    if (outcomes.length > 0) this.#port.post({ kind: 'outcomes', outcomes });
    if (this.#failure) this.#refuse(stay, this.#failure);
    else this.#waiting.push(...stay);
  }

  #refuse(texts: readonly WireText[], error: SentError): void {
    if (texts.length > 0) this.#port.post({ kind: 'failed', ids: texts.map(({ id }) => id), error });
  }
}
