/**
 * A model folder on this machine's disk, read and written. Written to a temporary folder and renamed, so that a crash
 * never leaves half a model; model-folder.ts has what is in it.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { diskFolder } from '../disk-folder.ts';
import { configJson, type StoredTensor, underOwnNames, writeSafetensors } from '../encoder/index.ts';
import { PyramidError } from '../errors.ts';
import { json, modelOf, type PyramidModel } from './model-folder.ts';
import { THRESHOLDS } from './network.ts';

/** The model in `dir`, see `modelOf`. */
export const readModelFolder = (dir: string): Promise<PyramidModel> => modelOf(diskFolder(dir));

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
