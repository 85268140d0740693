/**
 * What a run starts from: its rows (a known task, or files), the network and tokeniser (a folder, the hub, or scratch),
 * and the rows as tokens. All of the bad input that training can meet is met here.
 */
import { createHash } from 'node:crypto';
import {
  type EncoderConfig,
  initialise,
  type Parameters,
  parameterShapes,
  parseConfig,
  readConfig,
} from '../../encoder/index.ts';
import { PyramidError } from '../../errors.ts';
import { defaultExit, type ExitKind, exits, headSettings } from '../../pyramid/exits/exits.ts';
import { initialHeads } from '../../pyramid/exits/heads.ts';
import type { Dataset } from '../../text/example.ts';
import {
  loadTokenizer,
  readExamples,
  splitDataset,
  subsample,
  type Tokenizer,
  tokenizerFromFiles,
  trainWordPiece,
} from '../../text/index.ts';
import type { EncodedSet } from '../batch.ts';
import type { OnTrainEvent } from '../events.ts';
import type { ClassWeights, TrainOptions } from '../options/defaults.ts';
import { type ModelState, NO_HEADS } from '../state.ts';
import { modelFolder, taskRows } from './from-hub.ts';
import { namesOf } from './label-counts.ts';
import { weightsByLabel } from './weights-by-label.ts';

export interface Rows {
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset | null;
}

/** Share of the training rows held back when no validation rows are given. */
const VALIDATION_SHARE = 0.1;

/** Throws MP_FILE_MISSING, MP_DATA_*, MP_TASK_UNKNOWN, MP_HUB_*, MP_USAGE. */
export async function readRows(options: TrainOptions, onEvent: OnTrainEvent = () => {}): Promise<Rows> {
  const { task, dataDir, seed } = options;
  const columns = {
    ...(options.text && { text: options.text }),
    ...(options.pair && { pair: options.pair }),
    ...(options.label && { label: options.label }),
    ...(options.delimiter && { delimiter: options.delimiter }),
  };
  const onGuess = (text: string) => onEvent({ kind: 'note', text });
  let train =
    task !== null
      ? await taskRows(task, dataDir, 'train', onEvent)
      : await readExamples(options.train!, { ...columns, onGuess });
  const file = (path: string) => readExamples(path, { ...columns, labels: train.labels });
  const test =
    task !== null ? await taskRows(task, dataDir, 'test', onEvent) : options.test ? await file(options.test) : null;
  if (options.limit !== null) train = subsample(train, options.limit, { seed });
  noteUntrained(train, onEvent);
  if (options.validation) return { train, validation: await file(options.validation), test };
  const { kept, heldOut } = splitDataset(train, VALIDATION_SHARE, { seed });
  if (heldOut.examples.length === 0) {
    throw new PyramidError('MP_USAGE', {
      what: `${train.name}: ${train.examples.length} rows are too few to hold back a tenth for validation`,
      todo: 'add rows, or give --validation',
    });
  }
  return { train: kept, validation: heldOut, test };
}

/** Says which labels have no row to learn from: the model knows their names, and never answers them. */
function noteUntrained({ name, labels, examples }: Dataset, onEvent: OnTrainEvent): void {
  const met = new Set(examples.map(({ label }) => label));
  const none = labels.filter((_, label) => !met.has(label));
  if (none.length === 0) return;
  const named = none.slice(0, 10).join(', ') + (none.length > 10 ? ` and ${none.length - 10} more` : '');
  onEvent({ kind: 'note', text: `${name}: no training rows have the label ${named}` });
}

export interface Start {
  readonly state: ModelState;
  readonly tokenizer: Tokenizer;
  /** Parameters that the folder lacked. */
  readonly fresh: readonly string[];
}

/**
 * The network that training starts from. `student`: every other layer of it.
 * Throws MP_MODEL_*, MP_FILE_MISSING, MP_HUB_*.
 */
export async function startingModel(
  options: TrainOptions,
  { train }: Pick<Rows, 'train'>,
  student: boolean,
  onEvent: OnTrainEvent = () => {},
): Promise<Start> {
  const { seed, maxLength } = options;
  const { labels } = train;
  if (options.model === 'scratch') {
    const texts = train.examples.flatMap(({ text, pair }) => (pair === undefined ? [text] : [text, pair]));
    const tokenizer = tokenizerFromFiles(
      trainWordPiece(texts, { vocabularySize: options.vocabularySize, modelMaxLength: maxLength }),
    );
    const config = scratchConfig(options, tokenizer.vocabularySize, labels, student);
    const parameters: Parameters = new Map();
    for (const [name, shape] of parameterShapes(config))
      parameters.set(name, initialise(name, shape, seed, config.initializerRange));
    return {
      state: { config, parameters, heads: new Map(), headSettings: NO_HEADS, thresholds: null },
      tokenizer,
      fresh: [...parameters.keys()],
    };
  }
  const model = await modelFolder(options.model, onEvent);
  const stored = await readConfig(model);
  const config: EncoderConfig = { ...stored, labels };
  if (config.problemType !== 'single_label_classification') {
    const what = `${model}: problem_type is ${config.problemType}`;
    throw new PyramidError('MP_USAGE', {
      what,
      todo: 'train on single_label_classification, the one kind of rows that are read',
    });
  }
  const tokenizer = await loadTokenizer(model);
  if (tokenizer.vocabularySize > config.vocabularySize) {
    throw new PyramidError('MP_MODEL_VOCABULARY', {
      path: model,
      pieces: tokenizer.vocabularySize,
      rows: config.vocabularySize,
    });
  }
  if (maxLength > config.maxPositions) {
    throw new PyramidError('MP_USAGE', {
      what: `--max-length ${maxLength} is more than the model's ${config.maxPositions} positions`,
      todo: 'lower it',
    });
  }
  const { parameters, fresh } = await weightsByLabel(model, stored, labels, seed, onEvent);
  const state: ModelState = { config, parameters, heads: new Map(), headSettings: NO_HEADS, thresholds: null };
  return { state: student ? halfDepth(state) : state, tokenizer, fresh };
}

/** A student of half the layers (rounded up), every other one of the model's, from the first (as DistilBERT takes them). */
export function halfDepth(state: ModelState): ModelState {
  const layers = Math.ceil(state.config.layers / 2);
  const config = { ...state.config, layers };
  const parameters: Parameters = new Map();
  for (const [name, shape] of parameterShapes(config)) {
    const source = name.replace(/\.layer\.(\d+)\./, (_, layer) => `.layer.${2 * Number(layer)}.`);
    parameters.set(name, { shape, data: state.parameters.get(source)!.data.slice() });
  }
  return { ...state, config, parameters };
}

/** The kind of exit that `--exit-head` asks for. Throws MP_USAGE where it needs pairs and the rows have single texts. */
export function exitHeadKind(asked: TrainOptions['exitHead'], pairs: boolean): ExitKind {
  if (asked === 'auto') return defaultExit(pairs);
  if (exits[asked].needsPairs && !pairs) {
    throw new PyramidError('MP_USAGE', {
      what: `--exit-head ${asked} sets two texts beside each other, and the rows have one`,
      todo: 'give --exit-head pooled, or auto',
    });
  }
  return asked;
}

/** Gives the state fresh exit heads of a kind. */
export function addHeads(state: ModelState, kind: ExitKind, pairs: boolean, seed: number): void {
  state.headSettings = headSettings(kind, pairs);
  state.heads = initialHeads(state.config, state.headSettings, seed, state.parameters);
}

/** Rows as tokens. Throws MP_DATA_FEW if there are fewer than a batch. */
export function encodeSet(
  tokenizer: Tokenizer,
  { examples, name }: Dataset,
  maxLength: number,
  batchSize = 1,
): EncodedSet {
  if (examples.length < batchSize)
    throw new PyramidError('MP_DATA_FEW', { path: name, rows: examples.length, batchSize });
  const encodings = examples.map(({ text, pair }) => tokenizer.encode(text, pair, maxLength));
  return {
    encodings,
    labels: examples.map(({ label }) => label),
    lengths: Int32Array.from(encodings, ({ ids }) => ids.length),
    truncated: encodings.filter(({ truncated }) => truncated).length,
  };
}

/** The weight of each label in the loss. `auto`: n / (C · n_label), 1 on average over the rows. Throws MP_USAGE. */
export function labelWeights(weights: ClassWeights, { labels, examples }: Dataset): number[] {
  if (weights === 'none') return labels.map(() => 1);
  if (weights === 'auto') {
    const counts = labels.map((_, label) => examples.filter((example) => example.label === label).length);
    return counts.map((count) => (count === 0 ? 1 : examples.length / (labels.length * count)));
  }
  const unknown = Object.keys(weights).find((label) => !labels.includes(label));
  if (unknown !== undefined) {
    throw new PyramidError('MP_USAGE', {
      what: `--class-weights names the label "${namesOf([unknown])}"`,
      todo: `the labels are ${namesOf(labels)}`,
    });
  }
  return labels.map((label) => (Object.hasOwn(weights, label) ? weights[label] : 1));
}

/** Sixteen hex digits that change with any row. */
export function fingerprint({ labels, examples }: Dataset): string {
  const digest = createHash('sha256').update(JSON.stringify(labels));
  for (const { text, pair, label } of examples) digest.update(JSON.stringify([text, pair ?? null, label]));
  return digest.digest('hex').slice(0, 16);
}

function scratchConfig(
  options: TrainOptions,
  vocabularySize: number,
  labels: readonly string[],
  student: boolean,
): EncoderConfig {
  const layers = student ? Math.ceil(options.layers / 2) : options.layers;
  const raw = {
    model_type: 'bert',
    vocab_size: vocabularySize,
    hidden_size: options.hiddenSize,
    num_hidden_layers: layers,
    num_attention_heads: options.heads,
    intermediate_size: options.intermediateSize ?? 4 * options.hiddenSize,
    max_position_embeddings: options.maxLength,
    type_vocab_size: 2,
    layer_norm_eps: 1e-12,
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    initializer_range: 0.02,
    pad_token_id: 0,
  };
  return { ...parseConfig(raw, 'scratch'), labels };
}
