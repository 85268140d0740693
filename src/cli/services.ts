/**
 * What the commands need of the rest of the house, as one interface that a test can stand in for
 * (real-services.ts is the one in use).
 */

import type { BenchOptions, BenchReport, HttpLoad, HttpLoadOptions } from '../bench/index.ts';
import type { AbstentionFacts } from '../certify/index.ts';
import type { Answer, LoadOptions, TextInput } from '../engine/index.ts';
import type { PeekCosts } from '../evaluate/plan-peeks.ts';
import type { Trace } from '../evaluate/trace.ts';
import type { WindowTrace } from '../evaluate/windows.ts';
import type { ReproduceOptions, ReproduceResult } from '../experiment/reproduce/reproduce.ts';
import type { SweepOptions, SweepResult } from '../experiment/sweep/sweep.ts';
import type { Exported, ExportOptions } from '../export/export-model.ts';
import type { ExportedFolder } from '../export/transformers-js.ts';
import type { Pushed, PushOptions } from '../hub/index.ts';
import type { Jobs } from '../jobs/index.ts';
import type { Quantized, QuantizeOptions } from '../measure/quantize.ts';
import type { RefitOptions, Refitted } from '../measure/refit.ts';
import type { WindowRule } from '../pyramid/exits/windows.ts';
import type { Dial } from '../pyramid/folder/dial.ts';
import type { Dtype, PyramidModel } from '../pyramid/folder/model-folder.ts';
import type { NewDial } from '../pyramid/folder/write-tau.ts';
import type { ReportRow } from '../report/table.ts';
import type { StartOptions } from '../serve/index.ts';
import type { Dataset } from '../text/example.ts';
import type { FileShard } from '../text/file-shards.ts';
import type { LabelRow } from '../text/read-labels.ts';
import type { OnTrainEvent } from '../train/events.ts';
import type { TrainOptions } from '../train/options/defaults.ts';
import type { TrainResult } from '../train/train.ts';
import type { Text, UnlabelledOptions } from '../train/with-floor/unlabelled-texts.ts';
import type { DemoOptions } from './commands/demo.ts';

export interface DemoResult {
  readonly rows: readonly ReportRow[];
  /** The report's path. */
  readonly report: string;
  /** The one to look at first is the first. */
  readonly models: readonly { readonly name: string; readonly dir: string }[];
}

/** The engine's `Pyramid`, as far as the commands use it. */
export interface Classifier {
  /** Answers in the order of the texts. Without a tau the model's own holds; null is off. */
  stream(
    source: AsyncIterable<TextInput>,
    options: { readonly tau: number | null | undefined; readonly topK: number },
  ): AsyncIterable<Answer>;
  close(): Promise<void>;
}

/** Where rows come from: a known task, or a file with its columns (null: the usual names, what the file shows). */
export interface RowSource {
  readonly task: string | null;
  readonly dataDir: string | null;
  readonly file: string | null;
  readonly text: string | null;
  readonly pair: string | null;
  readonly label: string | null;
  readonly labelSeparator?: string | null; // null
  readonly labelColumns?: readonly string[]; // []
  readonly delimiter?: string | null; // null
}

/** Files of texts without labels, or patterns of their names. */
export type UnlabelledSource = Pick<UnlabelledOptions, 'files' | 'text' | 'pair' | 'delimiter'>;

export interface Services {
  train(options: TrainOptions, onEvent: OnTrainEvent, signal: AbortSignal): Promise<TrainResult>;
  demo(options: DemoOptions, onEvent: OnTrainEvent): Promise<DemoResult>;
  reproduce(options: ReproduceOptions, onEvent: OnTrainEvent): Promise<ReproduceResult>;
  sweep(options: SweepOptions, onEvent: OnTrainEvent): Promise<SweepResult>;
  /** The folder of a model by its path or hub id, downloaded where it is not there. */
  model(dirOrId: string, onEvent: OnTrainEvent): Promise<string>;
  load(dir: string, options: LoadOptions): Promise<Classifier>;
  /** Names of the labels of the model in `dir`, by number. */
  labels(dir: string): Promise<readonly string[]>;
  /** What config.json of the model in `dir` says. */
  outline(dir: string): Promise<Pick<PyramidModel, 'config' | 'info'>>;
  /** Labelled rows, judged against the labels of the model in `dir`. */
  labelledRows(source: RowSource, dir: string, onEvent: OnTrainEvent): Promise<Dataset>;
  /** The rows that the training of the model in `dir` held back. */
  validationRows(dir: string, onEvent: OnTrainEvent): Promise<Dataset>;
  /** Those of `rows` that the model in `dir` has not been trained or chosen on; `rows` are to certify it. */
  freshRows(dir: string, rows: Dataset, onEvent: OnTrainEvent): Promise<Dataset>;
  /** The labels of a file's rows as numbers of the model's, in order: another model's answers, `count` of them. */
  answers(file: string, dir: string, count: number): Promise<readonly number[]>;
  /** The labels that a person gave to texts with ids. */
  labelColumn(file: string, dir: string): Promise<readonly LabelRow[]>;
  /** Texts without labels, of the kind that the model in `dir` reads. */
  unlabelledTexts(source: UnlabelledSource, dir: string, onEvent: OnTrainEvent): Promise<readonly Text[]>;
  /** Fingerprint of the model in `dir`, run in `dtype`. */
  settings(dir: string, dtype: Dtype): Promise<string>;
  /** Keeps a tau with the model in `dir`. */
  writeTau(dir: string, dial: NewDial): Promise<void>;
  /** Keeps when the model in `dir`, run in `dtype`, is unsure; null: never. */
  writeAbstention(dir: string, dtype: Dtype, abstention: AbstentionFacts | null): Promise<void>;
  /** What asking heads and running layers costs here, for texts like these at `tau`. */
  measurePeeks(dir: string, texts: readonly TextInput[], tau: number, dtype: Dtype): Promise<PeekCosts>;
  bench(options: BenchOptions): Promise<BenchReport>;
  /** A server of this program's own under load, over HTTP. */
  httpLoad(options: Omit<HttpLoadOptions, 'command'>): Promise<HttpLoad>;
  /** Runs until the process is told to stop; `say` gets sentences for people. */
  serve(options: StartOptions, say: (sentence: string) => void): Promise<void>;
  /** Runs on many machines. */
  jobs(): Promise<Jobs>;
  /** A copy of a model folder that is run in int8. */
  quantize(options: QuantizeOptions): Promise<Quantized>;
  /** A model as one ONNX file. */
  exportOnnx(options: ExportOptions): Promise<Exported>;
  /** A model as a folder that transformers.js opens. */
  exportTransformersJs(options: Omit<ExportOptions, 'dtype'>): Promise<ExportedFolder>;
  /** Uploads a model folder to the hub; `onSend` is told what will be sent. */
  pushModel(options: PushOptions, onSend: (files: Pushed['files']) => void): Promise<Pushed>;
  /** Floor 0 of a model made anew from texts without labels. */
  refit(options: RefitOptions): Promise<Refitted>;
  /** Texts alone; a label column is not needed. `onGuess` gets what was guessed at about the file. */
  texts(
    source: Pick<RowSource, 'text' | 'pair' | 'delimiter'> & { readonly file: string },
    onGuess?: (text: string) => void,
  ): AsyncIterable<TextInput>;
  /** As `trace`, of texts that run as windows which share `stride` tokens. */
  windowTrace(
    dir: string,
    rows: Dataset,
    options: { readonly dtype: Dtype | null; readonly stride: number; readonly windows: WindowRule },
    onProgress: (share: number) => void,
  ): Promise<WindowTrace & { readonly own: Dial }>;
  /** The same texts, or those of one shard of the file, each with its row of the file: column to cell. */
  textRows(
    source: Pick<RowSource, 'text' | 'pair' | 'delimiter'> & {
      readonly file: string;
      readonly shard?: FileShard | null;
    },
    onGuess?: (text: string) => void,
  ): AsyncIterable<{ readonly input: TextInput; readonly row: Readonly<Record<string, unknown>> }>;
  /** `dtype` null: what the model folder says. `askAll`: every exit head, whatever it says. */
  trace(
    dir: string,
    rows: Dataset,
    options: { readonly dtype: Dtype | null; readonly askAll?: boolean },
    onProgress: (share: number) => void,
  ): Promise<{ readonly trace: Trace; readonly own: Dial }>;
}
