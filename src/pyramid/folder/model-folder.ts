/**
 * A trained model in a folder: a Hugging Face folder that transformers opens as it is, with our thresholds and exit
 * heads beside BERT's own weights and a `pyramid` object in config.json. Floor 0 is a file of its own, so that a page can
 * answer by it before the network's weights have come. Read here, wherever it lies; disk-model.ts writes it.
 */
import { configOf, type EncoderConfig, type Parameters, type StoredTensor, weightsOf } from '../../encoder/index.ts';
import { tensorsOf } from '../../encoder/safetensors.ts';
import { PyramidError } from '../../errors.ts';
import { type Folder, pathIn } from '../../folder.ts';
import { type HeadSettings, headSettings } from '../exits/exits.ts';
import { headShapes } from '../exits/heads.ts';
import { type FloorInfo, type FloorParts, floorFrom } from '../floor/index.ts';
import { THRESHOLDS } from '../network.ts';
import { problemTypeOf } from '../problem.ts';
import type { Calibration } from './dial.ts';
import { DTYPES, type Dtype } from './dtype.ts';
import { voidByConfig, voidByWeights } from './frozen.ts';
import { dtypeOf, infoFor, type PyramidInfo, readInfo, withoutVoid } from './pyramid-info.ts';

export { type Calibration, DTYPES, type Dtype, dtypeOf, infoFor, type PyramidInfo };

export interface PyramidModel {
  readonly config: EncoderConfig;
  readonly info: PyramidInfo;
  readonly parameters: Parameters;
  readonly heads: Parameters;
  readonly headSettings: HeadSettings;
  readonly thresholds: Float32Array | null;
  /** Floor 0; null: the model has none. A model without a network has nothing else. */
  readonly floor: FloorParts | null;
}

/** Floor 0's tables, in the folder. */
export const FLOOR_FILE = 'floor.safetensors';

/**
 * Reads a folder. One without a `pyramid` object (a classifier fine-tuned elsewhere) is a dense model without heads.
 * Throws MP_FILE_MISSING, MP_MODEL_* .
 */
export async function modelOf(folder: Folder): Promise<PyramidModel> {
  const { path: dir } = folder;
  const outline = await outlineOf(folder);
  const { config, info, headSettings: settings } = outline;
  const { parameters, others } = await weightsOf(folder, config);
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
  const floor = info.floor ? await floorOf(folder, info.floor) : null;
  const model = { ...outline, parameters, heads, thresholds, floor };
  return { ...model, info: withoutVoid(info, (certificate) => voidByWeights(certificate, model)) };
}

/** What config.json says, before anything large is read. Throws MP_FILE_MISSING, MP_MODEL_* . */
export async function outlineOf(folder: Folder): Promise<Pick<PyramidModel, 'config' | 'info' | 'headSettings'>> {
  const stored = await configOf(folder);
  const path = pathIn(folder.path, 'config.json');
  if (stored.labels.length === 0) throw new PyramidError('MP_MODEL_LABELS', { path, problem: 'there is no id2label' });
  const config = { ...stored, problemType: problemTypeOf(stored) };
  const said = readInfo(config, path);
  const info = withoutVoid(said, (made, { tau }, dtype) => voidByConfig(made, tau, config, said, dtype));
  return { config, info, headSettings: headSettings(info.exitHead, info.pairs, info.headWidth) };
}

/** What answers at floor 0, without reading the network's weights; null: there is no floor 0. Throws as `modelOf`. */
export async function floorModelOf(
  folder: Folder,
): Promise<(Pick<PyramidModel, 'config' | 'info'> & { readonly floor: FloorParts }) | null> {
  const { config, info } = await outlineOf(folder);
  return info.floor ? { config, info, floor: await floorOf(folder, info.floor) } : null;
}

/** Floor 0's tables, as `info` (of `readInfo`) describes them. Throws MP_FILE_MISSING, MP_MODEL_*. */
export async function floorOf(folder: Folder, info: FloorInfo): Promise<FloorParts> {
  const path = pathIn(folder.path, FLOOR_FILE);
  const file = await folder.open(FLOOR_FILE);
  if (!file) throw new PyramidError('MP_FILE_MISSING', { path, what: "file of floor 0's tables" });
  try {
    return floorFrom(info, await tensorsOf(file, path, { integers: true }), path);
  } finally {
    await file.close();
  }
}

/** Whether layer `layer`, from 1 and below the last, has an exit head that is asked. */
export const isAsked = ({ info, headSettings }: Pick<PyramidModel, 'info' | 'headSettings'>, layer: number): boolean =>
  headSettings.kind !== 'none' && (info.asked?.[layer - 1] ?? true);

export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
