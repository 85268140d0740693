/**
 * What a page asks of a model, whether it runs in the page's own browser (open-model.ts) or behind a server. Types
 * of plain data only; knows nothing of how either works.
 */
import type { Answer } from '../engine/answer.ts';
import type { BrowserLoadOptions } from '../engine/browser/browser-pyramid.ts';
import type { Explanation } from '../engine/explain.ts';
import type { TextInput } from '../engine/inputs.ts';
import type { ModelInfo } from '../engine/model-info.ts';
import type { Trace } from '../evaluate/trace-lines.ts';
import type { ModelExamples } from '../pyramid/folder/examples.ts';
import type { Dtype } from '../pyramid/folder/model-folder.ts';
import type { ReportRow } from '../report/table.ts';

/** A device that runs in a browser. */
export type BrowserDevice = BrowserLoadOptions['device'];

/** A model that a page can ask. */
export interface PageEngine {
  /** What is known of the model; the same all along. */
  readonly info: EngineInfo;

  /**
   * Resolves when all of the model is there. Before, a model with a floor 0 answers the texts that leave there, and calls
   * with others wait. Rejects with what keeps the network from coming, as those calls do: MP_FILE_MISSING, MP_MODEL_*,
   * MP_WEB_*, and MP_CLOSED.
   */
  readonly ready: Promise<void>;

  /**
   * Answers in the order of `texts`; for at most some hundreds, see `stream` for more.
   * Throws MP_TEXT_TYPE, MP_TAU_RANGE, MP_MODEL_HEADS, MP_CLOSED and the signal's reason; a server's also what
   * stopped the request.
   */
  classify(texts: readonly TextInput[], options?: AskOptions): Promise<Answer[]>;

  /**
   * Answers for a source of any length, in its order and in constant memory: it is read only as fast as answers are
   * taken, some hundred texts ahead. Ends the source when the reader stops. Throws as `classify`; after an
   * error the stream is over.
   */
  stream(
    source: Iterable<TextInput> | AsyncIterable<TextInput>,
    options?: AskOptions,
  ): AsyncGenerator<Answer, void, undefined>;

  /**
   * What became of each piece at each layer, and what each head made of it, with exits off: enough to show every tau
   * without asking again (`answerAt`). Throws as `classify`.
   */
  explain(text: TextInput, options?: Pick<AskOptions, 'tau' | 'signal'>): Promise<Explanation>;

  /** The trace of the evaluation that lies with the model (`trace.jsonl` beside config.json), or null. */
  trace(): Promise<Trace | null>;

  /** The rows of the run's table (`report.json` beside config.json): the methods compared; or null. */
  report(): Promise<readonly ReportRow[] | null>;

  /** Rows to show first, with their labels, and what the model was trained on (`examples.json` beside config.json), or null. */
  examples(): Promise<ModelExamples | null>;

  /** Frees what the model takes. What is under way fails with MP_CLOSED. */
  close(): Promise<void>;
}

/** What a call may ask for. */
export interface AskOptions {
  /** 0 to 1, null switches early exit off; default: `info.tau`. */
  readonly tau?: number | null;
  /** Above 1: answers also have the scores of so many labels. Default 1. */
  readonly topK?: number;
  /** Gives up: the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** What is known of the model, and where it is computed. */
export interface EngineInfo extends ModelInfo {
  /** Where it is computed. */
  readonly device: 'server' | BrowserDevice;
  /** Threads of the computation in the browser; null where a server does it. */
  readonly threads: number | null;
}

/**
 * A model folder: its address (of the folder, or a page-relative path to it), or its files as they were dropped onto
 * the page or chosen (a directory handle, or File objects of one folder).
 */
export type ModelSource = string | URL | DroppedFolder | readonly File[];

/** A FileSystemDirectoryHandle, as far as it is used. */
export interface DroppedFolder {
  readonly name: string;
  getFileHandle(name: string): Promise<{ getFile(): Promise<File> }>;
}

/** How a model is opened. */
export interface OpenOptions {
  /** Default: `wasm`. `webgpu` throws MP_WEB_DEVICE where the browser has none. */
  readonly device?: BrowserDevice;
  /** Default: what the model folder says, else fp32. */
  readonly dtype?: Dtype;
  /**
   * Told as the files come in (`loaded` = `total` where all that was asked for is there), also after `openModel` has
   * resolved, while the network of a model with a floor 0 is still coming.
   */
  readonly onProgress?: (progress: OpenProgress) => void;
  /** Gives up opening. */
  readonly signal?: AbortSignal;
}

/** How much of a model has come. */
export interface OpenProgress {
  /** The file that is coming in. */
  readonly file: string;
  /** Bytes of all files so far, and of all files; total is null where the server does not say. */
  readonly loaded: number;
  /** Bytes of all files; null where the server does not say. */
  readonly total: number | null;
}

/**
 * Of `magic-pyramid/web`: opens a model in this browser, in a worker of its own. Resolves as soon as floor 0 can answer where
 * the model has one, see `ready`, else when all of it is there.
 * Throws MP_FILE_MISSING, MP_MODEL_*, MP_WEB_DEVICE, MP_WEB_FETCH.
 */
export type OpenModel = (source: ModelSource, options?: OpenOptions) => Promise<PageEngine>;

/** What an explained text's answer is, and costs, at some tau. */
export interface AnswerAt {
  /** The label with the highest score. */
  readonly label: string;
  /** Its score, 0 to 1. */
  readonly score: number;
  /** That score is too low to answer by: the model abstains. */
  readonly unsure: boolean;
  /** Of a model that gives a text any number of labels: all whose score reaches their threshold. */
  readonly labels?: readonly string[];
  /** The layer that answers, from 1; 0 is floor 0, before the network. */
  readonly exit: number;
  /** Tokens entering layer 1, then left after each layer that runs: `exit` itself does not where it is peeked at. */
  readonly tokens: readonly number[];
  /** Operations as computed, and those of the dense model as the paper counts: their ratio is the speed-up. */
  readonly flops: number;
  /** Operations of the dense model, as the paper counts. */
  readonly denseFlops: number;
}

/** Of `magic-pyramid/web`: pure, in microseconds, for a slider. */
export type AnswerAtTau = (explanation: Explanation, info: EngineInfo, tau: number | null) => AnswerAt;
