/** Writes a text file whole or not at all: beside its place, then renamed. Knows nothing of what is written. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PyramidError } from './errors.ts';

/** Makes the folder where it is missing; replaces an earlier file. Throws MP_WRITE. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (cause) {
    // a folder that cannot be made leaves nothing to remove
    await rm(temporary, { force: true }).catch(() => {});
    throw new PyramidError('MP_WRITE', { path, reason: (cause as Error).message }, { cause });
  }
}
