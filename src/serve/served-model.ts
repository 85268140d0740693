/**
 * What a route sees: models by name, one function by which all of them classify, and how an administrator changes them. Whether a request is let in, with
 * which tau, and which worker runs it is decided behind `ServedModel.classify`; a route translates its protocol and
 * knows nothing of that. Types only.
 */
import type { ClassifyOptions, Detail, Explanation, ModelInfo, TextInput } from '../engine/index.ts';
import type { ProblemType } from '../problem-type.ts';
import type { Dtype } from '../pyramid/folder/model-folder.ts';
import type { AuditState } from './audit/auditor.ts';

/** The models that are served. A model that is reloaded keeps its name; hold on to the name, not to the object. */
export interface Models {
  /** Names of the models that answer now, the default one first. */
  readonly names: readonly string[];
  /** The model of requests that name none. */
  readonly defaultName: string;
  /** The model of that name; without one the default model. Throws MP_MODEL_UNKNOWN (404). */
  get(name?: string): ServedModel;
  /** Whether a model of that name answers now. Any string may be asked. */
  has(name: string): boolean;
  /** Every model answers, and the server is not shutting down: what readiness probes ask. */
  readonly isReady: boolean;
}

/** A model as routes see it. */
export interface ServedModel {
  /** The name that it is served under. */
  readonly name: string;
  /** What the model says of itself; does not change while it is loaded. */
  readonly card: ModelCard;
  /** What a page wants to know of it. */
  readonly info: ModelInfo;
  /** The tau of requests that give none, as it is now; null: early exit is off. */
  readonly tau: number | null;
  /** How often early and full answers differ, and whether that was certified; null: nothing is audited. */
  readonly audit: AuditState | null;
  /**
   * Classifies texts and pairs that came together; one result an input, in their order. All or none: a request that is
   * refused or fails has no partial answer.
   *
   * Throws, as PyramidError with its `httpStatus`:
   * MP_BATCH_LARGE (413) more inputs than --max-client-batch-size; MP_TEXT_TYPE (400);
   * MP_TEXT_LONG (413) with `truncate: 'never'`; MP_OVERLOADED (429, `details.retryAfterS`) at once when the queue is full;
   * MP_DEADLINE_EARLY (429, `details.retryAfterS`) at once when the deadline cannot be met; MP_DEADLINE (503) when it
   * has passed; MP_TAU_RANGE, MP_MODEL_HEADS (400); MP_OPTION_VALUE, MP_USAGE (400) a stride or windows that cannot be had; MP_REQUEST (400)
   * windows of more work than the queue takes; MP_CLOSED (503) the server shuts down; MP_WORKER_LOST,
   * MP_TEXT_STALLED (503);
   * and the signal's reason.
   */
  classify(inputs: readonly TextInput[], options?: ServeOptions): Promise<Classified>;
  /** As the engine's `explain`, admitted as one text at the dense price. Throws as `classify`. */
  explain(input: TextInput, options?: ExplainOptions): Promise<Explanation>;
  /** What lies beside the weights; null or MP_FILE_MISSING: it does not. */
  beside(what: Beside): Promise<unknown>;
}

/** The trace of an evaluation, the table of a run, the rows that a page shows first. */
export type Beside = 'trace' | 'report' | 'examples';

/** A model to be served. */
export interface ModelSource {
  readonly name: string;
  /** A folder, or a name on the Hugging Face hub. */
  readonly dir: string;
}

/** Changes which models are served, while they answer. */
export interface ModelAdmin {
  /** Adds a model. Throws MP_USAGE if the name is taken, and what loading throws. */
  load(source: ModelSource): Promise<ModelCard>;
  /** Removes a model. Throws MP_MODEL_UNKNOWN, MP_USAGE for the last one. */
  unload(name: string): Promise<void>;
  /** Loads a model's folder again if it has changed. Throws MP_MODEL_UNKNOWN and what loading throws; the old one then stays. */
  reload(name: string): Promise<{ readonly changed: boolean; readonly card: ModelCard }>;
}

/** What a request may ask for; protocols that have no such notion leave it out. */
export interface ServeOptions
  extends Pick<ClassifyOptions, 'tau' | 'signal' | 'deadlineMs' | 'truncate' | 'stride' | 'windows'> {
  /** The dial; null is off. Left out: the server's own (the model's tau, --tau, or what `--tau auto` holds now). */
  readonly tau?: number | null;
  /** Wait for room instead of being refused with MP_OVERLOADED: for streams, whose reader holds back. */
  readonly patient?: boolean;
}

/** What a request for an explanation may ask for. */
export type ExplainOptions = Pick<ServeOptions, 'tau' | 'signal' | 'deadlineMs'>;

/** What a request for answers is given. */
export interface Classified {
  /** The model that answered. */
  readonly model: ModelCard;
  /** The tau that held for this request; null: early exit was off. */
  readonly tau: number | null;
  /** One an input, in their order. */
  readonly results: readonly ClassifiedText[];
}

/** What the engine knows of an answer, and the milliseconds that its text waited for a worker. */
export interface ClassifiedText extends Detail {
  /** Milliseconds that its text waited for a worker. */
  readonly queueMs: number;
}

/** What a model says of itself; the same while it is loaded. */
export interface ModelCard {
  /** The name that it is served under. */
  readonly name: string;
  /** [C] */
  readonly labels: readonly string[];
  /** One label, any number of labels, or a number. */
  readonly problemType: ProblemType;
  /** bert, ltp, fastbert, mp, … */
  readonly method: string;
  /** `model_type` of config.json. */
  readonly modelType: string;
  /** Layers of the network. */
  readonly layers: number;
  /** Numbers of a hidden state. */
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
  /** What products with weights are computed in. */
  readonly dtype: Dtype;
  /** Changes whenever the folder's content is loaded anew: a hash of its files' names, sizes and times. */
  readonly version: string;
  /** ISO 8601. */
  readonly loadedAt: string;
}
