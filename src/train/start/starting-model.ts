/**
 * The network and the tokeniser that training starts from: a model folder, a model of the hub, or a new network with a
 * vocabulary of its own. Knows nothing of how it is trained.
 */
import {
  type EncoderConfig,
  formOfLayers,
  initialise,
  type Parameters,
  parameterShapes,
  parseConfig,
  readConfig,
} from '../../encoder/index.ts';
import { PyramidError } from '../../errors.ts';
import { problemTypeOf } from '../../pyramid/problem.ts';
import { problemTypeOfRows } from '../../text/example.ts';
import { loadTokenizer, type Tokenizer, tokenizerFromFiles, trainWordPiece } from '../../text/index.ts';
import type { OnTrainEvent } from '../events.ts';
import { methods } from '../methods.ts';
import type { TrainOptions } from '../options/defaults.ts';
import { type ModelState, NO_HEADS, noNetwork } from '../state.ts';
import { withDropout } from './dropout-rate.ts';
import { modelFolder } from './from-hub.ts';
import type { Rows } from './rows.ts';
import { meanAndSpread } from './values.ts';
import { weightsByLabel } from './weights-by-label.ts';

export interface Start {
  readonly state: ModelState;
  readonly tokenizer: Tokenizer;
  /** Parameters that the folder lacked. */
  readonly fresh: readonly string[];
}

/**
 * The network that training starts from, or its tokeniser alone for a method without one. `student`: every other layer of it.
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
  const problemType = problemTypeOfRows(train);
  if (!methods[options.method].network) {
    const tokenizer =
      options.model === 'scratch'
        ? scratchTokenizer(options, train)
        : await loadTokenizer(await modelFolder(options.model, onEvent));
    return { state: noNetwork(labels, tokenizer, problemType), tokenizer, fresh: [] };
  }
  if (options.model === 'scratch') {
    const tokenizer = scratchTokenizer(options, train);
    const config = { ...scratchConfig(options, tokenizer.vocabularySize, labels, student), problemType };
    const parameters: Parameters = new Map();
    for (const [name, shape] of parameterShapes(config))
      parameters.set(name, initialise(name, shape, seed, config.initializerRange));
    beginAtMean(parameters, train);
    return {
      state: { config, parameters, heads: new Map(), headSettings: NO_HEADS, thresholds: null },
      tokenizer,
      fresh: [...parameters.keys()],
    };
  }
  const model = await modelFolder(options.model, onEvent);
  const stored = await readConfig(model);
  const config: EncoderConfig = { ...withDropout(stored, options.dropout), labels, problemType };
  const fits = stored.raw.problem_type === undefined || problemTypeOf(stored) === problemType;
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
  const { parameters, fresh } = await weightsByLabel(model, stored, labels, { seed, fits, problemType }, onEvent);
  if (fresh.includes(BIAS)) beginAtMean(parameters, train);
  const state: ModelState = { config, parameters, heads: new Map(), headSettings: NO_HEADS, thresholds: null };
  return { state: student ? halfDepth(state) : state, tokenizer, fresh };
}

const BIAS = 'classifier.bias';

/** A new classifier of numbers begins by answering their mean: from 0 a short training would not get there. */
function beginAtMean(parameters: Parameters, train: Rows['train']): void {
  if (problemTypeOfRows(train) === 'regression') parameters.get(BIAS)!.data.fill(meanAndSpread(train.examples).mean);
}

/** With a vocabulary of the training rows. */
function scratchTokenizer({ vocabularySize, maxLength }: TrainOptions, { examples }: Rows['train']): Tokenizer {
  const texts = examples.flatMap(({ text, pair }) => (pair === undefined ? [text] : [text, pair]));
  return tokenizerFromFiles(trainWordPiece(texts, { vocabularySize, modelMaxLength: maxLength }));
}

/** A student of half the layers (rounded up), every other one of the model's, from the first (as DistilBERT takes them). */
export function halfDepth(state: ModelState): ModelState {
  const layers = Math.ceil(state.config.layers / 2);
  const taken = Array.from({ length: layers }, (_, layer) => 2 * layer);
  const config = { ...state.config, layers, form: formOfLayers(state.config.form, taken) };
  const parameters: Parameters = new Map();
  for (const [name, shape] of parameterShapes(config)) {
    const source = name.replace(/\.layer\.(\d+)\./, (_, layer) => `.layer.${taken[Number(layer)]}.`);
    parameters.set(name, { shape, data: state.parameters.get(source)!.data.slice() });
  }
  return { ...state, config, parameters };
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
  return { ...withDropout(parseConfig(raw, 'scratch'), options.dropout), labels };
}
