/**
 * A model folder on this machine's disk, read and written. Written whole or not at all, so that a crash never leaves
 * half a model; model-folder.ts describes its content.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diskFolder } from '../../disk-folder.ts';
import { configJson, hasNetwork, type StoredTensor, underOwnNames, writeSafetensors } from '../../encoder/index.ts';
import { writeFolder } from '../../write-folder.ts';
import { floorFile } from '../floor/index.ts';
import { THRESHOLDS } from '../network.ts';
import { formatOf } from './format.ts';
import { FLOOR_FILE, json, modelOf, type PyramidModel } from './model-folder.ts';

/** The model in `dir`, see `modelOf`. */
export const readModelFolder = (dir: string): Promise<PyramidModel> => modelOf(diskFolder(dir));

/** Files of the folder beside config.json and the weights: the tokeniser's, README.md, training.json. */
export type FolderFiles = Readonly<Record<string, string>>;

/** Writes the folder; an older one at `dir` is replaced only once the new one is complete. Throws MP_WRITE. */
export async function writeModelFolder(dir: string, model: PyramidModel, files: FolderFiles): Promise<void> {
  await writeFolder(dir, 'config.json', async (folder) => {
    const tensors = new Map<string, StoredTensor>([...underOwnNames(model.config, model.parameters), ...model.heads]);
    if (model.thresholds) tensors.set(THRESHOLDS, { shape: [model.thresholds.length], data: model.thresholds });
    if (hasNetwork(model.config)) await writeSafetensors(join(folder, 'model.safetensors'), tensors);
    if (model.floor) await writeFile(join(folder, FLOOR_FILE), floorFile(model.floor));
    const info = model.floor ? { ...model.info, floor: model.floor.info } : model.info;
    const pyramid = { ...info, format: formatOf(info) };
    await writeFile(join(folder, 'config.json'), json({ ...configJson(model.config), pyramid }));
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  });
}
