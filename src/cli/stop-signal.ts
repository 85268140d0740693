/**
 * SIGINT and SIGTERM as a request to stop: the first one is heard, a second one ends the process as ever. Knows nothing of
 * what is stopped.
 */
const signals = ['SIGINT', 'SIGTERM'] as const;

export interface StopSignal {
  readonly signal: AbortSignal;
  /** From now on; before, a signal ends the process. */
  listen(): void;
  close(): void;
}

/** `onStop` is told when the request comes. */
export function stopSignal(onStop: () => void): StopSignal {
  const controller = new AbortController();
  let listening = false;
  const heard = () => {
    close();
    controller.abort();
    onStop();
  };
  const close = () => {
    for (const signal of signals) process.off(signal, heard);
  };
  return {
    signal: controller.signal,
    listen() {
      if (listening) return;
      listening = true;
      for (const signal of signals) process.on(signal, heard);
    },
    close,
  };
}
