/**
 * What a route sees: models by name, and one function by which all of them classify. Whether a request is let in, with
 * which tau, and which worker runs it is decided behind `ServedModel.classify`; a route translates its protocol and
 * knows nothing of that. Types only.
 */
import type { ClassifyOptions, Explanation, TextInput } from '../engine/index.ts';

/** The models that are served. A model that is reloaded keeps its name; hold on to the name, not to the object. */
export interface Models {
  /** Names of the models that answer now, the default one first. */
  readonly names: readonly string[];
  readonly defaultName: string;
  /** The model of that name; without one the default model. Throws MP_MODEL_UNKNOWN (404). */
  get(name?: string): ServedModel;
  /** Whether a model of that name answers now. Any string may be asked. */
  has(name: string): boolean;
  /** Every model answers, and the server is not shutting down: what readiness probes ask. */
  readonly isReady: boolean;
}

export interface ServedModel {
  readonly name: string;
  /** What the model says of itself; does not change while it is loaded. */
  readonly card: ModelCard;
  /**
   * Classifies texts and pairs that came together; one result an input, in their order. All or none: a request that is
   * refused or fails has no partial answer.
   *
   * Throws, as PyramidError with its `httpStatus`:
   * MP_BATCH_LARGE (413) more inputs than --max-client-batch-size; MP_TEXT_TYPE (400);
   * MP_TEXT_LONG (413) with `truncate: false`; MP_OVERLOADED (429, `details.retryAfterS`) at once when the queue is full;
   * MP_DEADLINE_EARLY (429, `details.retryAfterS`) at once when the deadline cannot be met; MP_DEADLINE (503) when it
   * has passed; MP_TAU_RANGE, MP_MODEL_HEADS (400); MP_CLOSED (503) the server shuts down; MP_WORKER_LOST,
   * MP_TEXT_STALLED (503);
   * and the signal's reason.
   */
  classify(inputs: readonly TextInput[], options?: ServeOptions): Promise<Classified>;
  /** As the engine's `explain`, admitted as one text at the dense price. Throws as `classify`. */
  explain(input: TextInput, options?: Pick<ServeOptions, 'tau' | 'signal' | 'deadlineMs'>): Promise<Explanation>;
}

/** What a request may ask for; protocols that have no such notion leave it out. */
export interface ServeOptions extends Pick<ClassifyOptions, 'signal' | 'deadlineMs'> {
  /** The dial; null is off. Left out: the server's own (the model's tau, --tau, or what `--tau auto` holds now). */
  readonly tau?: number | null;
  /** False: a text longer than the model's maximum fails with MP_TEXT_LONG instead of being cut. Default true. */
  readonly truncate?: boolean;
  /** The end that is cut off: 'right' (the default) keeps the beginning. */
  readonly truncationDirection?: 'left' | 'right';
  /** Wait for room instead of being refused with MP_OVERLOADED: for streams, whose reader holds back. */
  readonly patient?: boolean;
}

export interface Classified {
  /** The model that answered. */
  readonly model: ModelCard;
  /** The tau that held for this request; null: early exit was off. */
  readonly tau: number | null;
  readonly results: readonly ClassifiedText[];
}

export interface ClassifiedText {
  /** [C] in the order of `card.labels`: softmax (sigmoid for a multi-label model, the value for a regression). */
  readonly scores: readonly number[];
  /** [C]: what the scores were made from (TEI's `raw_scores`). */
  readonly logits: readonly number[];
  /** Index of the largest score. */
  readonly best: number;
  /** The layer that answered, from 1. */
  readonly exit: number;
  /** Tokens by layer: entering layer 1, special ones included, then left after each layer that ran. */
  readonly tokens: readonly number[];
  /** The text was longer than the model's maximum, and cut. */
  readonly truncated: boolean;
  /** Operations spent, heads and peeks included. */
  readonly flops: number;
  /** Operations of the dense model for the same tokens. */
  readonly denseFlops: number;
  /** Milliseconds that the text waited for a worker, that tokenising took, and from then to the answer. */
  readonly queueMs: number;
  readonly tokenizeMs: number;
  readonly inferenceMs: number;
}

export interface ModelCard {
  readonly name: string;
  /** [C] */
  readonly labels: readonly string[];
  readonly problemType: 'single_label_classification' | 'multi_label_classification' | 'regression';
  /** bert, ltp, fastbert, mp, … */
  readonly method: string;
  /** `model_type` of config.json: bert, distilbert, roberta, electra. */
  readonly modelType: string;
  readonly layers: number;
  readonly hiddenSize: number;
  /** Longest input in tokens, special ones included. */
  readonly maxLength: number;
  /** The model was trained on pairs. */
  readonly pairs: boolean;
  /** Whether tau means anything to it. */
  readonly exits: boolean;
  /** The tau of the folder's own calibration; null: none. */
  readonly tau: number | null;
  /** `--tau auto` goes no further than this. */
  readonly maxTau: number | null;
  readonly dtype: 'fp32' | 'int8';
  /** Changes whenever the folder's content is loaded anew: a hash of its files' names, sizes and times. */
  readonly version: string;
  /** ISO 8601. */
  readonly loadedAt: string;
}
