/** A worker thread as the worker pool sees it, of whatever kind it is. */
import type { FromWorker, ToWorker } from './messages.ts';

/** It serves texts of one model, see serve-texts.ts. */
export interface Thread {
  post(message: ToWorker): void;
  /** Whether it keeps the process alive: it does while it has texts. */
  setRef(keepsAlive: boolean): void;
  /** Ends it, whatever it does, as soon as that is safe. */
  end(): void;
  /** Changes with each step that it does; left out: it shows itself by its messages only. */
  readonly steps?: number;
  /** It is in a call that ends by itself. */
  readonly isComputing?: boolean;
  /** The lower 32 bits of the id of the text that it tokenises now; 0: none. */
  readonly reading?: number;
}

export interface ThreadEvents {
  readonly onMessage: (message: FromWorker) => void;
  /** Once, when it is no more; `reason` is what it died of, null if it ended by itself. */
  readonly onEnd: (reason: unknown) => void;
}
