/**
 * Answers of the network to texts without labels, in files beside the checkpoint, a chunk of texts each: a run that is
 * stopped while it answers many goes on where it was. A chunk counts only for the same texts and the same network.
 */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readSafetensors, readSafetensorsMetadata, type StoredTensor, writeSafetensors } from '../../encoder/index.ts';
import { writeFileWhole } from '../../write-whole.ts';
import { damaged } from './stored-progress.ts';

/** By name. */
export type Answers = Readonly<Record<string, Float32Array>>;

export class StoredAnswers {
  readonly #path: string;

  /** @param checkpoint the path of the run's checkpoint */
  constructor(checkpoint: string) {
    this.#path = checkpoint.replace(/\.safetensors$/, '.answers');
  }

  /**
   * What was kept of a chunk, if it has all that is asked for: name to shape. null: there is none for `key`, or not all of it.
   * Throws MP_MODEL_FILE.
   */
  async get(chunk: number, key: string, asked: Readonly<Record<string, readonly number[]>>): Promise<Answers | null> {
    const path = this.#file(chunk);
    if (!existsSync(path)) return null;
    if ((await readSafetensorsMetadata(path)).key !== key) return null;
    const tensors = await readSafetensors(path);
    const found: Record<string, Float32Array> = {};
    for (const [name, shape] of Object.entries(asked)) {
      const tensor = tensors.get(name);
      if (!tensor) return null;
      if (tensor.data.length !== shape.reduce((a, b) => a * b, 1))
        throw damaged(path, `its ${name} are not ${shape.join(' × ')} numbers`);
      found[name] = tensor.data;
    }
    return found;
  }

  /** Throws MP_WRITE. */
  async set(chunk: number, key: string, tensors: ReadonlyMap<string, StoredTensor>): Promise<void> {
    await writeFileWhole(this.#file(chunk), (temporary) => writeSafetensors(temporary, tensors, { key }));
  }

  async remove(): Promise<void> {
    const [folder, name] = [dirname(this.#path), `${basename(this.#path)}.`];
    if (!existsSync(folder)) return;
    for (const entry of await readdir(folder))
      if (entry.startsWith(name)) await rm(join(folder, entry), { force: true });
  }

  #file = (chunk: number): string => `${this.#path}.${chunk}.safetensors`;
}
