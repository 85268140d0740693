/**
 * Answers of the network to texts without labels, in files beside the checkpoint, a chunk of texts each: a run that is
 * stopped while it answers many goes on where it was. A chunk counts only for the same texts and the same network.
 */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readSafetensors, readSafetensorsMetadata, writeSafetensors } from '../../encoder/index.ts';
import { writeFileWhole } from '../../write-whole.ts';
import { damaged } from './stored-progress.ts';

const TENSOR = 'answers';

export class StoredAnswers {
  readonly #path: string;

  /** @param checkpoint the path of the run's checkpoint */
  constructor(checkpoint: string) {
    this.#path = checkpoint.replace(/\.safetensors$/, '.answers');
  }

  /** [texts, C]; null: there is none for `key`. Throws MP_MODEL_FILE. */
  async get(chunk: number, key: string, shape: readonly number[]): Promise<Float32Array | null> {
    const path = this.#file(chunk);
    if (!existsSync(path)) return null;
    if ((await readSafetensorsMetadata(path)).key !== key) return null;
    const tensor = (await readSafetensors(path)).get(TENSOR);
    if (!tensor || tensor.data.length !== shape[0] * shape[1])
      throw damaged(path, `it has no answers of ${shape.join(' × ')} numbers`);
    return tensor.data;
  }

  /** Throws MP_WRITE. */
  async set(chunk: number, key: string, shape: readonly number[], data: Float32Array): Promise<void> {
    const write = (temporary: string) => writeSafetensors(temporary, new Map([[TENSOR, { shape, data }]]), { key });
    await writeFileWhole(this.#file(chunk), write);
  }

  async remove(): Promise<void> {
    const [folder, name] = [dirname(this.#path), `${basename(this.#path)}.`];
    if (!existsSync(folder)) return;
    for (const entry of await readdir(folder))
      if (entry.startsWith(name)) await rm(join(folder, entry), { force: true });
  }

  #file = (chunk: number): string => `${this.#path}.${chunk}.safetensors`;
}
