/**
 * One run over a file: rows go in, answers come out, and the page stays alive in between: work is done in slices of some
 * milliseconds, and what is shown is renewed a few times a second.
 */
import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { TextInput } from '../../../src/engine/index.ts';
import { reason } from '../format.ts';
import type { Session } from '../session.ts';
import { Results } from './results.ts';
import type { ReadProgress, RowSource } from './row-source.ts';

/** Well below what a hand feels. */
const SLICE_MS = 8;
const SHOW_MS = 250;

export interface Progress {
  readonly done: number;
  /** Of the file, 0 to 1. */
  readonly share: number;
  readonly seconds: number;
  /** See `ReadProgress`. */
  readonly bad: number;
  readonly firstBad: number | null;
}

export interface Run {
  readonly results: Results;
  /** The dial as it stood when the run began; null is off. */
  readonly tau: number | null;
  readonly progress: ReadonlySignal<Progress>;
  readonly state: ReadonlySignal<'running' | 'done' | 'stopped' | 'failed'>;
  readonly failure: ReadonlySignal<string | null>;
  /** What is answered so far stays. */
  stop(): void;
}

export interface Columns {
  readonly text: number;
  /** null: single texts. */
  readonly pair: number | null;
}

export function run({ engine, tau }: Session, source: RowSource, { text, pair }: Columns): Run {
  const results = new Results(source.columns, text, engine.info.labels);
  const at = tau.value;
  const progress = signal<Progress>({ done: 0, share: 0, seconds: 0, bad: 0, firstBad: null });
  const state = signal<'running' | 'done' | 'stopped' | 'failed'>('running');
  const failure = signal<string | null>(null);
  const controller = new AbortController();
  const read: ReadProgress = { bytes: 0, bad: 0, firstBad: null };
  const begin = performance.now();
  const nextTask = breaks();

  async function* texts(): AsyncGenerator<TextInput, void, undefined> {
    for await (const row of source.rows(read)) {
      results.addRow(row);
      yield pair === null ? row[text] : { text: row[text], pair: row[pair] };
      await nextTask();
    }
  }
  const show = () => {
    const { bad, firstBad, bytes } = read;
    const seconds = (performance.now() - begin) / 1000;
    progress.value = { done: results.count, share: source.size > 0 ? bytes / source.size : 1, seconds, bad, firstBad };
  };
  const work = async () => {
    let shown = begin;
    for await (const answer of engine.stream(texts(), { tau: at, signal: controller.signal })) {
      results.addAnswer(answer);
      await nextTask();
      if (performance.now() - shown < SHOW_MS) continue;
      show();
      shown = performance.now();
    }
  };
  const end = (how: 'done' | 'stopped' | 'failed') =>
    batch(() => {
      show();
      state.value = how;
    });
  work().then(
    () => end('done'),
    (error: unknown) => {
      if (!controller.signal.aborted) failure.value = reason(error);
      end(controller.signal.aborted ? 'stopped' : 'failed');
    },
  );
  return { results, tau: at, progress, state, failure, stop: () => controller.abort() };
}

/** Lets the page have its turn whenever a slice of time is used up. */
function breaks(): () => Promise<void> | undefined {
  let begin = performance.now();
  const turn = () =>
    new Promise<void>((resolve) => {
      setTimeout(() => {
        begin = performance.now();
        resolve();
      });
    });
  return () => (performance.now() - begin > SLICE_MS ? turn() : undefined);
}
