/**
 * How long the event loop of this thread is kept from its next turn by what runs on it. The machine is shared, so the
 * clock says little: what counts is the processor's time that this thread got in a turn, from the kernel's own account
 * (/proc/thread-self/schedstat, nanoseconds), which leaves out waiting for a processor. The account is brought up to
 * date when the thread sleeps or is interrupted, and at the kernel's ticks, at most 4 ms apart. Pauses in which garbage
 * is collected are told apart: their length depends on the heap and on helper threads that a busy machine keeps waiting.
 */
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';

const ACCOUNT = '/proc/thread-self/schedstat';
export const canMeasureTurns = existsSync(ACCOUNT);

export interface Turns {
  /** Milliseconds of processor time in the turn that had the most, pauses of the collector left out. */
  readonly longestMs: number;
  /** The same with them. */
  readonly withPausesMs: number;
}

interface Turn {
  readonly from: number;
  readonly to: number;
  readonly processorMs: number;
}

/** Turns from now until `work` has settled; what `work` does before its first await is part of the first. */
export async function longestTurn(work: () => Promise<unknown>): Promise<Turns> {
  const account = openSync(ACCOUNT, 'r');
  const buffer = Buffer.alloc(64);
  const look = () => {
    const length = readSync(account, buffer, 0, buffer.length, 0);
    return { clock: performance.now(), processor: Number(buffer.toString('latin1', 0, length).split(' ')[0]) / 1e6 };
  };
  const pauses: { readonly at: number; readonly ms: number }[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) pauses.push({ at: startTime, ms: duration });
  });
  observer.observe({ entryTypes: ['gc'] });
  const turns: Turn[] = [];
  let isOver = false;
  let before = look();
  const watching = new Promise<void>((resolve) => {
    const turn = () => {
      const after = look();
      const processorMs = after.processor - before.processor;
      if (processorMs > 1) turns.push({ from: before.clock, to: after.clock, processorMs });
      before = after;
      if (isOver) resolve();
      else setTimeout(turn, 1); // not at once: a thread that sleeps now and then has an exact account
    };
    setTimeout(turn, 1);
  });
  try {
    await work();
  } finally {
    isOver = true;
    await watching;
    closeSync(account);
  }
  await new Promise((resolve) => setTimeout(resolve, 20)); // the collector's entries come later
  observer.disconnect();
  const own = turns.map(({ from, to, processorMs }) => {
    const collected = pauses.filter(({ at }) => at >= from && at < to).reduce((sum, { ms }) => sum + ms, 0);
    return processorMs - Math.min(collected, processorMs);
  });
  return { longestMs: Math.max(0, ...own), withPausesMs: Math.max(0, ...turns.map(({ processorMs }) => processorMs)) };
}
