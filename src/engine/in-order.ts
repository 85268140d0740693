/**
 * Runs a task for each item of a source of any length, a bounded number at a time, and gives the results in the
 * source's order: as soon as they are there, whether the source is fast or slow. Knows nothing of texts.
 */
interface Slot<R> {
  /** Set when the task has ended. */
  end: { readonly value: R } | { readonly error: unknown } | null;
}

/**
 * `task` gets a signal that aborts when the results are no longer wanted, or when `outer` aborts. An error, of a task
 * or of the source, is thrown after the results before it. `prepare` gets the signal first: each task under way may listen to it.
 */
export async function* inOrder<T, R>(
  source: Iterable<T> | AsyncIterable<T>,
  most: number,
  task: (item: T, index: number, signal: AbortSignal) => Promise<R>,
  outer?: AbortSignal,
  prepare?: (signal: AbortSignal) => void,
): AsyncGenerator<R, void, undefined> {
  outer?.throwIfAborted();
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const controller = new AbortController();
  const signal = outer ? AbortSignal.any([controller.signal, outer]) : controller.signal;
  prepare?.(signal);
  const running: Slot<R>[] = [];
  let index = 0;
  let isPulling = false;
  let isOver = false;
  let fault: { readonly error: unknown } | null = null;
  // not Promise.race: on a promise that outlives many races, each would leave a reaction behind
  let wake = () => {};
  outer?.addEventListener('abort', () => wake(), { signal: controller.signal });

  const start = (item: T) => {
    const slot: Slot<R> = { end: null };
    running.push(slot);
    const ended = (end: Slot<R>['end']) => {
      slot.end = end;
      if (slot === running[0]) wake();
    };
    task(item, index++, signal).then(
      (value) => ended({ value }),
      (error) => ended({ error }),
    );
  };
  const pull = () => {
    isPulling = true;
    Promise.resolve(iterator.next()).then(
      (next) => {
        isPulling = false;
        if (next.done) isOver = true;
        else if (!signal.aborted) start(next.value);
        wake();
      },
      (error) => {
        isPulling = false;
        isOver = true;
        fault = { error };
        wake();
      },
    );
  };

  try {
    for (;;) {
      outer?.throwIfAborted();
      if (!isOver && !isPulling && running.length < most) pull();
      const end = running[0]?.end;
      if (end) {
        running.shift();
        if ('error' in end) throw end.error;
        yield end.value;
      } else if (isOver && running.length === 0) {
        if (fault) throw (fault as { error: unknown }).error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    controller.abort();
    // one that is in the middle of waiting ends when it has what it waits for
    if (!isOver) Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
