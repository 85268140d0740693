/** Time on the clock as data: what was measured of a model, of how many texts, on what. Measures nothing. */
import type { Example } from '../text/example.ts';

export interface ClockFigures {
  /** The processor's type, and how many threads computed. */
  readonly machine: { readonly cpu: string; readonly threads: number };
  /** Which rows the texts are of. */
  readonly rows: 'validation' | 'test';
  /** How many texts were timed. */
  readonly texts: number;
  /** Milliseconds a text at the model's tau, tokenising included. */
  readonly msPerText: number;
  /** The same model on the same texts with exits off; null where its tau is off. */
  readonly msPerTextToTheEnd: number | null;
  /** The same model on the same texts with all of them answered by floor 0; left out where it has none or nothing else. */
  readonly msPerTextFloor?: number;
  /** Plain BERT of the same experiment, in its own run; null: there is none. */
  readonly msPerTextBert: number | null;
}

/** What training is handed to have its model put on the clock: it runs no model folder itself. */
export type MeasureClock = (
  dir: string,
  how: {
    readonly rows: ClockFigures['rows'];
    readonly texts: readonly Pick<Example, 'text' | 'pair'>[];
    readonly tau: number | null;
    readonly signal?: AbortSignal;
  },
) => Promise<ClockFigures>;
