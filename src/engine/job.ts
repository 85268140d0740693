/** One text on its way through the layers, as the engine keeps it. Tokens and layers are counted as in the trace. */
import { type Encoding, segmentsOf, type Tokenizer } from '../text/tokenizer/tokenizer.ts';

/** What becomes of a text that is too long: its end or its beginning is cut off, or it is refused. */
export type Truncate = 'right' | 'left' | 'never';

/** The end of a text that is cut off: the one that a call names, else the tokeniser's own, which training cut too. */
export const cutSide = (truncate: Truncate | undefined, { truncationSide }: Pick<Tokenizer, 'truncationSide'>) =>
  truncate === 'left' || truncate === 'right' ? truncate : truncationSide;

/** Which answer is wanted, and by which rule it may be given early. */
export interface Rule {
  /** Leave at the first layer with u ≤ tau; null: only the last layer answers, and no other head is asked. */
  readonly tau: number | null;
  /** Ask every head and leave at none. */
  readonly trace: boolean;
  /** With `trace`: also note what becomes of each token. */
  readonly explain?: boolean;
  /** Left out: the end that the tokeniser cuts. */
  readonly truncate?: Truncate;
  /**
   * A text that is too long runs as windows, each of which begins with so many tokens of the one before. Left out: it is cut, as
   * `truncate` says.
   */
  readonly stride?: number;
  /** Nobody waits for it: every text that someone waits for goes first. Left out: someone does. */
  readonly background?: boolean;
}

/** What becomes of a text's tokens, which are named by their place in the text. */
export interface TokenHistory {
  /** The text as it was cut into pieces, special ones included. */
  readonly pieces: readonly string[];
  /** 1 where a piece is of the second text of a pair. */
  readonly types: readonly number[];
  /** Of layers 1.., noted as they run. */
  readonly layers: LayerHistory[];
  /** What floor 0 made of the text; null where it was not asked. */
  readonly floor: FloorHistory | null;
}

/** What z_0 is made of: all of it together sums to z_0. */
export interface FloorHistory {
  /** [n] of [C]: of each of `pieces`; an n-gram's share is the same for all pieces of all its places. */
  readonly contributions: readonly (readonly number[])[];
  /** [C]: of the pieces beyond those, which the network does not get. */
  readonly beyond: readonly number[];
  /** [C] */
  readonly bias: readonly number[];
  /** Of a pair: the overlap figures. */
  readonly figures: readonly { readonly name: string; readonly logits: readonly number[] }[];
}

export interface LayerHistory {
  /** Importance of each token that entered, in their order; null where the model prunes nothing. */
  readonly importance: readonly number[] | null;
  /** The tokens that are left after it. */
  readonly kept: readonly number[];
}

export interface Job extends Rule {
  readonly id: number;
  /** Which window of its text it is, from 0. */
  readonly window: number;
  /** What the text is made of; its rows enter layer 1. */
  readonly ids: Int32Array; // [n]
  readonly truncated: boolean;
  /** Unknown pieces among them. */
  readonly unknown: number;
  /** Token types of the rows that enter layer 1. */
  readonly types: Uint8Array; // [n]
  /** Which text of a pair each live row is of. */
  segments: Uint8Array; // [n]
  /** Their places in the text as it came, where the network reads them; null: none is removed yet. */
  places: Uint32Array | null; // [n]
  /** Live rows [n, d] that enter the next layer, a view of what its batch left; null before layer 1. */
  x: Float32Array | null;
  /** Keys [n, d] of those rows, which a peek made for the layer that it asked; null: none. */
  keys: Float32Array | null;
  /** Tokens entering layer 1, then left after each layer that was run (or counted). */
  readonly tokens: number[];
  /** Logits of layers 1.., the network's own; [] where no head was asked. */
  readonly logits: number[][];
  /** [C]: z_0, floor 0's own; null where it was not asked. */
  readonly floor: readonly number[] | null;
  /** [C]: what floor 0 adds to the logits of every layer; null: nothing. */
  readonly addend: readonly number[] | null;
  readonly tokenHistory: TokenHistory | null;
  cancelled: boolean;
  /** When it came, in steps of the scheduler; Infinity in the background. */
  since: number;
}

/** What floor 0 has to say of a job's text. */
export type FloorSays = Pick<Job, 'floor' | 'addend'>;

const NO_FLOOR: FloorSays = { floor: null, addend: null };

/** `history`, of a text that is explained, is filled as layers run. */
export const newJob = (
  id: number,
  encoding: Encoding,
  { tau, trace, background }: Rule,
  { floor, addend }: FloorSays = NO_FLOOR,
  history: TokenHistory | null = null,
  unknown = 0,
  window = 0,
): Job => ({
  id,
  window,
  tau,
  trace,
  background,
  ids: encoding.ids,
  types: encoding.types,
  segments: segmentsOf(encoding),
  places: null,
  truncated: encoding.truncated,
  unknown,
  x: null,
  keys: null,
  tokens: [encoding.ids.length],
  logits: [],
  floor,
  addend,
  tokenHistory: history,
  cancelled: false,
  since: 0,
});

/** The history of a text at its start. */
export const newHistory = (
  encoding: Encoding,
  pieceOf: (id: number) => string,
  floor: FloorHistory | null = null,
): TokenHistory => ({
  pieces: Array.from(encoding.ids, pieceOf),
  types: Array.from(segmentsOf(encoding)),
  layers: [],
  floor,
});

/** Rows that the job brings to a batch. */
export const rowsOf = (job: Job): number => job.segments.length;

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

/** A copy of the job's rows and keys of its own: a view keeps those of its whole batch in memory for as long as it waits. */
export function detach(job: Job): void {
  const own = (rows: Float32Array | null) => (rows && rows.byteLength < rows.buffer.byteLength ? rows.slice() : rows);
  job.x = own(job.x);
  job.keys = own(job.keys);
}

/** What came of a job. */
export interface Outcome {
  readonly id: number;
  /** As its job's. */
  readonly window: number;
  /** The layer that answered, from 1; 0: floor 0, before the network. */
  readonly exit: number;
  /** Entering layer 1, then left after each layer that was run. */
  readonly tokens: readonly number[];
  /** Logits by layer up to `exit`, the network's own; [] where no head was asked. */
  readonly logits: readonly (readonly number[])[];
  /** [C]: z_0, floor 0's own logits; null where it was not asked. */
  readonly floor: readonly number[] | null;
  readonly truncated: boolean;
  /** Unknown pieces among the tokens that enter layer 1. */
  readonly unknown: number;
  /** Of a text that is explained. */
  readonly tokenHistory: TokenHistory | null;
  /** Of a text that ran as several windows, theirs in order; what stands above is of all of them, without logits. Left out: one. */
  readonly windows?: readonly Outcome[];
}
