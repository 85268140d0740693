/** One text on its way through the layers, as the engine keeps it. Tokens and layers are counted as in the trace. */
import type { Encoding } from '../text/tokenizer/tokenizer.ts';

/** What becomes of a text that is too long: its end or its beginning is cut off, or it is refused. */
export type Truncate = 'right' | 'left' | 'never';

/** Which answer is wanted, and by which rule it may be given early. */
export interface Rule {
  /** Leave at the first layer with u ≤ tau; null: only the last layer answers, and no other head is asked. */
  readonly tau: number | null;
  /** Ask every head and leave at none. */
  readonly trace: boolean;
  /** With `trace`: also note what becomes of each token. */
  readonly explain?: boolean;
  /** Left out: 'right'. */
  readonly truncate?: Truncate;
}

/** What becomes of a text's tokens, which are named by their place in the text. */
export interface TokenHistory {
  /** The text as it was cut into pieces, special ones included. */
  readonly pieces: readonly string[];
  /** 1 where a piece is of the second text of a pair. */
  readonly types: readonly number[];
  /** Of layers 1.., noted as they run. */
  readonly layers: LayerHistory[];
}

export interface LayerHistory {
  /** Importance of each token that entered, in their order; null where the model prunes nothing. */
  readonly importance: readonly number[] | null;
  /** The tokens that are left after it. */
  readonly kept: readonly number[];
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
  readonly tokenHistory: TokenHistory | null;
  cancelled: boolean;
  /** When it came, in steps of the scheduler. */
  since: number;
}

/** `pieceOf` is asked for the pieces of a text that is explained. */
export const newJob = (
  id: number,
  encoding: Encoding,
  { tau, trace, explain }: Rule,
  pieceOf?: (id: number) => string,
): Job => ({
  id,
  tau,
  trace,
  ids: encoding.ids,
  types: encoding.types,
  truncated: encoding.truncated,
  x: null,
  tokens: [encoding.ids.length],
  logits: [],
  tokenHistory:
    explain && pieceOf
      ? { pieces: Array.from(encoding.ids, pieceOf), types: Array.from(encoding.types), layers: [] }
      : null,
  cancelled: false,
  since: 0,
});

/** Rows that the job brings to a batch. */
export const rowsOf = (job: Job): number => job.types.length;

/** Notes what a layer made of the job's tokens: `kept` are those left among those that entered, by their order. */
export function recordTokens(
  { tokenHistory, tokens }: Job,
  importance: readonly number[] | null,
  kept: Iterable<number>,
): void {
  if (!tokenHistory) return;
  const before = tokenHistory.layers.at(-1)?.kept ?? Array.from({ length: tokens[0] }, (_, i) => i);
  tokenHistory.layers.push({ importance, kept: Array.from(kept, (i) => before[i]) });
}

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
  /** Of a text that is explained. */
  readonly tokenHistory: TokenHistory | null;
}
