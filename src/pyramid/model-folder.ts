/**
 * A trained model on disk: a Hugging Face folder that transformers opens as it is, with our thresholds and exit heads
 * beside BERT's own weights and a `pyramid` object in config.json. Written to a temporary folder and renamed, so that
 * a crash never leaves half a model.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  configJson,
  type EncoderConfig,
  type Parameters,
  readConfig,
  readWeights,
  type StoredTensor,
  underOwnNames,
  writeSafetensors,
} from '../encoder/index.ts';
import { PyramidError } from '../errors.ts';
import type { HeadKind } from './flops.ts';
import { type HeadSettings, headSettings, headShapes } from './heads.ts';
import { THRESHOLDS } from './network.ts';

/** What products with weights are computed in. */
export type Dtype = 'fp32' | 'int8';
export const DTYPES: readonly Dtype[] = ['fp32', 'int8'];

/** The `pyramid` object of config.json. */
export interface PyramidInfo {
  readonly format: 1;
  readonly method: string;
  readonly exitHead: HeadKind;
  readonly exitTraining: 'frozen' | 'joint';
  /** The model was trained on pairs of texts. */
  readonly pairs: boolean;
  /** Width of `fastbert` heads. */
  readonly headWidth: number;
  /** Tokens are pruned by the thresholds. */
  readonly prunes: boolean;
  readonly temperature: number;
  readonly lambda: number;
  /** Longest text in tokens that it was trained for; longer ones are cut. */
  readonly maxLength: number;
  /** Halt value found on the validation rows; null: none was looked for or early exit does not pay. */
  readonly tau: number | null;
  /** What it is run in where the caller does not say; fp32 if left out. The weights on disk are float32 all the same. */
  readonly dtype?: Dtype;
  /** [L−1]: whether the exit head of a layer is asked; all are if left out. */
  readonly asked?: readonly boolean[];
}

export interface PyramidModel {
  readonly config: EncoderConfig;
  readonly info: PyramidInfo;
  readonly parameters: Parameters;
  readonly heads: Parameters;
  readonly headSettings: HeadSettings;
  readonly thresholds: Float32Array | null;
}

/** Files of the folder beside config.json and the weights: the tokeniser's, README.md, training.json. */
export type FolderFiles = Readonly<Record<string, string>>;

/** Writes the folder; an older one at `dir` is replaced only once the new one is complete. Throws MP_WRITE. */
export async function writeModelFolder(dir: string, model: PyramidModel, files: FolderFiles): Promise<void> {
  const temporary = join(dirname(dir), `.${basename(dir)}.writing`);
  const old = join(dirname(dir), `.${basename(dir)}.old`);
  // whoever was stopped between the two renames, or could not do the second, has the old folder back
  const bringBack = async () => {
    if (existsSync(old) && !existsSync(dir)) await rename(old, dir);
  };
  try {
    await bringBack();
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
    const tensors = new Map<string, StoredTensor>([...underOwnNames(model.config, model.parameters), ...model.heads]);
    if (model.thresholds) tensors.set(THRESHOLDS, { shape: [model.thresholds.length], data: model.thresholds });
    await writeSafetensors(join(temporary, 'model.safetensors'), tensors);
    await writeFile(join(temporary, 'config.json'), json({ ...configJson(model.config), pyramid: model.info }));
    for (const [name, text] of Object.entries(files)) await writeFile(join(temporary, name), text);
    await rm(old, { recursive: true, force: true });
    if (existsSync(dir)) await rename(dir, old);
    await rename(temporary, dir);
    await rm(old, { recursive: true, force: true });
  } catch (cause) {
    await bringBack().catch(() => {});
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw new PyramidError('MP_WRITE', { path: dir, reason: (cause as Error).message }, { cause });
  }
}

/**
 * Reads a folder. One without a `pyramid` object (a classifier fine-tuned elsewhere) is a dense model without heads.
 * Throws MP_FILE_MISSING, MP_MODEL_* .
 */
export async function readModelFolder(dir: string): Promise<PyramidModel> {
  const config = await readConfig(dir);
  const path = join(dir, 'config.json');
  if (config.labels.length === 0) throw new PyramidError('MP_MODEL_LABELS', { path, problem: 'there is no id2label' });
  const info = readInfo(config, path);
  const { parameters, others } = await readWeights(dir, config);
  const settings = headSettings(info.exitHead, info.pairs, info.headWidth);
  const heads: Parameters = new Map();
  const take = (name: string, shape: readonly number[]): StoredTensor => {
    const stored = others.get(name);
    if (!stored) throw new PyramidError('MP_MODEL_TENSOR_MISSING', { path: dir, name });
    if (stored.shape.length !== shape.length || stored.shape.some((dim, i) => dim !== shape[i])) {
      throw new PyramidError('MP_MODEL_TENSOR_SHAPE', { path: dir, name, found: stored.shape, expected: shape });
    }
    return stored;
  };
  for (const [name, shape] of headShapes(config, settings)) heads.set(name, take(name, shape));
  const thresholds = info.prunes ? take(THRESHOLDS, [config.layers]).data : null;
  return { config, info, parameters, heads, headSettings: settings, thresholds };
}

const DENSE: PyramidInfo = {
  format: 1,
  method: 'bert',
  exitHead: 'none',
  exitTraining: 'frozen',
  pairs: false,
  headWidth: 128,
  prunes: false,
  temperature: 0,
  lambda: 0,
  maxLength: 512,
  tau: null,
};

function readInfo(config: EncoderConfig, path: string): PyramidInfo {
  const stored = config.raw.pyramid as Partial<PyramidInfo> | undefined;
  const maxLength = Math.min(DENSE.maxLength, config.maxPositions);
  if (stored === undefined) return { ...DENSE, maxLength };
  const fault = (problem: string) => new PyramidError('MP_MODEL_CONFIG', { path, problem });
  if (stored === null || typeof stored !== 'object') throw fault('pyramid is no object');
  if (stored.format !== 1) throw fault(`pyramid.format is ${JSON.stringify(stored.format)}, this version reads 1`);
  const info = { ...DENSE, maxLength, ...stored };
  if (!['none', 'cls', 'fastbert', 'pooled'].includes(info.exitHead))
    throw fault(`pyramid.exitHead is ${JSON.stringify(info.exitHead)}`);
  if (!Number.isSafeInteger(info.maxLength) || info.maxLength < 2 || info.maxLength > config.maxPositions) {
    throw fault(
      `pyramid.maxLength is ${JSON.stringify(info.maxLength)}, not a whole number from 2 to ${config.maxPositions}`,
    );
  }
  if (info.tau !== null && !(info.tau >= 0 && info.tau <= 1)) throw fault(`pyramid.tau is ${JSON.stringify(info.tau)}`);
  if (info.dtype !== undefined && !DTYPES.includes(info.dtype))
    throw fault(`pyramid.dtype is ${JSON.stringify(info.dtype)}, this version knows ${DTYPES.join(' and ')}`);
  const heads = config.layers - 1;
  if (info.asked !== undefined && !(isFlags(info.asked) && info.asked.length === heads))
    throw fault(`pyramid.asked is ${JSON.stringify(info.asked)}, not true or false for each of layers 1 to ${heads}`);
  return info;
}

const isFlags = (value: unknown): value is boolean[] =>
  Array.isArray(value) && value.every((flag) => typeof flag === 'boolean');

/** Whether layer `layer`, from 1 and below the last, has an exit head that is asked. */
export const isAsked = ({ info, headSettings }: Pick<PyramidModel, 'info' | 'headSettings'>, layer: number): boolean =>
  headSettings.kind !== 'none' && (info.asked?.[layer - 1] ?? true);

export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
