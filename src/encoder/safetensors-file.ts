/** Safetensors files on this machine's disk, read and written; safetensors.ts has the format. */
import { open } from 'node:fs/promises';
import { openFile } from '../disk-folder.ts';
import { PyramidError } from '../errors.ts';
import type { FolderFile } from '../folder.ts';
import { headerBytes, metadataOf, type StoredTensor, tensorsOf } from './safetensors.ts';

/** All floating-point tensors of a file, see `tensorsOf`. Throws MP_FILE_MISSING, MP_MODEL_FILE. */
export const readSafetensors = (path: string, options?: { integers?: boolean }): Promise<Map<string, StoredTensor>> =>
  reading(path, (file) => tensorsOf(file, path, options));

/** The `__metadata__` strings of a file's header. Throws as readSafetensors. */
export const readSafetensorsMetadata = (path: string): Promise<Record<string, string>> =>
  reading(path, (file) => metadataOf(file, path));

async function reading<T>(path: string, read: (file: FolderFile) => Promise<T>): Promise<T> {
  const file = await openFile(path);
  if (!file) throw new PyramidError('MP_FILE_MISSING', { path, what: 'weights file' });
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}

/** Writes float32 tensors. The caller makes the write atomic. */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Record<string, string> = { format: 'pt' },
): Promise<void> {
  const { bytes, names } = headerBytes(tensors, metadata);
  const file = await open(path, 'w');
  try {
    await file.writeFile(bytes);
    for (const name of names) {
      const { data } = tensors.get(name)!;
      await file.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
