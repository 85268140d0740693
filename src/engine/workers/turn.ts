/**
 * How much of its turn of the event loop the engine has used on a thread that is not its own: what may take long is done
 * in slices, with the loop's other work between them.
 */

/** Of a turn, in milliseconds; what is begun within it is done, so a turn may last a little longer. */
const SLICE_MS = 1;
/** Items between two looks at the clock. */
const TOGETHER = 8;

/** With the next turn of the event loop. */
export const later: (work: () => void) => void = typeof setImmediate === 'function' ? setImmediate : throughChannel();

/** setImmediate for browsers, whose timers wait four milliseconds, and a second in a page that is out of sight. */
function throughChannel(): (work: () => void) => void {
  const { port1, port2 } = new MessageChannel() as unknown as {
    readonly port1: { onmessage: () => void };
    readonly port2: { postMessage(message: null): void };
  };
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return (work) => {
    waiting.push(work);
    port2.postMessage(null);
  };
}

export class Turn {
  #began: number | null = null;

  /** Whether so much time has gone by since this was first asked in this turn that the rest is for the next. */
  get isSpent(): boolean {
    const now = performance.now();
    if (this.#began === null) {
      this.#began = now;
      later(() => {
        this.#began = null;
      });
    }
    return now - this.#began > SLICE_MS;
  }

  /** The next turn. */
  next(): Promise<void> {
    return new Promise((resolve) => later(resolve));
  }

  /**
   * Does `work` for each of `items` and takes it out, until none is left; at once if there is time, and gives the loop
   * its turns. What is done in answer to an item, in microtasks, comes soon after it and counts too.
   */
  async through<T>(items: T[], work: (item: T) => void): Promise<void> {
    while (items.length > 0) {
      if (this.isSpent) await this.next();
      for (const item of items.splice(0, TOGETHER)) work(item);
      await null;
    }
  }
}
