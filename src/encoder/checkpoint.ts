/**
 * The weights of a Hugging Face folder under canonical names (BERT's): any family's, whole and bare checkpoints, one
 * file or a sharded one with its index, old LayerNorm names (gamma, beta). Shapes are held against config.json.
 */
import { PyramidError } from '../errors.ts';
import { type Folder, pathIn, readText } from '../folder.ts';
import type { EncoderConfig } from './config.ts';
import { canonicalName, type FamilyName, ownName } from './families.ts';
import { initialise, type Parameters, parameterShapes } from './parameters.ts';
import { type StoredTensor, tensorsOf } from './safetensors.ts';

export interface LoadedWeights {
  readonly parameters: Parameters;
  /** Tensors beside the backbone's (`pyramid.…`). */
  readonly others: Map<string, StoredTensor>;
  /** Parameters that the folder lacks and the seed made (a pretrained backbone has no classifier). */
  readonly fresh: readonly string[];
}

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/**
 * Reads the weights of a folder. With `seed`, a missing pooler or classifier is initialised; without, it is an error.
 * A classifier for another number of labels counts as missing when a seed is given.
 * Throws MP_FILE_MISSING, MP_MODEL_FILE, MP_MODEL_TENSOR_MISSING, MP_MODEL_TENSOR_SHAPE.
 */
export async function weightsOf(
  folder: Folder,
  config: EncoderConfig,
  { seed }: { seed?: number } = {},
): Promise<LoadedWeights> {
  const { path, tensors } = await readTensors(folder, config.family);
  const parameters: Parameters = new Map();
  const fresh: string[] = [];
  for (const [name, shape] of parameterShapes(config)) {
    const stored = tensors.get(name);
    const own = ownName(config.family, name);
    const isHead = name.startsWith('classifier.') || name.startsWith('bert.pooler.');
    const fits = stored && stored.shape.length === shape.length && stored.shape.every((dim, i) => dim === shape[i]);
    if (fits) parameters.set(name, stored);
    else if (isHead && seed !== undefined && (!stored || name.startsWith('classifier.'))) {
      parameters.set(name, initialise(name, shape, seed, config.initializerRange));
      fresh.push(name);
    } else if (!stored) throw new PyramidError('MP_MODEL_TENSOR_MISSING', { path, name: own });
    else throw new PyramidError('MP_MODEL_TENSOR_SHAPE', { path, name: own, found: stored.shape, expected: shape });
  }
  const others = new Map([...tensors].filter(([name]) => name.startsWith('pyramid.')));
  return { parameters, others, fresh };
}

async function readTensors(
  folder: Folder,
  family: FamilyName,
): Promise<{ path: string; tensors: Map<string, StoredTensor> }> {
  let path = pathIn(folder.path, SINGLE);
  let tensors = await read(folder, SINGLE);
  if (!tensors) {
    const index = await readText(folder, INDEX);
    if (index === null) throw new PyramidError('MP_FILE_MISSING', { path, what: 'weights file' });
    path = pathIn(folder.path, INDEX);
    tensors = new Map();
    for (const file of shardFiles(index, path)) {
      const shard = await read(folder, file);
      if (!shard) throw new PyramidError('MP_FILE_MISSING', { path: pathIn(folder.path, file), what: 'weights file' });
      for (const [name, tensor] of shard) tensors.set(name, tensor);
    }
  }
  return {
    path,
    tensors: new Map([...tensors].map(([name, tensor]) => [canonicalName(family, modern(name)), tensor])),
  };
}

/** null: there is no such file. */
async function read(folder: Folder, name: string): Promise<Map<string, StoredTensor> | null> {
  const file = await folder.open(name);
  if (!file) return null;
  try {
    return await tensorsOf(file, pathIn(folder.path, name));
  } finally {
    await file.close();
  }
}

function shardFiles(index: string, path: string): string[] {
  const fault = (problem: string, cause?: unknown) => new PyramidError('MP_MODEL_FILE', { path, problem }, { cause });
  let content: { readonly weight_map?: unknown } | null;
  try {
    content = JSON.parse(index);
  } catch (cause) {
    throw fault('it is not JSON', cause);
  }
  const map = content?.weight_map;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) throw fault('it has no weight_map');
  const files = [...new Set<unknown>(Object.values(map))];
  for (const file of files) {
    // a file of the folder itself: an index from elsewhere must not lead to other places
    if (typeof file !== 'string' || !/^[^/\\:]+\.safetensors$/.test(file))
      throw fault(`its weight_map names ${JSON.stringify(file)}, which is no safetensors file of this folder`);
  }
  return (files as string[]).sort();
}

const modern = (name: string): string =>
  name.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias');

/** Parameters under the names that the family's checkpoints have, to be written. */
export const underOwnNames = ({ family }: EncoderConfig, parameters: Parameters): Parameters =>
  new Map([...parameters].map(([name, tensor]) => [ownName(family, name), tensor]));
