/**
 * The unfinished part of a download, which a later try continues. Each process writes its own file, named after
 * the process, so that two never write into one. A process takes over the file of a process that has ended.
 */
import { randomBytes } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const inUse = new Set<string>();

export interface PartialFile {
  readonly path: string;
  /** Call it once; `remove` also deletes the file. */
  release(remove?: boolean): Promise<void>;
}

/** A path in `folder` for the part of `name`: with what is there of it already, if anything. */
export async function claimPartial(folder: string, name: string): Promise<PartialFile> {
  const path = join(folder, `${name}.${process.pid}-${randomBytes(4).toString('hex')}.part`);
  inUse.add(path);
  for (const file of await readdir(folder)) {
    const pid = file.startsWith(`${name}.`)
      ? /^\.(\d+)-[0-9a-f]+\.part$/.exec(file.slice(name.length))?.[1]
      : undefined;
    const other = join(folder, file);
    if (
      pid === undefined ||
      other === path ||
      inUse.has(other) ||
      (Number(pid) !== process.pid && isAlive(Number(pid)))
    )
      continue;
    try {
      await rename(other, path); // only one of several succeeds
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return {
    path,
    async release(remove = false) {
      inUse.delete(path);
      if (remove) await rm(path, { force: true });
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
