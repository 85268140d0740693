/**
 * What is asked as someone types: the explanation of the text as it stands, a short while after the last key, an
 * outdated question given up; then one run on the clock at the dial's tau. What is shown of one text goes when the next
 * one fails. Knows nothing of how it is shown.
 */
import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { Answer, Explanation, TextInput } from '../../../src/engine/index.ts';
import { reason } from '../format.ts';
import type { Session } from '../session.ts';

/** Long enough to type on, short enough to feel live. */
const QUIET_MS = 150;

/** A run on the clock. */
export interface Timing {
  readonly tau: number | null;
  readonly ms: number;
}

export interface Asking {
  readonly explanation: ReadonlySignal<Explanation | null>;
  /** The answer alone, while there is no explanation yet: it needs fewer layers, and is there much sooner. */
  readonly preview: ReadonlySignal<Answer | null>;
  readonly timing: ReadonlySignal<Timing | null>;
  readonly waiting: ReadonlySignal<boolean>;
  readonly failure: ReadonlySignal<string | null>;
  /** The text changed; null: there is none. `now`: without waiting for more keys. */
  ask(input: TextInput | null, now?: boolean): void;
  /** Times the text again, at the dial's tau. */
  time(): void;
  stop(): void;
}

export function asking({ engine, tau }: Session): Asking {
  const explanation = signal<Explanation | null>(null);
  const preview = signal<Answer | null>(null);
  const timing = signal<Timing | null>(null);
  const waiting = signal(false);
  const failure = signal<string | null>(null);
  let current = new AbortController();
  let asked: TextInput | null = null;
  /** The text that the explanation or the preview is of. */
  let shown: TextInput | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const clock = async (input: TextInput, { signal }: AbortController) => {
    const at = tau.value;
    const begin = performance.now();
    await engine.classify([input], { tau: at, signal });
    if (!signal.aborted) timing.value = { tau: at, ms: performance.now() - begin };
  };
  const forget = () => {
    shown = null;
    explanation.value = null;
    preview.value = null;
  };
  const guarded = async (input: TextInput, work: (mine: AbortController) => Promise<void>) => {
    const mine = current;
    try {
      await work(mine);
      if (!mine.signal.aborted) failure.value = null;
    } catch (error) {
      if (mine.signal.aborted) return;
      batch(() => {
        failure.value = reason(error);
        timing.value = null;
        if (shown !== input) forget();
      });
    } finally {
      if (!mine.signal.aborted) waiting.value = false;
    }
  };
  const run = (input: TextInput) =>
    guarded(input, async (mine) => {
      const { signal } = mine;
      if (explanation.value === null) {
        const [answer] = await engine.classify([input], { tau: tau.value, signal });
        if (signal.aborted) return;
        preview.value = answer;
        shown = input;
      }
      const found = await engine.explain(input, { signal });
      if (signal.aborted) return;
      explanation.value = found;
      preview.value = null;
      shown = input;
      failure.value = null;
      waiting.value = false;
      await clock(input, mine);
    });
  const renew = () => {
    clearTimeout(timer);
    current.abort();
    current = new AbortController();
  };
  return {
    explanation,
    preview,
    timing,
    waiting,
    failure,
    ask(input, now = false) {
      renew();
      asked = input;
      timing.value = null;
      waiting.value = input !== null;
      failure.value = null; // it was another text's
      if (input === null) forget();
      else timer = setTimeout(() => void run(input), now ? 0 : QUIET_MS);
    },
    time() {
      if (asked === null || waiting.value) return;
      const input = asked;
      void guarded(input, (mine) => clock(input, mine));
    },
    stop: renew,
  };
}
