/**
 * The weights files of a Hugging Face folder, opened but not yet read: one file, or several with their index. Tensors of
 * any family, of bare checkpoints and with old LayerNorm names (gamma, beta) get canonical names (BERT's). If the folder
 * holds another program's weights instead, an error names them.
 */

import { quoted } from '../errors/kind.ts';
import { PyramidError } from '../errors.ts';
import { type Folder, type FolderFile, jsonIn, pathIn, readText } from '../folder.ts';
import { OTHER_WEIGHTS } from '../other-weights.ts';
import { canonicalNames, type FamilyName } from './families/families.ts';
import { openTensors, type TensorEntry, type TensorFile } from './safetensors.ts';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
/** Files that stay open together; the largest models in use have fewer than 200. */
const MOST_SHARDS = 256;
/** Of the headers of all files together, in bytes: a hundred thousand tensors. */
const MOST_HEADERS = 16 * 2 ** 20;

export interface Place {
  /** As the file calls it. */
  readonly name: string;
  readonly entry: TensorEntry;
  /** The tensor that it is a part of, where a family keeps several parameters in one; else itself. */
  readonly whole: TensorEntry;
  readonly file: TensorFile;
  /** Another tensor for the same parameter: which of the two is meant cannot be told. */
  readonly twin?: Place;
}

export interface StoredWeights {
  /** The file that messages name. */
  readonly path: string;
  /** By canonical name. */
  readonly places: ReadonlyMap<string, Place>;
  close(): Promise<void>;
}

/** Throws MP_FILE_MISSING, MP_MODEL_FILE. */
export async function openWeights(folder: Folder, family: FamilyName): Promise<StoredWeights> {
  const open: FolderFile[] = [];
  const close = async () => {
    for (const file of open) await file.close();
  };
  const places = new Map<string, Place>();
  let headerBytes = 0;
  /** false: there is no such file. */
  const add = async (name: string): Promise<boolean> => {
    const opened = await folder.open(name);
    if (!opened) return false;
    open.push(opened);
    const path = pathIn(folder.path, name);
    const file = await openTensors(opened, path);
    const fault = (problem: string) => new PyramidError('MP_MODEL_FILE', { path, problem });
    headerBytes += file.headerBytes;
    if (headerBytes > MOST_HEADERS)
      throw fault(`the headers of the weights files have more than ${MOST_HEADERS} bytes`);
    for (const [own, entry] of file.entries) {
      const names = canonicalNames(family, modern(own));
      names.forEach((canonical, part) => {
        const twin = places.get(canonical);
        places.set(canonical, { name: own, entry: partOf(entry, part, names.length), whole: entry, file, twin });
      });
    }
    return true;
  };
  try {
    if (await add(SINGLE)) return { path: pathIn(folder.path, SINGLE), places, close };
    const index = await readText(folder, INDEX);
    if (index === null) throw await missingWeights(folder);
    const path = pathIn(folder.path, INDEX);
    for (const file of shardFiles(index, path)) {
      if (!(await add(file)))
        throw new PyramidError('MP_FILE_MISSING', { path: pathIn(folder.path, file), what: 'weights file' });
    }
    return { path, places, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What is wrong with a folder that lacks what every model has. */
export async function missingWeights(
  folder: Folder,
  otherwise = new PyramidError('MP_FILE_MISSING', { path: pathIn(folder.path, SINGLE), what: 'weights file' }),
): Promise<PyramidError> {
  for (const { name, what, todo } of OTHER_WEIGHTS) {
    if (await folder.has(name))
      return new PyramidError('MP_MODEL_FILE', {
        path: pathIn(folder.path, name),
        problem: `it is ${what}, and there is no ${SINGLE}`,
        todo: todo.replaceAll('DIR', () => folder.path),
      });
  }
  return otherwise;
}

/** Rows of one of `parts` parameters that lie in a tensor one under the other; the whole where it cannot be parted. */
function partOf(entry: TensorEntry, part: number, parts: number): TensorEntry {
  const [rows, ...row] = entry.shape;
  if (parts === 1 || !(rows > 0) || rows % parts !== 0) return entry;
  const [from, to] = entry.data_offsets;
  const bytes = (to - from) / parts;
  return {
    dtype: entry.dtype,
    shape: [rows / parts, ...row],
    data_offsets: [from + part * bytes, from + (part + 1) * bytes],
  };
}

function shardFiles(index: string, path: string): string[] {
  const fault = (problem: string, cause?: unknown) => new PyramidError('MP_MODEL_FILE', { path, problem }, { cause });
  const map = (jsonIn(index, fault) as { readonly weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) throw fault('it has no weight_map');
  const files = [...new Set<unknown>(Object.values(map))];
  for (const file of files) {
    // a file of the folder itself: an index from elsewhere must not lead to other places
    if (typeof file !== 'string' || !/^[^/\\:]+\.safetensors$/.test(file))
      throw fault(`its weight_map names ${quoted(file)}, which is not a safetensors file in this folder`);
  }
  if (files.length > MOST_SHARDS)
    throw fault(`its weight_map names ${files.length} files, more than the maximum of ${MOST_SHARDS}`);
  return (files as string[]).sort();
}

const modern = (name: string): string =>
  name.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
