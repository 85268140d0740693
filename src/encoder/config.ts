/**
 * The shape of a BERT-family network, read from and written to Hugging Face's config.json. Label names (labels.ts) and
 * the problem type are here too, because the meaning of an answer depends on them.
 */

import { quoted } from '../errors/kind.ts';
import { PyramidError } from '../errors.ts';
import { type Folder, jsonObjectIn, pathIn, readText } from '../folder.ts';
import { PROBLEM_TYPES, type ProblemType } from '../problem-type.ts';
import { FAMILIES, type FamilyName } from './families/families.ts';
import { BERT_FORM, type NetworkForm } from './form.ts';
import { labelNames, MOST_LABELS, namesNothing, numberedLabels } from './labels.ts';
import { missingWeights, openWeights, type StoredWeights } from './stored-weights.ts';

export interface EncoderConfig {
  readonly family: FamilyName;
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  /** Width of the embeddings; where it is not hiddenSize, they are projected. */
  readonly embeddingSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  /** Tokens that a text may have. */
  readonly maxPositions: number;
  /** Rows of the position table before the first token's. */
  readonly unusedPositions: number;
  /** Attention has a bias by the distance of two tokens. */
  readonly relativePositions: boolean;
  /** Token types that a text may have; pooled heads tell a pair's segments by them. */
  readonly typeVocabularySize: number;
  /** Whether token types are embedded; without, they change nothing below the heads. */
  readonly tokenTypes: boolean;
  readonly form: NetworkForm;
  readonly layerNormEpsilon: number;
  readonly embeddingDropout: number;
  readonly hiddenDropout: number;
  readonly attentionDropout: number;
  /** After the projection that follows attention. */
  readonly attentionOutputDropout: number;
  /** Before the main classifier's last product. */
  readonly classifierDropout: number;
  /** Before its first. */
  readonly classifierInputDropout: number;
  /** Between the main classifier's two products. */
  readonly poolerActivation: 'tanh' | 'relu' | 'gelu';
  readonly initializerRange: number;
  /** Names of the labels, by index; empty for a model without a classifier. */
  readonly labels: readonly string[];
  readonly problemType: ProblemType;
  /** config.json as it was read: what we do not know is kept when the model is written again. */
  readonly raw: Readonly<Record<string, unknown>>;
}

// pure: a page that reads no configuration leaves the families out
const KNOWN = /* @__PURE__ */ Object.keys(FAMILIES);

/** Bytes of config.json: a hundred thousand labels' names. */
const CONFIG_BYTES = 8 * 2 ** 20;

/**
 * Sizes above these are of no network of these families: refused before anything is made of them. Those below are held
 * against the weights.
 */
const MOST = {
  vocabularySize: 2 ** 22,
  hiddenSize: 2 ** 15,
  layers: 256,
  heads: 2 ** 15,
  intermediateSize: 2 ** 18,
  maxPositions: 2 ** 17,
  tokenTypes: 256,
} as const;

/** Reads the folder's config.json. Throws MP_FILE_MISSING, MP_MODEL_ARCHITECTURE, MP_MODEL_CONFIG, MP_MODEL_FILE. */
export async function configOf(folder: Folder): Promise<EncoderConfig> {
  const path = pathIn(folder.path, 'config.json');
  const text = await readText(folder, 'config.json', CONFIG_BYTES);
  if (text === null)
    throw await missingWeights(folder, new PyramidError('MP_FILE_MISSING', { path, what: 'model configuration' }));
  const raw = jsonObjectIn(text, (problem, cause) => new PyramidError('MP_MODEL_CONFIG', { path, problem }, { cause }));
  const config = parseConfig(raw, path);
  if (config.labels.length > 0 || !namesNothing(raw) || !hasNetwork(config)) return config;
  // whether it is a classifier or a bare backbone only the weights say
  const rows = await classifierRows(folder, config.family);
  return { ...config, labels: numberedLabels(rows && Number(raw.num_labels ?? rows)) };
}

/** Labels of the classifier in the weights; 0: there is none, or no weights. */
async function classifierRows(folder: Folder, family: FamilyName): Promise<number> {
  let stored: StoredWeights;
  try {
    stored = await openWeights(folder, family);
  } catch {
    return 0; // whoever reads the weights is told
  }
  await stored.close();
  return Math.min(stored.places.get('classifier.weight')?.entry.shape[0] ?? 0, MOST_LABELS);
}

export function parseConfig(raw: Readonly<Record<string, unknown>>, path: string): EncoderConfig {
  const fault = (problem: string) => new PyramidError('MP_MODEL_CONFIG', { path, problem });
  const type = raw.model_type ?? 'bert';
  if (typeof type !== 'string' || !KNOWN.includes(type)) {
    throw new PyramidError('MP_MODEL_ARCHITECTURE', {
      path,
      found: typeof type === 'string' ? type.slice(0, 60) : quoted(type),
      known: KNOWN.filter((family) => family !== 'linear'),
    });
  }
  const name = type as FamilyName;
  const family = FAMILIES[name];
  const { keys } = family;
  const labels = labelNames(raw, (problem, todo) => new PyramidError('MP_MODEL_CONFIG', { path, problem, todo }));
  const whole = (key: string, most: number, fallback?: number): number => {
    const value = raw[key] ?? fallback;
    if (!Number.isSafeInteger(value) || (value as number) < 1)
      throw fault(`${key} is ${quoted(raw[key])}, not a positive whole number`);
    if ((value as number) > most) throw fault(`${key} is ${value}, more than the maximum of ${most}`);
    return value as number;
  };
  const real = (key: string, fallback: number, most = 1000): number => {
    const value = raw[key] ?? fallback;
    if (typeof value !== 'number' || !(value >= 0))
      throw fault(`${key} is ${quoted(raw[key])}, not a number of 0 or more`);
    // also what JSON writes as 1e999
    if (value > most) throw fault(`${key} is ${value}, which is too large`);
    return value;
  };
  const rate = (key: string, fallback: number): number => {
    const value = real(key, fallback);
    if (value >= 1) throw fault(`${key} is ${value}, which would drop everything`);
    return value;
  };
  const flag = (key: string): boolean => {
    const value = raw[key] ?? false;
    if (typeof value !== 'boolean') throw fault(`${key} is ${quoted(value)}, not true or false`);
    return value;
  };
  const vocabularySize = whole(keys.vocabularySize, MOST.vocabularySize);
  const problemType = (raw.problem_type ?? 'single_label_classification') as ProblemType;
  if (!PROBLEM_TYPES.includes(problemType)) throw fault(`problem_type is ${quoted(raw.problem_type)}`);
  if (family.architecture === null) return { ...withoutNetwork(labels, vocabularySize, problemType), raw };
  const activation = raw[keys.activation];
  if (activation !== undefined && activation !== 'gelu')
    throw fault(`${keys.activation} is ${quoted(activation)}; only "gelu" is known`);
  for (const [key, known] of Object.entries(family.only)) {
    if ((raw[key] ?? known) !== known) throw fault(`${key} is ${quoted(raw[key])}; only ${quoted(known)} is known`);
  }
  const hiddenSize = whole(keys.hiddenSize, MOST.hiddenSize);
  const heads = whole(keys.heads, MOST.heads);
  if (hiddenSize % heads !== 0)
    throw fault(`${keys.hiddenSize} ${hiddenSize} is not a multiple of ${keys.heads} ${heads}`);
  const padding = raw.pad_token_id ?? family.paddingId;
  if (!(Number.isSafeInteger(padding) && Number(padding) >= 0 && Number(padding) < vocabularySize))
    throw fault(`pad_token_id is ${quoted(padding)}, not an id from 0 to ${vocabularySize - 1}`);
  const hiddenDropout = rate(keys.hiddenDropout, family.defaultDropout);
  const attentionDropout = rate(keys.attentionDropout, family.defaultDropout);
  const [classifierDropout, fallback] = family.classifierDropout;
  const ofClassifier = rate(classifierDropout, fallback ?? hiddenDropout);
  const unusedPositions = family.unusedPositions(Number(padding));
  const positions = whole(keys.maxPositions, MOST.maxPositions);
  if (positions <= unusedPositions)
    throw fault(`${keys.maxPositions} is ${positions}, of which ${unusedPositions} are no token's`);
  const layers = whole(keys.layers, MOST.layers);
  const form = family.form?.read(raw, layers, { fault, real, flag }) ?? BERT_FORM;
  if (form.rotary && (hiddenSize / heads) % 2 !== 0)
    throw fault(`${keys.hiddenSize} / ${keys.heads} is ${hiddenSize / heads}; rotary positions need an even number`);
  const { layerNormEpsilon, classifierInputDropout } = family;
  return {
    family: name,
    vocabularySize,
    hiddenSize,
    embeddingSize: family.embeddingSize
      ? whole(family.embeddingSize[0], MOST.hiddenSize, family.embeddingSize[1])
      : hiddenSize,
    layers,
    heads,
    intermediateSize: whole(keys.intermediateSize, MOST.intermediateSize),
    maxPositions: positions - unusedPositions,
    unusedPositions,
    relativePositions: family.relativePositions,
    typeVocabularySize: family.tokenTypes ? whole('type_vocab_size', MOST.tokenTypes, 2) : 2,
    tokenTypes: family.tokenTypes,
    form,
    layerNormEpsilon: typeof layerNormEpsilon === 'number' ? layerNormEpsilon : real(...layerNormEpsilon),
    embeddingDropout: rate(family.embeddingDropout, family.defaultDropout),
    hiddenDropout,
    attentionDropout,
    attentionOutputDropout: { hidden: hiddenDropout, attention: attentionDropout, none: 0 }[
      family.attentionOutputDropout ?? 'none'
    ],
    classifierDropout: ofClassifier,
    classifierInputDropout:
      classifierInputDropout === 'same' ? ofClassifier : classifierInputDropout ? rate(...classifierInputDropout) : 0,
    poolerActivation: family.poolerActivation,
    initializerRange: real('initializer_range', 0.02),
    labels,
    problemType,
    raw,
  };
}

/** Whether there are layers and a main classifier; without, floor 0 is all there is. */
export const hasNetwork = ({ layers }: Pick<EncoderConfig, 'layers'>): boolean => layers > 0;

/** The configuration of a model of floor 0 alone: every size of a network is 0. */
export const withoutNetwork = (
  labels: readonly string[],
  vocabularySize: number,
  problemType: ProblemType = 'single_label_classification',
): EncoderConfig => ({
  family: 'linear',
  vocabularySize,
  hiddenSize: 0,
  embeddingSize: 0,
  layers: 0,
  heads: 0,
  intermediateSize: 0,
  maxPositions: MOST.maxPositions,
  unusedPositions: 0,
  relativePositions: false,
  typeVocabularySize: 2,
  tokenTypes: true,
  form: BERT_FORM,
  layerNormEpsilon: 0,
  embeddingDropout: 0,
  hiddenDropout: 0,
  attentionDropout: 0,
  attentionOutputDropout: 0,
  classifierDropout: 0,
  classifierInputDropout: 0,
  poolerActivation: 'tanh',
  initializerRange: 0,
  labels,
  problemType,
  raw: {},
});

/** config.json's content for a network, keeping what we do not know of the one it was read from. */
export function configJson(config: EncoderConfig): Record<string, unknown> {
  const family = FAMILIES[config.family];
  const { architecture, keys, constants, embeddingSize, tokenTypes, layerNormEpsilon, paddingId } = family;
  const { classifierDropout, classifierInputDropout } = family;
  const labels = {
    id2label: Object.fromEntries(config.labels.map((label, i) => [String(i), label])),
    label2id: Object.fromEntries(config.labels.map((label, i) => [label, i])),
  };
  if (architecture === null)
    return {
      ...config.raw,
      model_type: config.family,
      [keys.vocabularySize]: config.vocabularySize,
      problem_type: config.problemType,
      ...labels,
    };
  return {
    ...config.raw,
    architectures: [architecture],
    model_type: config.family,
    ...constants,
    [keys.activation]: 'gelu',
    [keys.vocabularySize]: config.vocabularySize,
    [keys.hiddenSize]: config.hiddenSize,
    [keys.layers]: config.layers,
    [keys.heads]: config.heads,
    [keys.intermediateSize]: config.intermediateSize,
    [keys.maxPositions]: config.maxPositions + config.unusedPositions,
    [family.embeddingDropout]: config.embeddingDropout,
    [keys.hiddenDropout]: config.hiddenDropout,
    [keys.attentionDropout]: config.attentionDropout,
    [classifierDropout[0]]: config.classifierDropout,
    ...(Array.isArray(classifierInputDropout) && { [classifierInputDropout[0]]: config.classifierInputDropout }),
    ...(embeddingSize && { [embeddingSize[0]]: config.embeddingSize }),
    ...(tokenTypes && { type_vocab_size: config.typeVocabularySize }),
    ...(typeof layerNormEpsilon === 'object' && { [layerNormEpsilon[0]]: config.layerNormEpsilon }),
    ...family.form?.write(config.form, config.layers),
    initializer_range: config.initializerRange,
    problem_type: config.problemType,
    pad_token_id: config.raw.pad_token_id ?? paddingId,
    ...labels,
    torch_dtype: 'float32',
  };
}
