/**
 * The weights of a Hugging Face folder under canonical names (BERT's), see stored-weights.ts. Shapes and dtypes are
 * checked against config.json before any value is read, and values must be numbers.
 */

import { quoted } from '../errors/kind.ts';
import { PyramidError } from '../errors.ts';
import { type Folder, mebibytes, pathIn } from '../folder.ts';
import { type EncoderConfig, hasNetwork } from './config.ts';
import { ownName } from './families/families.ts';
import { initialise, joined, type Parameters, shapesOf } from './parameters.ts';
import { areFinite, isFloat, type StoredTensor } from './safetensors.ts';
import { openWeights, type Place, type StoredWeights } from './stored-weights.ts';

export interface LoadedWeights {
  readonly parameters: Parameters;
  /** Tensors beside the backbone's (`pyramid.…`). */
  readonly others: Map<string, StoredTensor>;
  /** Parameters that the folder lacks and the seed made (a pretrained backbone has no classifier). */
  readonly fresh: readonly string[];
}

/**
 * Reads the weights of a folder. With `seed`, a missing pooler or classifier is initialised; without, it is an error.
 * A classifier for another number of labels counts as missing when a seed is given.
 * Throws MP_FILE_MISSING, MP_MODEL_FILE, MP_MODEL_LABELS, MP_MODEL_TENSOR_MISSING, MP_MODEL_TENSOR_SHAPE.
 */
export async function weightsOf(
  folder: Folder,
  config: EncoderConfig,
  { seed }: { seed?: number } = {},
): Promise<LoadedWeights> {
  if (!hasNetwork(config)) return { parameters: new Map(), others: new Map(), fresh: [] };
  const stored = await openWeights(folder, config.family);
  try {
    const wanted = wantedOf(folder, config, stored, seed !== undefined);
    const ours = new Map([...stored.places].filter(([name]) => name.startsWith('pyramid.')));
    const found = [...wanted.values()].filter((place) => place !== null);
    checkMemory(folder, stored.path, [...found, ...ours.values()]);
    const read = await readAll([...found, ...ours.values()]);
    const parameters: Parameters = new Map();
    const fresh: string[] = [];
    for (const [name, shape] of shapesOf(config)) {
      const place = wanted.get(name);
      if (!place) fresh.push(name);
      parameters.set(name, place ? read.get(place)! : initialise(name, shape, seed!, config.initializerRange));
    }
    return { parameters, others: new Map([...ours].map(([name, place]) => [name, read.get(place)!])), fresh };
  } finally {
    await stored.close();
  }
}

/** Where each parameter lies; null: it is made anew. */
function wantedOf(
  folder: Folder,
  config: EncoderConfig,
  { path, places }: StoredWeights,
  seeded: boolean,
): ReadonlyMap<string, Place | null> {
  const wanted = new Map<string, Place | null>();
  for (const [name, shape] of shapesOf(config)) {
    const place = places.get(name);
    const found = place?.entry.shape ?? [];
    const isHead = name.startsWith('classifier.') || name.startsWith('bert.pooler.');
    const own = ownName(config.family, name);
    if (place && found.length === shape.length && found.every((dim, i) => dim === shape[i])) wanted.set(name, place);
    else if (isHead && seeded && (!place || name.startsWith('classifier.'))) wanted.set(name, null);
    else if (!place) throw new PyramidError('MP_MODEL_TENSOR_MISSING', { path, name: own });
    else if (name === 'classifier.weight' && (config.raw.id2label ?? null) === null)
      throw new PyramidError('MP_MODEL_LABELS', {
        path: pathIn(folder.path, 'config.json'),
        problem: `there is no id2label, which means ${config.labels.length} labels, but ${own} has ${found[0]} rows`,
      });
    else {
      const parts = [...shapesOf(config)].filter(([other]) => ownName(config.family, other) === own).length;
      const expected = [shape[0] * parts, ...shape.slice(1)];
      throw new PyramidError('MP_MODEL_TENSOR_SHAPE', { path, name: own, found: place.whole.shape, expected });
    }
  }
  return wanted;
}

/** A header can be believed only as far as there is memory for what it says; files with holes are as long as one likes. */
function checkMemory({ memory }: Folder, path: string, places: readonly Place[]): void {
  // each tensor's bytes, and its values as float32
  const needed = places.reduce((sum, { entry: { shape } }) => sum + shape.reduce((n, dim) => n * dim, 4), 0);
  if (memory !== undefined && needed > memory)
    throw new PyramidError('MP_MODEL_FILE', {
      path,
      problem: `its weights need ${mebibytes(needed)} of memory, and this machine has ${mebibytes(memory)}`,
      todo: 'use a smaller model, or a larger machine',
    });
}

async function readAll(places: readonly Place[]): Promise<Map<Place, StoredTensor>> {
  for (const { entry, name, file, twin } of places) {
    if (twin)
      throw new PyramidError('MP_MODEL_FILE', {
        path: file.path,
        problem: `tensor ${quoted(name)} occurs twice, also as ${quoted(twin.name)} in ${twin.file.path}`,
        todo: 'use weights that have each tensor once',
      });
    if (!isFloat(entry))
      throw new PyramidError('MP_MODEL_FILE', {
        path: file.path,
        problem: `tensor ${quoted(name)} has the dtype ${quoted(entry.dtype)}, which is not supported`,
        todo: 'save the weights as F32, F16 or BF16',
      });
  }
  const read = new Map<Place, StoredTensor>();
  const start = ({ entry }: Place) => entry.data_offsets[0];
  // as they lie in their file: a disk likes that better than the order of the network
  for (const place of [...places].sort((a, b) => start(a) - start(b))) {
    const tensor = await place.file.read(place.entry);
    if (!areFinite(tensor.data))
      throw new PyramidError('MP_MODEL_FILE', {
        path: place.file.path,
        problem: `tensor ${quoted(place.name)} has values that are not numbers (NaN or infinity)`,
        todo: 'use weights saved before training went wrong',
      });
    read.set(place, tensor);
  }
  return read;
}

/** Parameters under the names that the family's checkpoints have, to be written. */
export function underOwnNames({ family }: EncoderConfig, parameters: Parameters): Parameters {
  const parts = new Map<string, StoredTensor[]>();
  for (const [name, tensor] of parameters) {
    const own = ownName(family, name);
    const beside = parts.get(own);
    if (beside) beside.push(tensor);
    else parts.set(own, [tensor]);
  }
  return new Map([...parts].map(([own, tensors]) => [own, joined(tensors)]));
}
