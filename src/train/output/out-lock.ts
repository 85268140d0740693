/**
 * One run at a time writes into an output folder. The lock is the system's own, on a file: it ends with the process that
 * holds it, however that ends, and it is seen by other machines and containers that share the disk. The file says who
 * holds the lock, for the one who is refused; a file without a lock on it means nothing. Knows nothing of runs.
 */
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { PyramidError } from '../../errors.ts';
import { makeFolder } from '../../make-folder.ts';
import { LOCK } from '../../write-folder.ts';

export type Release = () => Promise<void>;

/** What is used of fs-native-extensions, which has no types of its own. */
interface Locks {
  tryLock(fd: number, offset: number, length: number): boolean;
}

interface Held {
  readonly file: FileHandle;
  readonly path: string;
}

/** A byte that nobody writes: some systems keep others from reading what is locked. */
const BYTE = 2 ** 30;
const MAY_NOT = ['EACCES', 'EPERM', 'EROFS'];

/**
 * Locks `out`, a folder that is there or will be, and makes its parent. The lock lies beside it, since it may not be
 * there yet, and in it, since others may know it by another path. `onNote` is told where locking is not to be had.
 * Throws MP_OUT_BUSY, and MP_WRITE where nothing could be written.
 */
export async function lockOut(out: string, onNote: (text: string) => void): Promise<Release> {
  const held: Held[] = [];
  const release = async () => {
    for (const { file, path } of held.splice(0).reverse()) {
      // while it is still locked: whoever opened it before finds that it has gone, and makes another
      await rm(path, { force: true }).catch(() => {});
      await file.close();
    }
  };
  const there = await stat(out).catch(() => null);
  const places = [join(dirname(out), `.${basename(out)}${LOCK}`), ...(there ? [join(out, LOCK)] : [])];
  try {
    await makeFolder(dirname(out));
    for (const path of places) {
      const lock = await lockFile(path, out, onNote).catch((error) => {
        // the folder of a mount point may be closed to us, and only the volume be ours
        if (there && path === places[0] && MAY_NOT.includes((error as NodeJS.ErrnoException).code ?? '')) return null;
        throw error;
      });
      if (lock) held.push(lock);
    }
  } catch (cause) {
    await release();
    if (cause instanceof PyramidError) throw cause;
    throw new PyramidError('MP_WRITE', { path: out, reason: (cause as Error).message }, { cause });
  }
  return release;
}

/** null: the file system, or this machine's Node, has no locks. */
async function lockFile(path: string, out: string, onNote: (text: string) => void): Promise<Held | null> {
  while (true) {
    const file = await open(path, 'a+');
    try {
      if (!tryLock(file)) throw new PyramidError('MP_OUT_BUSY', { path: out, holder: await holderOf(file) });
      const [own, there] = [await file.stat({ bigint: true }), await stat(path, { bigint: true }).catch(() => null)];
      // who held it before has removed the file since it was opened
      if (own.ino !== there?.ino) {
        await file.close();
        continue;
      }
      await file.truncate(0);
      const holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
      await file.writeFile(`${JSON.stringify(holder)}\n`);
      return { file, path };
    } catch (error) {
      await file.close();
      if (!(error instanceof NoLocks)) throw error;
      await rm(path, { force: true });
      onNote(`${out}: ${error.message}, so a second run into it would go unnoticed`);
      return null;
    }
  }
}

class NoLocks extends Error {}

function tryLock(file: FileHandle): boolean {
  let locks: Locks;
  try {
    // loaded here, since not every machine that runs models has it
    locks = createRequire(import.meta.url)('fs-native-extensions') as Locks;
  } catch (cause) {
    throw new NoLocks('this machine has no file locks', { cause });
  }
  try {
    return locks.tryLock(file.fd, BYTE, 1);
  } catch (cause) {
    throw new NoLocks('its file system has no locks', { cause });
  }
}

async function holderOf(file: FileHandle): Promise<{ pid: number; host: string; since: string } | null> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(1024), 0, 1024, 0);
  try {
    const { pid, host, since } = JSON.parse(buffer.toString('utf8', 0, bytesRead)) as Record<string, unknown>;
    return typeof pid === 'number' && typeof host === 'string' && typeof since === 'string'
      ? { pid, host, since }
      : null;
  } catch {
    return null; // it is being written just now
  }
}
