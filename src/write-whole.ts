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

/** Makes the folder where it is missing; replaces an earlier file. Throws MP_WRITE. */
export async function writeWhole(path: string, text: string | Iterable<string>): Promise<void> {
  let temporary: string | null = null;
  let partly = false;
  try {
    const { place, isFile } = await placeOf(path);
    if (isFile) temporary = `${place}.${process.pid}.tmp`;
    partly = !isFile;
    await pipeline(Readable.from(typeof text === 'string' ? [text] : text), createWriteStream(temporary ?? place));
    if (temporary) await rename(temporary, place);
  } catch (cause) {
    // a folder that cannot be made leaves nothing to remove
    if (temporary) await rm(temporary, { force: true }).catch(() => {});
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
