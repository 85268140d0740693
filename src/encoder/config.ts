/**
 * The shape of a BERT-family network, read from and written to Hugging Face's config.json. Labels' names and the
 * problem type live here too, since the answer's meaning hangs on them.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PyramidError } from '../errors.ts';

export type ProblemType = 'single_label_classification' | 'multi_label_classification' | 'regression';

export interface EncoderConfig {
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  readonly maxPositions: number;
  readonly typeVocabularySize: number;
  readonly layerNormEpsilon: number;
  readonly hiddenDropout: number;
  readonly attentionDropout: number;
  readonly initializerRange: number;
  /** Names of the labels, by index; empty for a model without a classifier. */
  readonly labels: readonly string[];
  readonly problemType: ProblemType;
  /** config.json as it was read: what we do not know is kept when the model is written again. */
  readonly raw: Readonly<Record<string, unknown>>;
}

const KNOWN = ['bert'];

/** Reads `dir`/config.json. Throws MP_FILE_MISSING, MP_MODEL_ARCHITECTURE, MP_MODEL_CONFIG. */
export async function readConfig(dir: string): Promise<EncoderConfig> {
  const path = join(dir, 'config.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new PyramidError('MP_FILE_MISSING', { path, what: 'model configuration' }, { cause });
  }
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new PyramidError('MP_MODEL_CONFIG', { path, problem: 'it is not JSON' }, { cause });
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw new PyramidError('MP_MODEL_CONFIG', { path, problem: 'it is no JSON object' });
  return parseConfig(raw as Record<string, unknown>, path);
}

export function parseConfig(raw: Readonly<Record<string, unknown>>, path: string): EncoderConfig {
  const fault = (problem: string) => new PyramidError('MP_MODEL_CONFIG', { path, problem });
  const type = raw.model_type ?? 'bert';
  if (typeof type !== 'string' || !KNOWN.includes(type)) {
    throw new PyramidError('MP_MODEL_ARCHITECTURE', { path, found: String(type), known: KNOWN });
  }
  const whole = (key: string, fallback?: number): number => {
    const value = raw[key] ?? fallback;
    if (!Number.isSafeInteger(value) || (value as number) < 1)
      throw fault(`${key} is ${JSON.stringify(raw[key])}, not a positive whole number`);
    return value as number;
  };
  const real = (key: string, fallback: number): number => {
    const value = raw[key] ?? fallback;
    if (typeof value !== 'number' || !(value >= 0))
      throw fault(`${key} is ${JSON.stringify(raw[key])}, not a number of 0 or more`);
    return value;
  };
  const rate = (key: string, fallback: number): number => {
    const value = real(key, fallback);
    if (value >= 1) throw fault(`${key} is ${value}, which would drop everything`);
    return value;
  };
  if (raw.hidden_act !== undefined && raw.hidden_act !== 'gelu')
    throw fault(`hidden_act is ${JSON.stringify(raw.hidden_act)}; only "gelu" is known`);
  if (raw.position_embedding_type !== undefined && raw.position_embedding_type !== 'absolute') {
    throw fault(`position_embedding_type is ${JSON.stringify(raw.position_embedding_type)}; only "absolute" is known`);
  }
  const hiddenSize = whole('hidden_size');
  const heads = whole('num_attention_heads');
  if (hiddenSize % heads !== 0) throw fault(`hidden_size ${hiddenSize} is no multiple of num_attention_heads ${heads}`);
  const problemType = (raw.problem_type ?? 'single_label_classification') as ProblemType;
  if (!['single_label_classification', 'multi_label_classification', 'regression'].includes(problemType)) {
    throw fault(`problem_type is ${JSON.stringify(raw.problem_type)}`);
  }
  return {
    vocabularySize: whole('vocab_size'),
    hiddenSize,
    layers: whole('num_hidden_layers'),
    heads,
    intermediateSize: whole('intermediate_size'),
    maxPositions: whole('max_position_embeddings'),
    typeVocabularySize: whole('type_vocab_size', 2),
    layerNormEpsilon: real('layer_norm_eps', 1e-12),
    hiddenDropout: rate('hidden_dropout_prob', 0.1),
    attentionDropout: rate('attention_probs_dropout_prob', 0.1),
    initializerRange: real('initializer_range', 0.02),
    labels: labelNames(raw.id2label, fault),
    problemType,
    raw,
  };
}

/** config.json's content for a network, keeping what we do not know of the one it was read from. */
export function configJson(config: EncoderConfig): Record<string, unknown> {
  return {
    ...config.raw,
    architectures: ['BertForSequenceClassification'],
    model_type: 'bert',
    hidden_act: 'gelu',
    position_embedding_type: 'absolute',
    vocab_size: config.vocabularySize,
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositions,
    type_vocab_size: config.typeVocabularySize,
    layer_norm_eps: config.layerNormEpsilon,
    hidden_dropout_prob: config.hiddenDropout,
    attention_probs_dropout_prob: config.attentionDropout,
    initializer_range: config.initializerRange,
    problem_type: config.problemType,
    pad_token_id: config.raw.pad_token_id ?? 0,
    id2label: Object.fromEntries(config.labels.map((label, i) => [String(i), label])),
    label2id: Object.fromEntries(config.labels.map((label, i) => [label, i])),
    torch_dtype: 'float32',
  };
}

function labelNames(id2label: unknown, fault: (problem: string) => PyramidError): string[] {
  if (id2label === undefined || id2label === null) return [];
  if (typeof id2label !== 'object') throw fault('id2label is no object');
  const entries = Object.entries(id2label as Record<string, unknown>);
  return entries.map((_, i) => {
    const name = (id2label as Record<string, unknown>)[String(i)];
    if (typeof name !== 'string') throw fault(`id2label names no label ${i}`);
    return name;
  });
}
