/**
 * A folder on this machine's disk. Only regular files are read: opening a named pipe could block the thread for ever, and
 * a device never ends. Knows nothing of the content of the files.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { PyramidError } from './errors.ts';
import type { Folder, FolderFile } from './folder.ts';
import { systemLimit } from './system-limit.ts';

/** What one call reads at most: libuv takes no more than 2³¹ − 1 bytes. */
const CHUNK = 2 ** 30;

/** The folder at `dir`; that it is there shows when a file is opened. */
export const diskFolder = (dir: string): Folder => ({
  path: dir,
  memory: Math.min(totalmem(), process.constrainedMemory?.() || Number.POSITIVE_INFINITY),
  open: (name) => openFile(join(dir, name)),
  has: async (name) => (await stat(join(dir, name)).catch(() => null))?.isFile() ?? false,
});

/** null: there is no such file. Throws MP_FILE_MISSING for one that may not be read, MP_SYSTEM_LIMIT, MP_MODEL_FILE for what is no file. */
export async function openFile(path: string): Promise<FolderFile | null> {
  let handle: FileHandle;
  try {
    // without waiting: a named pipe would wait for its writer
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ENOTDIR'].includes(code)) return null;
    const kind = OPEN_FAULTS[code];
    if (kind) throw noFile(path, kind, cause);
    throw systemLimit(cause) ?? new PyramidError('MP_FILE_MISSING', { path, what: 'file that may be read' }, { cause });
  }
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw noFile(path, kindOf(found));
    return { size: found.size, read: (from, to) => read(handle, path, from, to), close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

const OPEN_FAULTS: Readonly<Record<string, string>> = {
  ENXIO: 'a socket or a device', // neither can be opened so
  ELOOP: 'a symbolic link to itself',
  EISDIR: 'a folder',
};

function kindOf(found: Awaited<ReturnType<FileHandle['stat']>>): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a named pipe';
  return found.isSocket() ? 'a socket' : 'a device';
}

const noFile = (path: string, kind: string, cause?: unknown) =>
  new PyramidError(
    'MP_MODEL_FILE',
    { path, problem: `it is ${kind}, not a file`, todo: 'put the file itself in its place' },
    { cause },
  );

async function read(handle: FileHandle, path: string, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(to - from);
  } catch (cause) {
    const problem = `it needs ${to - from} bytes, more than this process has memory for`;
    throw new PyramidError('MP_MODEL_FILE', { path, problem, todo: 'use a smaller model' }, { cause });
  }
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(bytes.length - done, CHUNK), from + done);
    if (bytesRead === 0)
      throw new PyramidError('MP_MODEL_FILE', { path, problem: 'it became shorter while it was read' });
    done += bytesRead;
  }
  return bytes;
}
