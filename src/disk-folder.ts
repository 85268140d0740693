/** A folder on this machine's disk. Knows nothing of what the files hold. */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { PyramidError } from './errors.ts';
import type { Folder, FolderFile } from './folder.ts';

/** The folder at `dir`; that it is there shows when a file is opened. */
export const diskFolder = (dir: string): Folder => ({ path: dir, open: (name) => openFile(join(dir, name)) });

/** null: there is no such file. Throws MP_FILE_MISSING for one that may not be read. */
export async function openFile(path: string): Promise<FolderFile | null> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return null;
    throw new PyramidError('MP_FILE_MISSING', { path, what: 'file that may be read' }, { cause });
  }
  try {
    const { size } = await handle.stat();
    return { size, read: (from, to) => read(handle, from, to), close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function read(handle: FileHandle, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(to - from);
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, from + done);
    if (bytesRead === 0) throw new Error('internal: file ended within its own size');
    done += bytesRead;
  }
  return bytes;
}
