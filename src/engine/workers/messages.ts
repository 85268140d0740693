/** What the caller's thread and a worker say to each other. */
import type { EncoderConfig } from '../../encoder/index.ts';
import type { HeadSettings } from '../../pyramid/exits/exits.ts';
import type { ExitSum } from '../../pyramid/exits/sum.ts';
import type { Dtype, PyramidInfo } from '../../pyramid/folder/model-folder.ts';
import type { DeviceName, NodeDevice } from '../../runtime/devices.ts';
import type { SentError } from '../../sent-error.ts';
import type { WeightBits } from '../int8.ts';
import type { Outcome, Rule } from '../job.ts';
import type { PieceCost } from '../piece-costs.ts';
import type { RunOrder } from '../scheduler.ts';

/** What a worker is started with. */
export interface WorkerStart {
  readonly dir: string;
  /** Null: the one that is chosen there. */
  readonly device: NodeDevice | null;
  readonly threads: number;
  /** Null: what the model folder prefers. */
  readonly dtype: Dtype | null;
  /** Every exit head is asked, whatever the model folder says. */
  readonly askAll: boolean;
  readonly order: RunOrder;
  /** See exit-gate.ts. */
  readonly gate: Int32Array;
  /** See pulse.ts. */
  readonly pulse: Int32Array;
}

export interface WireText extends Rule {
  /** Unique among the texts under way; from 1. */
  readonly id: number;
  /** Its place among the texts that were asked for together, for messages. */
  readonly index: number;
  readonly text: string;
  readonly pair: string | undefined;
}

export type ToWorker =
  | { readonly kind: 'texts'; readonly texts: readonly WireText[] }
  | { readonly kind: 'cancel'; readonly ids: readonly number[] }
  | { readonly kind: 'stats' }
  | { readonly kind: 'close' };

/** The device that a worker compiled its model on. */
export interface DeviceUsed {
  readonly name: DeviceName;
  /** Why it is not the one that was expected, in one sentence; null: it is. */
  readonly note: string | null;
}

/** What the caller's side knows of the model without its weights. */
export interface ModelDescription {
  readonly config: EncoderConfig;
  readonly info: PyramidInfo;
  readonly headSettings: HeadSettings;
  /** How floor 0 enters the exits; null: the model has none. */
  readonly sum: ExitSum | null;
  readonly dtype: Dtype;
  /** Bits of int8 weights; null with fp32. */
  readonly weightBits: WeightBits | null;
  /** The folder's tau where it does not hold, since it was chosen for another dtype; else null. */
  readonly voidTau: number | null;
  /** Tokens of one text that the network reads at a time, special ones left out. */
  readonly room: number;
  /** Null: nothing was compiled (floor 0 alone). Left out where the caller named it (in a browser). */
  readonly device?: DeviceUsed | null;
}

/** What a worker says of itself when it is asked. */
export interface WorkerStats {
  /** What its pieces have cost so far. */
  readonly pieces: readonly PieceCost[];
  /** Its texts by level: entry 0 those that are not yet tokenised, entry l those before layer l or in it. */
  readonly levels: readonly number[];
}

/** What came of a text, and the milliseconds that tokenising took, and from then to the answer. */
export interface TimedOutcome extends Outcome {
  readonly tokenizeMs: number;
  readonly inferenceMs: number;
}

export type FromWorker =
  | { readonly kind: 'ready'; readonly model: ModelDescription }
  /** The model could not be read. */
  | { readonly kind: 'unfit'; readonly error: SentError }
  | ({ readonly kind: 'stats' } & WorkerStats)
  /** It has read that texts were taken back. */
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'outcomes'; readonly outcomes: readonly TimedOutcome[] }
  | { readonly kind: 'failed'; readonly ids: readonly number[]; readonly error: SentError };
