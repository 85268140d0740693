/** One text on its way through the layers, as the engine keeps it. Tokens and layers are counted as in design's trace. */
import type { Encoding } from '../text/tokenizer.ts';

/** Which answer is wanted, and by which rule it may be given early. */
export interface Rule {
  /** Leave at the first layer with u ≤ tau; null: only the last layer answers, and no other head is asked. */
  readonly tau: number | null;
  /** Ask every head and leave at none. */
  readonly trace: boolean;
}

export interface Job extends Rule {
  readonly id: number;
  /** What the text is made of; its rows enter layer 1. */
  readonly ids: Int32Array; // [n]
  readonly truncated: boolean;
  /** Token types of the live rows. */
  types: Uint8Array; // [n]
  /** Live rows [n, d] that enter the next layer, a view of what its batch left; null before layer 1. */
  x: Float32Array | null;
  /** Tokens entering layer 1, then left after each layer that was run (or counted). */
  readonly tokens: number[];
  /** Logits of layers 1..; [] where no head was asked. */
  readonly logits: number[][];
  cancelled: boolean;
  /** When it began to wait at its stage, in steps of the scheduler. */
  since: number;
}

export const newJob = (id: number, encoding: Encoding, { tau, trace }: Rule): Job => ({
  id,
  tau,
  trace,
  ids: encoding.ids,
  types: encoding.types,
  truncated: encoding.truncated,
  x: null,
  tokens: [encoding.ids.length],
  logits: [],
  cancelled: false,
  since: 0,
});

/** Rows that the job brings to a batch. */
export const rowsOf = (job: Job): number => job.types.length;

/** A copy of the job's rows of its own: a view keeps the rows of its whole batch in memory for as long as it waits. */
export function detach(job: Job): void {
  if (job.x && job.x.byteLength < job.x.buffer.byteLength) job.x = job.x.slice();
}

/** What came of a job. */
export interface Outcome {
  readonly id: number;
  /** The layer that answered, from 1. */
  readonly exit: number;
  readonly tokens: readonly number[];
  /** Logits by layer up to `exit`; [] where no head was asked. */
  readonly logits: readonly (readonly number[])[];
  readonly truncated: boolean;
}
