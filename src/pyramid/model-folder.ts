/**
 * A trained model in a folder: a Hugging Face folder that transformers opens as it is, with our thresholds and exit
 * heads beside BERT's own weights and a `pyramid` object in config.json. Read here, wherever it lies;
 * disk-model.ts writes it.
 */
import { configOf, type EncoderConfig, type Parameters, type StoredTensor, weightsOf } from '../encoder/index.ts';
import { PyramidError } from '../errors.ts';
import { type Folder, pathIn } from '../folder.ts';
import { exitOf, HEAD_KINDS, type HeadKind, type HeadSettings, headSettings } from './exits/exits.ts';
import { headShapes } from './exits/heads.ts';
import { THRESHOLDS } from './network.ts';

/** What products with weights are computed in. */
export type Dtype = 'fp32' | 'int8';
export const DTYPES: readonly Dtype[] = ['fp32', 'int8'];

/** What the choice was made by; figures are of the calibration rows. */
export interface Calibration {
  /** What the rows were run in: the tau holds for this. */
  readonly dtype: Dtype;
  readonly rows: number;
  readonly target: { readonly maxDrop: number } | { readonly speedup: number };
  /** The count of operations that it was made by. */
  readonly by: 'actual' | 'paper';
  /** Without exits. */
  readonly baseline: number;
  readonly accuracy: number;
  readonly speedupPaper: number;
  readonly speedupActual: number;
  /** Where it was planned which heads to ask: milliseconds of one worker a text by the plan, and with all heads asked. */
  readonly plan?: { readonly msPerText: number; readonly msPerTextAllHeads: number };
  /** [tau, accuracy] by rising tau, for those who turn the dial later. */
  readonly curve?: readonly (readonly [number, number])[];
}

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
  /** Halt value found on the validation rows, for `dtype`; null: none was looked for or early exit does not pay. */
  readonly tau: number | null;
  /** What `tau` was chosen by; left out where training chose it. */
  readonly calibration?: Calibration;
  /** What it is run in where the caller does not say; fp32 if left out. The weights on disk are float32 all the same. */
  readonly dtype?: Dtype;
  /** `tau` and `calibration` of a dtype that it is run in only where the caller says so: other logits, another tau. */
  readonly forDtype?: Readonly<Partial<Record<Dtype, Pick<PyramidInfo, 'tau' | 'calibration'>>>>;
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

/**
 * Reads a folder. One without a `pyramid` object (a classifier fine-tuned elsewhere) is a dense model without heads.
 * Throws MP_FILE_MISSING, MP_MODEL_* .
 */
export async function modelOf(folder: Folder): Promise<PyramidModel> {
  const config = await configOf(folder);
  const { path: dir } = folder;
  const path = pathIn(dir, 'config.json');
  if (config.labels.length === 0) throw new PyramidError('MP_MODEL_LABELS', { path, problem: 'there is no id2label' });
  const info = readInfo(config, path);
  const { parameters, others } = await weightsOf(folder, config);
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
  if (!HEAD_KINDS.includes(info.exitHead)) throw fault(`pyramid.exitHead is ${JSON.stringify(info.exitHead)}`);
  if (exitOf(info.exitHead)?.needsPairs && !info.pairs)
    throw fault(`pyramid.exitHead is "${info.exitHead}", which reads pairs, and pyramid.pairs is false`);
  if (!Number.isSafeInteger(info.maxLength) || info.maxLength < 2 || info.maxLength > config.maxPositions) {
    throw fault(
      `pyramid.maxLength is ${JSON.stringify(info.maxLength)}, not a whole number from 2 to ${config.maxPositions}`,
    );
  }
  const checkTau = (name: string, tau: unknown) => {
    const isTau = tau === null || (typeof tau === 'number' && tau >= 0 && tau <= 1);
    if (!isTau) throw fault(`${name} is ${JSON.stringify(tau)}, neither null nor a number from 0 to 1`);
  };
  checkTau('pyramid.tau', info.tau);
  for (const [dtype, other] of Object.entries(info.forDtype ?? {})) {
    checkTau(`pyramid.forDtype.${dtype}.tau`, (other as Partial<PyramidInfo> | null)?.tau);
  }
  if (info.dtype !== undefined && !DTYPES.includes(info.dtype))
    throw fault(`pyramid.dtype is ${JSON.stringify(info.dtype)}, this version knows ${DTYPES.join(' and ')}`);
  const heads = config.layers - 1;
  if (info.asked !== undefined && !(isFlags(info.asked) && info.asked.length === heads))
    throw fault(`pyramid.asked is ${JSON.stringify(info.asked)}, not true or false for each of layers 1 to ${heads}`);
  return info;
}

/** What the folder is run in where the caller does not say. */
export const dtypeOf = ({ dtype = 'fp32' }: PyramidInfo): Dtype => dtype;

/** What holds when the model is run in `dtype`: a tau that was chosen for another has no meaning, and is null. */
export function infoFor(info: PyramidInfo, dtype: Dtype): PyramidInfo {
  if (dtype === dtypeOf(info)) return info;
  const { calibration: _, ...rest } = info;
  return { ...rest, tau: null, ...info.forDtype?.[dtype] };
}

const isFlags = (value: unknown): value is boolean[] =>
  Array.isArray(value) && value.every((flag) => typeof flag === 'boolean');

/** Whether layer `layer`, from 1 and below the last, has an exit head that is asked. */
export const isAsked = ({ info, headSettings }: Pick<PyramidModel, 'info' | 'headSettings'>, layer: number): boolean =>
  headSettings.kind !== 'none' && (info.asked?.[layer - 1] ?? true);

export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
