/**
 * Writes files whole or not at all: beside their place, then renamed. A device or a pipe is
 * written to directly, never replaced. Knows nothing of what is written.
 */
import { randomUUID } from 'node:crypto';
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
  let { path } = files[0];
  let partly = false;
  const replacements: Replacement[] = [];
  try {
    for (const file of files) {
      path = file.path;
      const { place, isFile } = await placeOf(path);
      const write = async (to: string) => {
        path = file.path;
        partly = !isFile;
        const texts = typeof file.text === 'string' ? [file.text] : file.text;
        await pipeline(Readable.from(texts), createWriteStream(to));
      };
      // a name that nobody else has: in containers on one volume every process may have the same number
      replacements.push({
        place,
        temporary: isFile ? `${place}.${process.pid}-${randomUUID().slice(0, 8)}.tmp` : null,
        write,
      });
    }
    await replaceAll(replacements);
  } catch (cause) {
    throw new PyramidError('MP_WRITE', { path, reason: (cause as Error).message, partly }, { cause });
  }
}

/** Where `writeFileWhole` writes to: what a killed process leaves there counts for nothing, and the next try replaces it. */
export const unfinished = (path: string): string => `${path}.writing`;

/** Has `write` make the file that then becomes `path`, whose folder is made where it is missing. Throws MP_WRITE. */
export async function writeFileWhole(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await replaceAll([{ place: path, temporary: unfinished(path), write }]);
  } catch (cause) {
    throw new PyramidError('MP_WRITE', { path, reason: (cause as Error).message }, { cause });
  }
}

export interface Replacement {
  readonly place: string;
  /** In the same folder; null: the place itself is written to. */
  readonly temporary: string | null;
  /** Makes the file at `to`. */
  readonly write: (to: string) => Promise<void>;
}

/** Writes all, then renames each to its place. Throws what writing and renaming throw, and leaves nothing half-written. */
export async function replaceAll(files: readonly Replacement[]): Promise<void> {
  const begun: string[] = [];
  try {
    for (const { place, temporary, write } of files) {
      if (temporary !== null) begun.push(temporary);
      await write(temporary ?? place);
    }
    for (const { place, temporary } of files) if (temporary !== null) await rename(temporary, place);
  } catch (error) {
    for (const temporary of begun) await rm(temporary, { force: true }).catch(() => {});
    throw error;
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
