/**
 * An output folder: what is there already, and writing one whole or not at all. A folder that is there before is written
 * into, since it may be a mounted volume, which cannot be renamed over, or have permissions of its own. Knows nothing of
 * what is written.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PyramidError } from './errors.ts';
import { makeFolder } from './make-folder.ts';

/** Inside a folder that is written into: the new files, until all are there. */
const WRITING = '.writing';
/** Inside a folder that a run writes into (src/train/output/out-lock.ts). */
export const LOCK = '.magic-pyramid.lock';
/** What a killed run or an empty file system leaves in a folder that is empty to people. */
const NOT_COUNTED = [WRITING, LOCK, 'lost+found'];

/** Names of what lies in the folder `dir`; null: there is nothing of that name. Throws MP_OUT_EXISTS for what is no folder. */
export async function folderEntries(dir: string): Promise<string[] | null> {
  try {
    return (await readdir(dir)).filter((name) => !NOT_COUNTED.includes(name));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code !== 'ENOTDIR') throw new PyramidError('MP_WRITE', { path: dir, reason: message }, { cause });
    const there = await stat(dir).catch(() => null);
    // a path through a file: there is nothing of that name, nor can there be
    if (!there) throw new PyramidError('MP_WRITE', { path: dir, reason: message }, { cause });
    throw new PyramidError(
      'MP_OUT_EXISTS',
      { path: dir, found: there.isFile() ? 'is a file' : 'is not a folder' },
      { cause },
    );
  }
}

/** Throws MP_OUT_EXISTS unless `dir` is an empty folder or nothing. */
export async function needEmptyFolder(dir: string): Promise<void> {
  const entries = await folderEntries(dir);
  if (entries !== null && entries.length > 0)
    throw new PyramidError('MP_OUT_EXISTS', { path: dir, found: 'is not empty' });
}

/**
 * Has `write` fill a folder that then becomes `dir`. `mark` is the file without which a folder is none of its kind: it is
 * moved last, and an older folder that has it is replaced only once the new one is complete. Throws MP_WRITE.
 */
export async function writeFolder(dir: string, mark: string, write: (folder: string) => Promise<void>): Promise<void> {
  try {
    if (existsSync(dir) && !existsSync(join(dir, mark)) && !existsSync(oldOf(dir))) {
      await writeInside(dir, mark, write);
      return;
    }
    try {
      await writeBeside(dir, write);
    } catch (error) {
      // a mount point, or a folder in one that may not be written to
      const cannotReplace = ['EBUSY', 'EXDEV', 'EACCES', 'EPERM', 'EROFS'];
      if (!cannotReplace.includes((error as NodeJS.ErrnoException).code ?? '') || !existsSync(dir)) throw error;
      await writeInside(dir, mark, write);
    }
  } catch (cause) {
    throw new PyramidError('MP_WRITE', { path: dir, reason: (cause as Error).message }, { cause });
  }
}

const oldOf = (dir: string): string => join(dirname(dir), `.${basename(dir)}.old`);

async function writeBeside(dir: string, write: (folder: string) => Promise<void>): Promise<void> {
  const temporary = join(dirname(dir), `.${basename(dir)}.writing`);
  const old = oldOf(dir);
  // whoever was stopped between the two renames, or could not do the second, has the old folder back
  const bringBack = async () => {
    if (existsSync(old) && !existsSync(dir)) await rename(old, dir);
  };
  try {
    await bringBack();
    await rm(temporary, { recursive: true, force: true });
    await makeFolder(temporary);
    await write(temporary);
    await rm(old, { recursive: true, force: true });
    if (existsSync(dir)) await rename(dir, old);
    await rename(temporary, dir);
    await rm(old, { recursive: true, force: true });
  } catch (error) {
    await bringBack().catch(() => {});
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

async function writeInside(dir: string, mark: string, write: (folder: string) => Promise<void>): Promise<void> {
  const temporary = join(dir, WRITING);
  try {
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary);
    await write(temporary);
    const names = await readdir(temporary);
    // without its mark, what is half replaced counts for nothing
    await rm(join(dir, mark), { force: true });
    for (const name of [...names.filter((name) => name !== mark), mark]) {
      await rename(join(temporary, name), join(dir, name));
    }
    await rm(temporary, { recursive: true, force: true });
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}
