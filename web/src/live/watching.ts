/** Looks at /metrics once a second, for as long as someone looks. */
import { type ReadonlySignal, signal } from '@preact/signals';
import { reason } from '../format.ts';
import { parsePrometheus } from './prometheus-text.ts';
import { type Interval, intervalOf, type Reading } from './readings.ts';

const EVERY_MS = 1000;
/** Two minutes. */
const MOST_INTERVALS = 120;

export interface Watching {
  readonly intervals: ReadonlySignal<readonly Interval[]>;
  readonly failure: ReadonlySignal<string | null>;
  start(): void;
  stop(): void;
}

export function watching(fetchMetrics: () => Promise<string>, model: string, layers: readonly number[]): Watching {
  const intervals = signal<readonly Interval[]>([]);
  const failure = signal<string | null>(null);
  let before: Reading | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let watched = false;

  const look = async () => {
    try {
      const samples = parsePrometheus(await fetchMetrics());
      const after = { at: performance.now(), samples };
      if (before)
        intervals.value = [...intervals.value, intervalOf(before, after, model, layers)].slice(-MOST_INTERVALS);
      before = after;
      failure.value = null;
    } catch (error) {
      failure.value = reason(error);
    }
    if (watched) timer = setTimeout(() => void look(), EVERY_MS);
  };
  return {
    intervals,
    failure,
    start() {
      if (watched) return;
      watched = true;
      before = null; // what happened while nobody looked is not a rate
      void look();
    },
    stop() {
      watched = false;
      clearTimeout(timer);
    },
  };
}
