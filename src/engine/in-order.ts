/**
 * Runs a task for each item of a source of any length, a bounded number at a time. Gives the results in the source's
 * order, as soon as they are ready, whether the source is fast or slow. Knows nothing of texts.
 */
import { Turn } from './workers/turn.ts';

export type End<R> = { readonly value: R } | { readonly error: unknown };

/** Begins the task of an item, which calls `settle` once; what it gives stops the task, which then settles no more. */
export type Begin<T, R> = (item: T, index: number, settle: (end: End<R>) => void) => () => void;

interface Slot<R> {
  /** Set when the task has ended. */
  end: End<R> | null;
  stop: (() => void) | null;
}

/**
 * An error, of a task or of the source, is thrown after the results before it. Tasks under way are stopped when `outer`
 * aborts, when one has failed, or when the reader wants no more.
 */
export async function* begunInOrder<T, R>(
  source: Iterable<T> | AsyncIterable<T>,
  most: number,
  begin: Begin<T, R>,
  outer?: AbortSignal,
  turn = new Turn(),
): AsyncGenerator<R, void, undefined> {
  outer?.throwIfAborted();
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const running: Slot<R>[] = [];
  let index = 0;
  let isPulling = false;
  let isOver = false;
  let isStopped = false;
  let fault: { readonly error: unknown } | null = null;
  // not Promise.race: on a promise that outlives many races, each would leave a reaction behind
  let wake = () => {};
  const stop = () => {
    isStopped = true;
    for (const slot of running) if (!slot.end) slot.stop?.();
  };
  const abort = () => {
    stop();
    wake();
  };
  outer?.addEventListener('abort', abort, { once: true });

  const start = (item: T) => {
    const slot: Slot<R> = { end: null, stop: null };
    running.push(slot);
    const settle = (end: End<R>) => {
      slot.end = end;
      if (slot === running[0]) wake();
    };
    try {
      slot.stop = begin(item, index++, settle);
    } catch (error) {
      settle({ error });
    }
  };
  const pull = () => {
    isPulling = true;
    Promise.resolve(iterator.next()).then(
      (next) => {
        isPulling = false;
        if (next.done) isOver = true;
        else if (!isStopped) start(next.value);
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
      // all of this may be there at once: the source's items, the tasks' results
      if (turn.isSpent) await turn.next();
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
    outer?.removeEventListener('abort', abort);
    stop();
    // one that is in the middle of waiting ends when it has what it waits for
    if (!isOver) Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

/** The same for tasks that are promises: `task` gets a signal that aborts when the results are no longer wanted. */
export async function* inOrder<T, R>(
  source: Iterable<T> | AsyncIterable<T>,
  most: number,
  task: (item: T, index: number, signal: AbortSignal) => Promise<R>,
  outer?: AbortSignal,
): AsyncGenerator<R, void, undefined> {
  const controller = new AbortController();
  const signal = outer ? AbortSignal.any([controller.signal, outer]) : controller.signal;
  const begin: Begin<T, R> = (item, index, settle) => {
    task(item, index, signal).then(
      (value) => settle({ value }),
      (error) => settle({ error }),
    );
    return () => controller.abort();
  };
  try {
    yield* begunInOrder(source, most, begin, outer);
  } finally {
    controller.abort();
  }
}
