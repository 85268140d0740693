/**
 * Writes text files whole or not at all: beside their place, then renamed. What is no file (a device, a pipe) is written to
 * as it is, never replaced. Knows nothing of what is written.
 */
import { createWriteStream } from 'node:fs';
import { access, constants, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PyramidError } from './errors.ts';
import { makeFolder } from './make-folder.ts';

export interface WholeFile {
  readonly path: string;
  readonly text: string | Iterable<string>;
}

/** Makes the folder where it is missing; replaces an earlier file. Throws MP_WRITE. */
export const writeWhole = (path: string, text: WholeFile['text']): Promise<void> => writeAllWhole([{ path, text }]);

/** Files that belong together: no earlier one is replaced before the last is written. Throws MP_WRITE. */
export async function writeAllWhole(files: readonly WholeFile[]): Promise<void> {
  const written: { readonly temporary: string; readonly place: string }[] = [];
  let { path } = files[0];
  let partly = false;
  try {
    for (const file of files) {
      path = file.path;
      const { place, isFile } = await placeOf(path);
      const temporary = `${place}.${process.pid}.tmp`;
      partly = !isFile;
      if (isFile) written.push({ temporary, place });
      const texts = typeof file.text === 'string' ? [file.text] : file.text;
      await pipeline(Readable.from(texts), createWriteStream(isFile ? temporary : place));
    }
    for (const { temporary, place } of written) await rename(temporary, place);
  } catch (cause) {
    // a folder that cannot be made leaves nothing to remove
    for (const { temporary } of written) await rm(temporary, { force: true }).catch(() => {});
    throw new PyramidError('MP_WRITE', { path, reason: (cause as Error).message, partly }, { cause });
  }
}

/** Before long work whose result `path` is to hold: makes its folder, and throws MP_WRITE where it cannot be written. */
export async function needWritable(path: string): Promise<void> {
  try {
    const { place, isFile } = await placeOf(path);
    await access(isFile ? dirname(place) : place, constants.W_OK);
  } catch (cause) {
    throw new PyramidError('MP_WRITE', { path, reason: (cause as Error).message }, { cause });
  }
}

/** Where `path` leads. `isFile`: it is a file, or there is nothing yet. */
async function placeOf(path: string): Promise<{ readonly place: string; readonly isFile: boolean }> {
  const there = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return null;
  });
  if (there?.isDirectory()) throw new Error('it is a folder');
  if (there) return { place: there.isFile() ? await realpath(path) : path, isFile: there.isFile() };
  await makeFolder(dirname(path));
  return { place: path, isFile: true };
}
