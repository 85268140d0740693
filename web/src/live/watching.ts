/** Looks at /metrics once a second, for as long as someone looks. */
import { type ReadonlySignal, signal } from '@preact/signals';
import { reason } from '../format.ts';
import { parsePrometheus } from './prometheus-text.ts';
import { type Interval, intervalOf, type Reading, type Total, totalOf } from './readings.ts';

const EVERY_MS = 1000;
/** Two minutes. */
const MOST_INTERVALS = 120;

export interface Watching {
  readonly intervals: ReadonlySignal<readonly Interval[]>;
  /** Since the server started; there with its first answer. */
  readonly total: ReadonlySignal<Total | null>;
  readonly failure: ReadonlySignal<string | null>;
  start(): void;
  stop(): void;
}

export function watching(fetchMetrics: () => Promise<string>, model: string, layers: readonly number[]): Watching {
  const intervals = signal<readonly Interval[]>([]);
  const total = signal<Total | null>(null);
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
      total.value = totalOf(after, model, layers);
      before = after;
      failure.value = null;
    } catch (error) {
      failure.value = reason(error);
    }
    if (watched) timer = setTimeout(() => void look(), EVERY_MS);
  };
  return {
    intervals,
    total,
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
