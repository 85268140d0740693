/**
 * A model folder that was dropped onto a page or chosen in it: the browser's handle of the folder, or the files
 * themselves, of which those nearest to the top count (the chosen folder may contain other folders).
 */
import { PyramidError } from '../../errors.ts';
import type { Folder, FolderFile } from '../../folder.ts';

/** A FileSystemDirectoryHandle, as far as it is used. */
export interface FolderHandle {
  readonly name: string;
  getFileHandle(name: string): Promise<{ getFile(): Promise<File> }>;
}

export function handleFolder(handle: FolderHandle): Folder {
  return {
    path: handle.name,
    async open(name) {
      let file: File;
      try {
        file = await (await handle.getFileHandle(name)).getFile();
      } catch (cause) {
        if ((cause as Error).name === 'NotFoundError') return null;
        throw unreadable(`${handle.name}/${name}`, cause);
      }
      return blobFile(`${handle.name}/${name}`, file);
    },
    async has(name) {
      return handle.getFileHandle(name).then(
        () => true,
        () => false,
      );
    },
  };
}

export function filesFolder(files: readonly File[]): Folder {
  const byName = new Map<string, File>();
  const depth = (file: File) => placeOf(file).length;
  for (const file of files) {
    const other = byName.get(file.name);
    if (!other || depth(file) < depth(other)) byName.set(file.name, file);
  }
  const path = placeOf(byName.get('config.json') ?? files[0]).at(-1) ?? 'dropped files';
  return {
    path,
    async open(name) {
      const file = byName.get(name);
      return file ? blobFile(`${path}/${name}`, file) : null;
    },
    has: async (name) => byName.has(name),
  };
}

/** The folders that it lies in, as far as the browser says. */
const placeOf = (file: File | undefined): string[] =>
  ((file as { webkitRelativePath?: string } | undefined)?.webkitRelativePath ?? '').split('/').slice(0, -1);

function blobFile(path: string, blob: Blob): FolderFile {
  return {
    size: blob.size,
    async read(from, to) {
      try {
        return new Uint8Array(await blob.slice(from, to).arrayBuffer());
      } catch (cause) {
        throw unreadable(path, cause);
      }
    },
    close: async () => {},
  };
}

const unreadable = (url: string, cause: unknown) =>
  new PyramidError('MP_WEB_FETCH', { url, problem: (cause as Error).message }, { cause });
